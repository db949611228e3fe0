package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The twenty matrix products with the most operations in training the MobileNetV3 supernet:
// forward, input gradient, weight gradient.
var gemmShapes = []struct {
	kind    string
	m, n, k int
}{
	{"fwd", 1568, 672, 112}, {"dx", 1568, 112, 672}, {"dw", 672, 112, 1568},
	{"fwd", 392, 960, 160}, {"dx", 392, 160, 960}, {"dw", 960, 160, 392},
	{"fwd", 25088, 144, 24}, {"dx", 25088, 24, 144}, {"dw", 144, 24, 25088},
	{"fwd", 100352, 96, 16}, {"dx", 100352, 16, 96}, {"dw", 96, 16, 100352},
	{"fwd", 1568, 112, 672}, {"dx", 1568, 672, 112}, {"dw", 112, 672, 1568},
	{"fwd", 1568, 448, 112}, {"dx", 1568, 112, 448}, {"dw", 448, 112, 1568},
	{"fwd", 1024, 672, 112}, {"dx", 1024, 112, 672},
}

// BenchmarkGemm times the products on all processors; testdata/openblas.c is the peer.
func BenchmarkGemm(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, s := range gemmShapes {
		b.Run(fmt.Sprintf("%s_%dx%dx%d", s.kind, s.m, s.n, s.k), func(b *testing.B) {
			ta, tb := s.kind == "dw", s.kind == "dx"
			view := func(rows, cols int, trans bool) Matrix {
				if trans {
					rows, cols = cols, rows
				}
				return Matrix{Data: randoms(r, rows*cols), Rows: rows, Cols: cols, Stride: cols}
			}
			a, bm, c := view(s.m, s.k, ta), view(s.k, s.n, tb), view(s.m, s.n, false)
			p := Default()
			var ws Workspace
			pool := NewPool(0)
			defer pool.Close()
			before := cpuSeconds()
			for b.Loop() {
				if err := p.ParallelMatMul(pool, &ws, c, a, bm, ta, tb, false); err != nil {
					b.Fatal(err)
				}
			}
			work := 2 * float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N) / 1e9
			b.ReportMetric(work/b.Elapsed().Seconds(), "GFLOP/s")
			if cpu := cpuSeconds() - before; cpu > 0 {
				b.ReportMetric(work/cpu, "GFLOP/cpu-s")
			}
		})
	}
}
