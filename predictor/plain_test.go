package predictor_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/predictor"
)

// plainHedge is hedge backpropagation written down as its formulas stand, eqs. 3 and 4: every layer
// takes the gradient of the loss of every head above it by itself.
type plainHedge struct {
	p                 predictor.Parameters
	rate, beta, floor float64
	clipped, byRange  bool
}

// update is one example; it gives the prediction before, the outputs of all heads and their losses.
func (h *plainHedge) update(x []float64, y float64) (f float64, outputs, losses []float64) {
	p, layers := &h.p, len(h.p.C)
	a := [][]float64{x}
	for l := range layers {
		out := make([]float64, len(p.B[l]))
		for i := range out {
			out[i] = p.B[l][i]
			for j, v := range a[l] {
				out[i] += p.Phi[l][i][j] * v
			}
			out[i] = math.Max(out[i], 0)
		}
		a = append(a, out)
		head := p.C[l]
		for i, v := range out {
			head += p.W[l][i] * v
		}
		outputs = append(outputs, head)
		losses = append(losses, math.Min((head-y)*(head-y), 1))
		f += p.Alpha[l] * head
	}
	// Σⱼ≥ₗ αⱼ·∂lossⱼ/∂Φₗ, head after head, all at the weights before the step.
	type step struct {
		at *float64
		by float64
	}
	var steps []step
	for j := range layers {
		g := 2 * (outputs[j] - y)
		if h.clipped && (outputs[j]-y)*(outputs[j]-y) > 1 {
			g = 0
		}
		scale := h.rate * p.Alpha[j]
		steps = append(steps, step{&p.C[j], scale * g})
		delta := make([]float64, len(p.W[j]))
		for i, w := range p.W[j] {
			steps = append(steps, step{&p.W[j][i], scale * g * a[j+1][i]})
			delta[i] = g * w
		}
		for l := j; l >= 0; l-- {
			below := make([]float64, len(a[l]))
			for i := range delta {
				if a[l+1][i] <= 0 { // the derivative of a rectifier at 0 is 0
					continue
				}
				steps = append(steps, step{&p.B[l][i], scale * delta[i]})
				for k, v := range a[l] {
					steps = append(steps, step{&p.Phi[l][i][k], scale * delta[i] * v})
					below[k] += p.Phi[l][i][k] * delta[i]
				}
			}
			delta = below
		}
	}
	for _, s := range steps {
		*s.at -= s.by
	}
	weighed := losses
	if h.byRange {
		weighed = scaledByRange(losses)
	}
	sum := 0.0
	for l := range p.Alpha {
		p.Alpha[l] = math.Max(p.Alpha[l]*math.Pow(h.beta, weighed[l]), h.floor/float64(layers))
		sum += p.Alpha[l]
	}
	for l := range p.Alpha {
		p.Alpha[l] /= sum
	}
	return f, outputs, losses
}

// scaledByRange is min–max scaling to [0, 1] with a floor of 0.01.
func scaledByRange(losses []float64) []float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range losses {
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	out := make([]float64, len(losses))
	for i, v := range losses {
		if out[i] = 0.01; hi > lo {
			out[i] = math.Max((v-lo)/(hi-lo), 0.01)
		}
	}
	return out
}

// A Hedge is the formulas, whatever its depth, width, rate, discount and floor, and whatever the
// examples: features of zero, targets far out, heads that are clipped.
func TestHedgeIsItsFormulas(t *testing.T) {
	const tolerance = 1e-9
	r := rand.New(rand.NewPCG(14, 3))
	for trial := range 40 {
		layers, units, inputs := 1+r.IntN(12), 1+r.IntN(20), 1+r.IntN(12)
		o := predictor.HedgeOptions{Layers: layers, Units: units, Rate: math.Pow(10, -3.5+2.5*r.Float64()),
			Discount:        1 - math.Pow(10, -4*r.Float64()-0.01),
			ClippedGradient: r.IntN(3) == 0, Seed: r.Uint64(), Init: predictor.Init(r.IntN(2))}
		if r.IntN(2) == 0 {
			o.Floor = r.Float64()
		}
		if r.IntN(3) == 0 {
			o.Losses = predictor.LossRange
		}
		h, err := predictor.NewHedge(inputs, &o)
		if err != nil {
			t.Fatal(err)
		}
		plain := &plainHedge{p: h.Parameters(), rate: o.Rate, beta: o.Discount, floor: o.Floor, clipped: o.ClippedGradient,
			byRange: o.Losses == predictor.LossRange}
		for step := range 25 {
			x := make([]float64, inputs)
			for i := range x {
				if r.IntN(4) > 0 {
					x[i] = r.NormFloat64()
				}
			}
			y := r.Float64()
			if r.IntN(8) == 0 {
				y = 4 * r.NormFloat64()
			}
			got, err := h.Update(x, y)
			if err != nil {
				t.Fatalf("trial %d, step %d: %v", trial, step, err)
			}
			want, outputs, losses := plain.update(x, y)
			name := fmt.Sprintf("trial %d, %+v, step %d", trial, o, step)
			near(t, name+": prediction", tolerance, []float64{got}, []float64{want})
			near(t, name+": outputs", tolerance, h.Outputs(nil), outputs)
			near(t, name+": losses", tolerance, h.Losses(nil), losses)
			near(t, name+": weights", tolerance, h.Alpha(nil), plain.p.Alpha)
		}
		end := h.Parameters()
		near(t, "C", tolerance, end.C, plain.p.C)
		for l := range end.Phi {
			near(t, "B", tolerance, end.B[l], plain.p.B[l])
			near(t, "W", tolerance, end.W[l], plain.p.W[l])
			for i := range end.Phi[l] {
				near(t, "Phi", tolerance, end.Phi[l][i], plain.p.Phi[l][i])
			}
		}
	}
}

// near compares numbers, relative to their size where that is above 1.
func near(t *testing.T, name string, tolerance float64, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", name, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*math.Max(1, math.Abs(want[i]))) {
			t.Fatalf("%s %d: %v, want %v", name, i, got[i], want[i])
		}
	}
}
