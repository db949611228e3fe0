package nn

import (
	"math"
	"math/rand/v2"
)

// Probs is the softmax of logits over the classes that mask keeps (nil: all), computed in float64.
func Probs(logits []float32, mask []bool) []float64 {
	p := make([]float64, len(logits))
	top := math.Inf(-1)
	for i, x := range logits {
		if mask == nil || mask[i] {
			top = max(top, float64(x))
		}
	}
	sum := 0.0
	for i, x := range logits {
		if mask == nil || mask[i] {
			p[i] = math.Exp(float64(x) - top)
			sum += p[i]
		}
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// Draw is a class drawn with the given probabilities; it uses exactly one number of r. A class of
// probability 0 is never drawn.
func Draw(r *rand.Rand, p []float64) int {
	u, last := r.Float64(), 0
	for i, q := range p {
		if q <= 0 {
			continue
		}
		if last = i; u < q {
			return i
		}
		u -= q
	}
	return last
}
