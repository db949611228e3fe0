package wasserstein

import (
	"fmt"
	"math"
)

// Measure says how far the data of now are from those of reference, which are part of them. Squared
// and Relative are two.
type Measure func(now, reference *Moments) (float64, error)

// of is the measure, Squared when there is none.
func (f Measure) of(now, reference *Moments) (float64, error) {
	if f == nil {
		f = Squared
	}
	return f(now, reference)
}

// Relative is Squared divided by the trace of the reference's covariance, the mean squared distance
// of the reference's vectors from their mean: a number without unit, the same however the features
// are scaled, so that it can be compared between models. Its arguments are not interchangeable.
//
// The error wraps ErrZeroTrace when all vectors of the reference are equal, otherwise it is
// Squared's.
func Relative(now, reference *Moments) (float64, error) {
	d, err := Squared(now, reference)
	if err != nil {
		return 0, err
	}
	trace := reference.trace()
	if trace == 0 {
		return 0, fmt.Errorf("relative distance: %w: %d equal vectors", ErrZeroTrace, reference.count)
	}
	return finite(d / trace)
}

// trace is that of the covariance.
func (m *Moments) trace() float64 {
	var t float64
	for i := range m.dim {
		t += m.scatter.row(i)[i]
	}
	return t / float64(m.count)
}

// Distance says what the difference d_t between growing data and its past is. The zero value is eq.
// (1) of the paper, which grows with the square of the features' scale and, on equal distributions,
// falls with the number of images. The options mend one each and go together; all are ours.
type Distance struct {
	// Relative divides by the trace of the reference's covariance, see the function Relative.
	Relative bool `json:"relative,omitempty"`
	// Unbiased takes off the mean distance of random relabellings of the same images, see
	// Relabellings; what falls below 0 counts as 0.
	Unbiased bool `json:"unbiased,omitempty"`
	// Unit is the distance that counts as 1, see Calibration; 0 = none.
	Unit float64 `json:"unit,omitempty"`
}

// Difference is a distance with its parts.
type Difference struct {
	// Value is d_t: Raw − Bias, at least 0, in units of Distance.Unit.
	Value float64 `json:"value"`
	// Raw is the distance, squared or relative, before anything is taken off.
	Raw float64 `json:"raw"`
	// Bias is the mean of the same over the relabellings; 0 unless Distance.Unbiased.
	Bias float64 `json:"bias,omitempty"`
}

// Between is the difference between the data that now has seen and the part of them that reference
// has seen, D_t and D_{t−1}. relabelled must have seen all images of now, and is needed by Unbiased
// only.
//
// The error wraps ErrVersion, ErrDim, ErrEmpty or ErrCount when arguments do not fit together,
// ErrZeroTrace as in Relative, ErrValue for a unit that is not a finite number from 0.
func (d Distance) Between(now, reference *Moments, relabelled *Relabellings) (Difference, error) {
	if !(d.Unit >= 0) || math.IsInf(d.Unit, 0) {
		return Difference{}, fmt.Errorf("distance: %w: unit %g, expected a finite number from 0", ErrValue,
			d.Unit)
	}
	measure := d.measure()
	raw, err := measure(now, reference)
	if err != nil {
		return Difference{}, err
	}
	var chance []float64
	if d.Unbiased {
		if relabelled == nil {
			return Difference{}, fmt.Errorf("unbiased distance: %w: no relabellings", ErrEmpty)
		}
		if err := relabelled.fits(now, reference); err != nil {
			return Difference{}, err
		}
		if chance, err = relabelled.Distances(measure); err != nil {
			return Difference{}, err
		}
	}
	out := less(raw, chance)
	if d.Unit > 0 {
		out.Value, err = finite(out.Value / d.Unit)
	}
	return out, err
}

func (d Distance) measure() Measure {
	if d.Relative {
		return Relative
	}
	return Squared
}

// less takes the mean of distances by chance, if any, off a distance.
func less(raw float64, chance []float64) Difference {
	d := Difference{Raw: raw}
	for _, c := range chance {
		d.Bias += c / float64(len(chance))
	}
	d.Value = max(0, raw-d.Bias)
	return d
}
