package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
)

// TestInit looks at the moments of initial weights; the bounds are about five standard errors.
func TestInit(t *testing.T) {
	r := fakeRig(t)
	p := r.ps.Add("w", 3, 3, 16, 64)
	n := float64(p.Size())
	std := func(what string, want float64) {
		t.Helper()
		mean, square := 0.0, 0.0
		for _, v := range p.Get(r.st) {
			mean += float64(v) / n
			square += float64(v) * float64(v) / n
		}
		if math.Abs(mean) > 5*want/math.Sqrt(n) || math.Abs(math.Sqrt(square)/want-1) > 0.04 {
			t.Errorf("%s: mean %g, deviation %g, expected %g", what, mean, math.Sqrt(square), want)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	p.InitNormal(r.st, rng, 0.3)
	std("normal", 0.3)
	p.InitUniform(r.st, rng, 0.1)
	std("uniform", 0.1/math.Sqrt(3))
	for _, v := range p.Get(r.st) {
		if v < -0.1 || v > 0.1 {
			t.Fatalf("%g is outside ±0.1", v)
		}
	}
	p.InitConstant(r.st, 1.5)
	same(t, "constant", p.Get(r.st)[:2], []float32{1.5, 1.5})
	cell := nn.NewLSTM(r.ps, "cell", 3, 5)
	if got := cell.WX.V.Size() + cell.WH.V.Size() + cell.BX.V.Len + cell.BH.V.Len; got != 60+100+40 {
		t.Errorf("a cell has %d weights, expected 200", got)
	}
}
