package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFlat compares the buffer kernels with their twins for every tail.
func TestFlat(t *testing.T) {
	for _, p := range Available() {
		for n := range 70 {
			r := rand.New(rand.NewPCG(uint64(n), 9))
			buffers := func() []guarded {
				var bs []guarded
				for i := range 4 {
					b := newGuarded(r, n, i)
					for j := range b.x {
						b.x[j] = float32(math.Abs(float64(b.x[j])))
					}
					bs = append(bs, b)
				}
				return bs
			}
			sgd := SGD{LR: 0.1, Momentum: 0.9, Decay: 0.01, GradScale: 0.5}
			nesterov, first := sgd, sgd
			nesterov.Nesterov, first.First = true, true
			adam := Adam{Rate: 0.01, Root: 1.1, Beta1: 0.9, Gain1: 0.1, Beta2: 0.99, Gain2: 0.01, Eps: 1e-8, Decay: 0.01, GradScale: 2}
			for name, f := range map[string]func(p Path, b []guarded){
				"axpy":     func(p Path, b []guarded) { p.Axpy(-1.5, b[1].x, b[0].x) },
				"scale":    func(p Path, b []guarded) { p.Scale(0.3, b[0].x) },
				"sgd":      func(p Path, b []guarded) { p.SGD(b[0].x, b[1].x, b[2].x, &sgd) },
				"nesterov": func(p Path, b []guarded) { p.SGD(b[0].x, b[1].x, b[2].x, &nesterov) },
				"first":    func(p Path, b []guarded) { p.SGD(b[0].x, b[1].x, b[2].x, &first) },
				"plain":    func(p Path, b []guarded) { p.SGD(b[0].x, b[1].x, nil, &sgd) },
				"adam":     func(p Path, b []guarded) { p.Adam(b[0].x, b[1].x, b[2].x, b[3].x, &adam) },
			} {
				got, want := buffers(), buffers()
				for i := range got {
					copy(want[i].x, got[i].x)
				}
				f(p, got)
				f(Go, want)
				for i := range got {
					near(t, name, got[i].x, want[i].x, 1e-6)
					if !got[i].intact() {
						t.Fatalf("%v %s: write outside buffer %d of %d", p, name, i, n)
					}
				}
			}
			b := buffers()
			got, want := p.SumSquares(b[0].x), sumSquaresGo(b[0].x)
			if math.Abs(got-want) > 1e-12*want {
				t.Fatalf("sum of squares %v, plain Go %v", got, want)
			}
		}
	}
}
