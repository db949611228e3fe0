package predictor

import (
	"fmt"
	"math"
)

// Standard brings features to mean 0 and deviation 1 by the moments of what was seen so far and of
// the features at hand, so that no label is looked at before its time and the first features are
// not far out. Features that never differ are 0.
type Standard struct {
	count float64
	mean  []float64
	sum   []float64 // of squared differences from the mean
}

// standardCut is where standardised features are cut off.
const standardCut = 5

// NewStandard has seen nothing of so many features.
func NewStandard(inputs int) (*Standard, error) {
	if inputs < 1 {
		return nil, fmt.Errorf("predictor: standardisation of %d features, expected at least one", inputs)
	}
	return &Standard{mean: make([]float64, inputs), sum: make([]float64, inputs)}, nil
}

// Apply writes the standardised form of x, cut at ±5, to dst, which may be x. It changes nothing
// else.
func (s *Standard) Apply(dst, x []float64) error {
	if err := checkExample(x, len(s.mean), 0); err != nil {
		return err
	}
	if len(dst) != len(x) {
		return fmt.Errorf("predictor: %d features into %d", len(x), len(dst))
	}
	n := s.count + 1
	for i, v := range x {
		d := v - s.mean[i]
		// The moments with v among them; what is left of d is what it lies off the new mean.
		sum := s.sum[i] + d*d*s.count/n
		z := d * s.count / n
		if sd := math.Sqrt(sum / n); sd > leastDeviation*(1+math.Abs(s.mean[i])) {
			z /= sd
		} else {
			z = 0
		}
		dst[i] = min(max(z, -standardCut), standardCut)
	}
	return nil
}

// leastDeviation, relative to the mean, is what rounding leaves of a feature that does not differ.
const leastDeviation = 1e-12

// Add counts x in.
func (s *Standard) Add(x []float64) error {
	if err := checkExample(x, len(s.mean), 0); err != nil {
		return err
	}
	s.count++
	for i, v := range x {
		d := v - s.mean[i]
		s.mean[i] += d / s.count
		s.sum[i] += d * (v - s.mean[i])
	}
	return nil
}
