package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"pgregory.net/rapid"
)

func TestProbs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		logits := rapid.SliceOfN(rapid.Float32Range(-1e4, 1e4), 1, 20).Draw(rt, "logits")
		mask := rapid.SliceOfN(rapid.Bool(), len(logits), len(logits)).Draw(rt, "mask")
		mask[rapid.IntRange(0, len(mask)-1).Draw(rt, "kept")] = true
		p, sum := nn.Probs(logits, mask), 0.0
		for i, v := range p {
			if !(v >= 0 && v <= 1) || !mask[i] && v != 0 {
				rt.Fatalf("probability %d is %g, mask %v", i, v, mask[i])
			}
			sum += v
			for j := range p {
				if mask[i] && mask[j] && logits[i] > logits[j] && v < p[j] {
					rt.Fatalf("larger logit %g has probability %g below %g", logits[i], v, p[j])
				}
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			rt.Fatalf("sum is %g", sum)
		}
	})
}

// TestDraw compares frequencies with probabilities by Pearson's statistic; with three degrees of
// freedom it exceeds 27.9 less than once in 100 000 draws, and the seed is fixed.
func TestDraw(t *testing.T) {
	p := []float64{0.1, 0, 0.2, 0.3, 0.4}
	r := rand.New(rand.NewPCG(3, 4))
	n := 40000
	count := make([]float64, len(p))
	for range n {
		count[nn.Draw(r, p)]++
	}
	if count[1] != 0 {
		t.Errorf("drew a class of probability 0 %g times", count[1])
	}
	chi := 0.0
	for i, q := range p {
		if q > 0 {
			d := count[i] - q*float64(n)
			chi += d * d / (q * float64(n))
		}
	}
	if chi > 27.9 {
		t.Errorf("frequencies %v do not fit %v: χ² = %g", count, p, chi)
	}
}
