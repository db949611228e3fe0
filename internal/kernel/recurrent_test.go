package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSigmoid compares the logistic function with float64, for every tail and all magnitudes.
func TestSigmoid(t *testing.T) {
	for _, p := range Available() {
		for n := range 40 {
			for _, scale := range []float64{0, 1, 20, 1e3} {
				r := rand.New(rand.NewPCG(uint64(n), 11))
				g := newGuarded(r, n, n%5)
				want := make([]float64, n)
				for i := range g.x {
					g.x[i] = float32(r.NormFloat64() * scale)
					want[i] = 1 / (1 + math.Exp(-max(min(float64(g.x[i]), 87), -87)))
				}
				p.Sigmoid(g.x)
				for i, v := range g.x {
					if v == 0 || !(math.Abs(float64(v)-want[i]) <= 4e-7*want[i]) {
						t.Fatalf("%v: element %d of %d is %v, expected %v", p, i, n, v, want[i])
					}
				}
				if !g.intact() {
					t.Fatalf("%v: write outside %d numbers", p, n)
				}
			}
		}
	}
}

// TestLSTM compares a step of cells with float64.
func TestLSTM(t *testing.T) {
	for _, p := range Available() {
		for _, units := range []int{16, 32, 48, 64, 112} {
			for rows := range 4 {
				for _, scale := range []float64{0.1, 2, 60} {
					checkLSTM(t, p, rand.New(rand.NewPCG(uint64(units), uint64(rows))), rows, units, scale)
				}
			}
		}
	}
}

func checkLSTM(t *testing.T, p Path, r *rand.Rand, rows, units int, scale float64) {
	t.Helper()
	gates, row, step := newGuarded(r, 4*rows*units, 1), newGuarded(r, 4*rows*units, 2), newGuarded(r,
		4*units, 3)
	c, h := newGuarded(r, rows*units, 4), newGuarded(r, rows*units, 5)
	for _, g := range []guarded{gates, row, step, c} {
		for i := range g.x {
			g.x[i] = float32(r.NormFloat64() * scale)
		}
	}
	old := append([]float32(nil), c.x...)
	p.LSTM(gates.x, row.x, step.x, c.x, h.x, units)
	for i := range old {
		// What goes into gate k, and how far rounding the sum of its three parts may move it.
		pre := func(k int) (sum, err float64) {
			at := k*units + i%units
			a, b, c := float64(gates.x[i/units*4*units+at]), float64(row.x[i/units*4*units+at]),
				float64(step.x[at])
			return a + b + c, 0x1p-23 * (math.Abs(a) + math.Abs(b) + math.Abs(c))
		}
		sigma := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
		in, inErr := pre(0)
		forget, forgetErr := pre(1)
		cell, cellErr := pre(2)
		out, outErr := pre(3)
		was := float64(old[i])
		wantC := sigma(forget)*was + sigma(in)*math.Tanh(cell)
		wantH := sigma(out) * math.Tanh(wantC)
		// The logistic function passes on a quarter at most, the hyperbolic tangent all.
		epsC := forgetErr/4*math.Abs(was) + inErr/4 + cellErr + 1e-6*(1+math.Abs(was))
		epsH := outErr/4 + epsC + 1e-6
		if !(math.Abs(float64(c.x[i])-wantC) <= epsC && math.Abs(float64(h.x[i])-wantH) <= epsH) {
			t.Fatalf("%v: unit %d of %d×%d: c %v, h %v, expected %v and %v", p, i, rows, units, c.x[i],
				h.x[i], wantC, wantH)
		}
	}
	for name, g := range map[string]guarded{"gates": gates, "row": row, "step": step, "c": c, "h": h} {
		if !g.intact() {
			t.Fatalf("%v: write outside %s", p, name)
		}
	}
}

// TestLSTMExtremes checks that gates far out are open or closed, however far out they are.
func TestLSTMExtremes(t *testing.T) {
	open := func(x float32) float32 {
		if x > 0 {
			return 1
		}
		return 0
	}
	for _, p := range Available() {
		for _, far := range []float32{95, 1e4, math.MaxFloat32, float32(math.Inf(1))} {
			for signs := range 16 {
				gates, c, h := make([]float32, 4*Block), make([]float32, Block), make([]float32, Block)
				pre := func(k int) float32 { return far * float32(signs>>k&1*2-1) }
				for j := range c {
					c[j] = 60
					for k := range 4 {
						gates[k*Block+j] = pre(k)
					}
				}
				p.LSTM(gates, make([]float32, 4*Block), make([]float32, 4*Block), c, h, Block)
				wantC := open(pre(1))*60 + open(pre(0))*(2*open(pre(2))-1)
				wantH := open(pre(3)) * float32(math.Tanh(float64(wantC)))
				for j := range c {
					if math.Abs(float64(c[j]-wantC)) > 1e-6 || math.Abs(float64(h[j]-wantH)) > 1e-6 {
						t.Fatalf("%v: gates %v, %v, %v, %v: c %v, h %v, expected %v and %v", p, pre(0), pre(1), pre(2),
							pre(3), c[j], h[j], wantC, wantH)
					}
				}
			}
		}
	}
}

// TestRecurrentNaN checks that a broken number does not become a sound one.
func TestRecurrentNaN(t *testing.T) {
	nan := float32(math.NaN())
	for _, p := range Available() {
		x := make([]float32, 2*Block)
		x[3] = nan
		p.Sigmoid(x)
		if x[3] == x[3] || x[2] != 0.5 {
			t.Errorf("%v: NaN became %v, 0 became %v", p, x[3], x[2])
		}
		for gate := range 4 {
			gates, c, h := make([]float32, 4*Block), make([]float32, Block), make([]float32, Block)
			for j := range c {
				c[j] = 1
			}
			gates[gate*Block+5] = nan
			p.LSTM(gates, make([]float32, 4*Block), make([]float32, 4*Block), c, h, Block)
			if h[5] == h[5] || h[4] != h[4] {
				t.Errorf("%v: NaN in gate %d, output %v and beside it %v", p, gate, h[5], h[4])
			}
		}
	}
}

// FuzzLSTM compares the cells with float64 for any magnitude.
func FuzzLSTM(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(2), uint8(10))
	f.Fuzz(func(t *testing.T, seed uint64, rows, blocks, scale uint8) {
		for _, p := range Available() {
			checkLSTM(t, p, rand.New(rand.NewPCG(seed, 12)), int(rows)%9, (int(blocks)%8+1)*Block,
				float64(scale)/2)
		}
	})
}

func BenchmarkLSTM(b *testing.B) {
	const rows, units = 50, 64
	gates, row, step := make([]float32, 4*rows*units), make([]float32, 4*rows*units), make([]float32, 4*units)
	c, h := make([]float32, rows*units), make([]float32, rows*units)
	for _, p := range Available() {
		b.Run(p.String(), func(b *testing.B) {
			for b.Loop() {
				p.LSTM(gates, row, step, c, h, units)
			}
		})
	}
}
