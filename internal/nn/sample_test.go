package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
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

// TestDraw compares frequencies with probabilities by Pearson's statistic; with three degrees of freedom it exceeds 27.9 less than once in
// 100 000 draws, and the seed is fixed.
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

func TestSample(t *testing.T) {
	r := fakeRig(t)
	draw := func(seed uint64) []int {
		r.tape.Begin(nn.Step{})
		logits := r.tape.Input(tensor.Vector(8, 3), make([]float32, 24))
		mask := slices.Repeat([]bool{true, true, false}, 8)
		return r.tape.Sample(logits, mask, rand.New(rand.NewPCG(seed, 0)))
	}
	a, b, c := draw(1), draw(1), draw(2)
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Errorf("seed 1 gives %v and %v, seed 2 %v", a, b, c)
	}
	if slices.Contains(append(a, c...), 2) {
		t.Errorf("drew a masked class: %v %v", a, c)
	}
}

// TestPolicyGradient: summed over all actions with their probabilities, R·∇log π is the gradient of the expected reward,
// p_k·(R_k − E[R]), and the entropy's gradient is −p_k·(log p_k + H).
func TestPolicyGradient(t *testing.T) {
	r := fakeRig(t)
	logits := []float32{0.3, -1, 2, 0.5}
	reward := []float64{1, -2, 0.25, 3}
	p := nn.Probs(logits, nil)
	mean, entropy := 0.0, 0.0
	for k, q := range p {
		mean += q * reward[k]
		entropy -= q * math.Log(q)
	}
	r.tape.Begin(nn.Step{Grad: true})
	x := r.tape.Variable(tensor.Vector(1, 4), logits)
	var losses []nn.Value
	for k := range reward {
		losses = append(losses, r.tape.Sum(r.tape.LogProb(x, []int{k}, nil), p[k]*reward[k]))
	}
	h := r.tape.Entropy(x, nil)
	if got := r.tape.Item(h); math.Abs(got-entropy) > 1e-6 {
		t.Errorf("entropy is %g, expected %g", got, entropy)
	}
	if got, want := r.tape.Item(r.tape.LogProb(x, []int{2}, nil)), math.Log(p[2]); math.Abs(got-want) > 1e-6 {
		t.Errorf("log-probability is %g, expected %g", got, want)
	}
	r.tape.Backward(append(losses, r.tape.Sum(h, 0.5))...)
	for k, got := range r.tape.ReadGrad(x, nil) {
		want := p[k]*(reward[k]-mean) - 0.5*p[k]*(math.Log(p[k])+entropy)
		if math.Abs(float64(got)-want) > 1e-6 {
			t.Errorf("gradient of logit %d is %g, expected %g", k, got, want)
		}
	}
}
