package wasserstein

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Calibration finds a unit for a Distance: how far two halves of the classes of the first data D_1
// are apart under the model at hand. In this unit a difference of 1 says that the data have changed
// as much as if one half of the classes had been replaced by the other; the first question of a new
// data set, what is much, is answered by the data.
//
// Which classes are together is drawn from the seed, because lists of classes are often sorted by
// kind (ImageNet's begins with the animals). The images of one half, the smaller one of an odd
// number of classes, are the reference, those of the other are what they are compared with: nothing
// is nested here, and neither are the relabellings that an unbiased unit needs.
//
// The images pass once, in the order of the data set, in batches of any size, which do not show in
// the result. Memory: 2·8·dim² bytes, with Unbiased those of Relabellings too. Not safe for
// concurrent use while it changes. What lasts is the unit, one number: keep it in Distance.Unit.
// With Relative it is a plain number and serves later models too; without, it belongs to the
// version of the model that it was found under.
type Calibration struct {
	distance   Distance
	left       []int     // by class, images still to come
	half       []*gather // by class, where its images go
	reference  *gather
	other      *gather
	relabelled *Relabellings // nil unless unbiased
}

// minClasses is the number of classes below which two halves say little.
const minClasses = 4

var errNotCalibrate = fmt.Errorf("calibrate: %w: calibrations are made by Distance.Calibrate", ErrDim)

// Calibrate begins a pass over D_1. images[l] is the number of images with label l, seen as vectors
// of length dim through the named version of a feature extractor; d, but for its unit, is the
// distance to be calibrated. o matters for its seed and, when d is unbiased, as it does for
// Relabellings.
//
// The error wraps ErrNoUnit when fewer than four classes have images: such data have no unit, and
// the distance stays as it is (Unit 0). ErrDim, ErrValue: arguments out of range.
func (d Distance) Calibrate(dim int, version string, images []int, o *RelabelOptions) (*Calibration,
	error) {
	if o == nil {
		o = &RelabelOptions{}
	}
	var classes []int
	var total int
	for l, n := range images {
		if n < 0 || n > math.MaxInt-total {
			return nil, fmt.Errorf("calibrate: %w: %d images of class %d", ErrValue, n, l)
		}
		if n > 0 {
			classes = append(classes, l)
		}
		total += n
	}
	if len(classes) < minClasses {
		return nil, fmt.Errorf("calibrate: %w: %d classes with images, expected at least %d", ErrNoUnit,
			len(classes), minClasses)
	}
	c := &Calibration{distance: d, left: slices.Clone(images), half: make([]*gather, len(images))}
	for _, g := range []**gather{&c.reference, &c.other} {
		var err error
		if *g, err = newGather(dim, version); err != nil {
			return nil, fmt.Errorf("calibrate: %w", err)
		}
	}
	var chosen int
	for i, k := range stream.New(o.Seed, "wasserstein.halves").Perm(len(classes)) {
		l := classes[k]
		if c.half[l] = c.other; i < len(classes)/2 {
			c.half[l] = c.reference
			chosen += images[l]
		}
	}
	if !d.Unbiased {
		return c, nil
	}
	var err error
	c.relabelled, err = newRelabellings(dim, version, total, chosen, o)
	return c, err
}

// Add takes the next batch of n images: features, a tensor of shape [n, dim], float32 or float64,
// and their labels. When it is refused (ErrDim, ErrValue, or ErrCount for more images of a class
// than were announced) nothing has changed.
func (c *Calibration) Add(features *tensor.Dense, labels []int) error {
	src, err := denseRows(features)
	if err == nil {
		err = c.add(src, labels)
	}
	if err != nil {
		return fmt.Errorf("add to calibration: %w", err)
	}
	return nil
}

func (c *Calibration) add(src rows, labels []int) error {
	if c.reference == nil {
		return errNotCalibrate
	}
	if err := src.checkFor(c.reference.moments.dim); err != nil {
		return err
	}
	if len(labels) != src.n {
		return fmt.Errorf("%w: %d labels for %d images", ErrDim, len(labels), src.n)
	}
	left := slices.Clone(c.left)
	for i, l := range labels {
		if l < 0 || l >= len(left) || left[l] == 0 {
			return fmt.Errorf("%w: image %d is one too many of class %d", ErrCount, i, l)
		}
		left[l]--
	}
	c.left = left
	if c.relabelled != nil {
		if err := c.relabelled.add(src); err != nil {
			return err
		}
	}
	x := make([]float64, src.q)
	for i, l := range labels {
		src.load(x, i)
		if err := c.half[l].take(x); err != nil {
			return err
		}
	}
	if slices.Max(left) > 0 {
		return nil
	}
	return flush([]*gather{c.reference, c.other})
}

// Unit is the distance between the halves, for Distance.Unit. The error wraps ErrNoUnit when they
// are no further apart than random ones, ErrCount before all images have passed, and otherwise is
// that of the distance.
func (c *Calibration) Unit() (float64, error) {
	if c.reference == nil {
		return 0, errNotCalibrate
	}
	for l, n := range c.left {
		if n > 0 {
			return 0, fmt.Errorf("calibrate: %w: %d images of class %d are missing", ErrCount, n, l)
		}
	}
	measure := c.distance.measure()
	raw, err := measure(c.other.moments, c.reference.moments)
	if err != nil {
		return 0, fmt.Errorf("calibrate: %w", err)
	}
	var chance []float64
	if c.relabelled != nil {
		if chance, err = c.relabelled.apart(measure); err != nil {
			return 0, fmt.Errorf("calibrate: %w", err)
		}
	}
	d := less(raw, chance)
	if d.Value == 0 {
		return 0, fmt.Errorf("calibrate: %w: halves of the classes at distance %g, %g by chance", ErrNoUnit,
			d.Raw, d.Bias)
	}
	return d.Value, nil
}
