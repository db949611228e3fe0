package dataset

import (
	"fmt"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Augment changes training images at random, a new draw for every image and epoch. The zero value
// changes nothing.
type Augment struct {
	// CropPadding p adds p black pixels on each side, then cuts an image of the old size out at a
	// place drawn uniformly. 0 = none.
	CropPadding int
	// Flip mirrors left and right with probability one half.
	Flip bool
	// Cutout c blanks a square of c×c pixels whose centre is drawn uniformly; parts of it may lie
	// outside the image. Blank is the mean of the normalisation (zero). 0 = none. See DeVries and
	// Taylor, 2017.
	Cutout int
}

func (a *Augment) check() error {
	if a == nil {
		return nil
	}
	if a.CropPadding < 0 || a.CropPadding > maxSize || a.Cutout < 0 || a.Cutout > maxSize {
		return fmt.Errorf("dataset: augmentation with padding %d and cutout %d, want 0 to %d", a.CropPadding,
			a.Cutout, maxSize)
	}
	return nil
}

func (a *Augment) isZero() bool { return a == nil || *a == Augment{} }

// change is one draw: what happens to one image.
type change struct {
	dx, dy         int  // pixel (x, y) comes from (x+dx, y+dy), black outside
	flip           bool // afterwards, mirrored
	x0, y0, x1, y1 int  // afterwards, blanked: x0 ≤ x < x1, y0 ≤ y < y1
}

// draw takes a change from the stream r. It uses up as many numbers whatever they are, so fields do
// not disturb each other's draws within an image.
func (a *Augment) draw(r *rand.Rand, size int) change {
	var c change
	if p := a.CropPadding; p > 0 {
		c.dy = r.IntN(2*p+1) - p
		c.dx = r.IntN(2*p+1) - p
	}
	if a.Flip {
		c.flip = r.Uint64()>>63 == 1
	}
	if s := a.Cutout; s > 0 {
		cy, cx := r.IntN(size), r.IntN(size)
		c.y0, c.x0 = max(0, cy-s/2), max(0, cx-s/2)
		c.y1, c.x1 = min(size, cy-s/2+s), min(size, cx-s/2+s)
	}
	return c
}

// pixels writes the cropped and mirrored src to dst. Both hold size·size pixels of channels bytes.
func (c change) pixels(dst, src []uint8, size, channels int) {
	stride := size * channels
	x0, x1 := max(0, -c.dx), min(size, size-c.dx) // columns that come from src
	for y := range size {
		row := dst[y*stride : (y+1)*stride]
		sy := y + c.dy
		if sy < 0 || sy >= size || x0 >= x1 {
			clear(row)
			continue
		}
		from := src[sy*stride+(x0+c.dx)*channels : sy*stride+(x1+c.dx)*channels]
		if !c.flip {
			clear(row[:x0*channels])
			copy(row[x0*channels:], from)
			clear(row[x1*channels:])
			continue
		}
		clear(row[:(size-x1)*channels])
		clear(row[(size-x0)*channels:])
		to := row[(size-x1)*channels : (size-x0)*channels]
		mirror(to, from, channels)
	}
}

// mirror copies a row of pixels in reverse order.
func mirror(dst, src []uint8, channels int) {
	if channels == 1 {
		for i, v := range src {
			dst[len(src)-1-i] = v
		}
		return
	}
	for len(src) >= 3 && len(dst) >= 3 {
		d := dst[len(dst)-3:]
		d[0], d[1], d[2] = src[0], src[1], src[2]
		src, dst = src[3:], dst[:len(dst)-3]
	}
}

// blank zeroes the cutout in an image of three values a pixel.
func blank[T uint8 | float32](x []T, c change, size int) {
	for y := c.y0; y < c.y1; y++ {
		clear(x[(y*size+c.x0)*3 : (y*size+c.x1)*3])
	}
}

// Augmented is ds with every image changed once and for all as a says; image i by a stream of its
// own. A cutout is black. It makes the "same images seen again" that a drift measure should find
// close to the originals; for training, give the Augment to Batches, which draws anew every epoch.
func Augmented(ds Dataset, a Augment, seed uint64) (Dataset, error) {
	if err := Check(ds); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	return &augmented{Dataset: ds, a: a, seed: seed}, nil
}

type augmented struct {
	Dataset
	a    Augment
	seed uint64
}

func (v *augmented) Image(i int, dst []uint8) error {
	size := v.Size()
	src := make([]uint8, size*size*3)
	if err := v.Dataset.Image(i, src); err != nil {
		return err
	}
	if err := checkBuffer(dst, size); err != nil {
		return err
	}
	c := v.a.draw(stream.New(v.seed, "dataset.augmented", uint64(i)), size)
	c.pixels(dst, src, size, 3)
	blank(dst, c, size)
	return nil
}
