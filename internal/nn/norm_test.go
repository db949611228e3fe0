package nn_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// moments is mean and unbiased variance of a single channel.
func moments(v []float32) (mean, variance float64) {
	for _, x := range v {
		mean += float64(x) / float64(len(v))
	}
	for _, x := range v {
		variance += (float64(x) - mean) * (float64(x) - mean) / float64(len(v)-1)
	}
	return mean, variance
}

// TestRecalibration: the statistics become those of the batch, whatever was there before.
func TestRecalibration(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, backend())
			bn := r.norm("bn", 3)
			own := nn.NewStats(r.b, r.st, 3)
			shared := bn.Stats
			bn.Stats = own
			r.st.Write(own.Mean.Buf, 0, []float32{9, 9, 9})
			for _, n := range []int{4, 4, 2} {
				x := r.normal(n * 6)
				r.tape.Begin(nn.Recalibrating())
				y := r.tape.BatchNormAct(r.tape.Input(tensor.Shape{N: n, H: 2, W: 3, C: 1}, x), bn, tensor.ActNone)
				m, v := moments(r.tape.Read(y, nil))
				if m*m > 1e-10 || v < 0.9 {
					t.Errorf("batch statistics are not used: mean %g, variance %g", m, v)
				}
				m, v = moments(x)
				got := make([]float32, 3)
				r.st.Read(own.Mean.Buf, 0, got)
				close32(t, "mean", got, []float32{float32(m), 9, 9}, 1e-6)
				r.st.Read(own.Var.Buf, 0, got)
				close32(t, "variance", got, []float32{float32(v), 1, 1}, 1e-6)
			}
			got := make([]float32, 3)
			r.st.Read(shared.Var.Buf, 0, got)
			same(t, "shared statistics", got, []float32{1, 1, 1})
			if len(r.ps.Touched()) != 0 {
				t.Error("recalibration touched parameters")
			}
		})
	}
}

// TestFrozenNorm uses running statistics while training and leaves them alone.
func TestFrozenNorm(t *testing.T) {
	r := fakeRig(t)
	bn := r.norm("bn", 2)
	bn.Frozen, bn.Eps = true, 1e-12
	r.ps.BeginStep()
	r.tape.Begin(nn.Training(1))
	x := []float32{1, -2, 3, 4}
	y := r.tape.BatchNormAct(r.tape.Variable(tensor.Vector(2, 2), x), bn, tensor.ActReLU)
	same(t, "output", r.tape.Read(y, nil), []float32{1, 0, 3, 4})
	same(t, "variance", r.ps.Lookup("bn.running_var").Get(r.st), []float32{1, 1})
	r.tape.Backward(r.tape.Sum(y, 1))
	same(t, "gamma's gradient", r.grad(bn.Gamma.P), []float32{4, 4})
	same(t, "beta's gradient", r.grad(bn.Beta.P), []float32{2, 1})
}

// TestFusedIsUnfused: one call gives what convolution, normalisation and activation give apart,
// forward and backward.
func TestFusedIsUnfused(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			for act := tensor.ActNone; act <= tensor.ActTanh; act++ {
				for _, norm := range []nn.NormMode{nn.NormTrain, nn.NormEval} {
					compareFusion(t, backend(), act, norm)
				}
			}
		})
	}
}

func compareFusion(t *testing.T, b tensor.Backend, act tensor.Act, norm nn.NormMode) {
	t.Helper()
	spec := tensor.ConvSpec{Stride: 1, Pad: 1, Groups: 1}
	shape := tensor.Shape{N: 3, H: 5, W: 5, C: 4}
	var results [2][][]float32
	for i := range results {
		r := newRig(t, b)
		w, bn := r.param("w", 3, 3, 4, 9).Weight(), r.norm("bn", 9)
		x, g := r.normal(shape.Size()), r.normal(3*5*5*9)
		r.ps.BeginStep()
		r.tape.Begin(nn.Step{Grad: true, Norm: norm})
		in := r.tape.Variable(shape, x)
		var y nn.Value
		if i == 0 {
			y = r.tape.ConvNormAct(in, w, spec, bn, act)
		} else {
			y = r.tape.Act(r.tape.BatchNormAct(r.tape.Conv(in, w, nn.Vector{}, spec), bn, tensor.ActNone), act)
		}
		r.tape.Seed(y, g)
		r.tape.Backward()
		results[i] = [][]float32{r.tape.Read(y, nil), r.tape.ReadGrad(in, nil), r.grad(w.P), r.grad(bn.Gamma.P), r.grad(bn.Beta.P)}
	}
	for j, what := range []string{"output", "input gradient", "weight gradient", "gamma's gradient", "beta's gradient"} {
		close32(t, act.String()+" "+what, results[0][j], results[1][j], 2e-4)
	}
}
