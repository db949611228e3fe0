package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// BenchmarkPointwise times both passes of 1×1 convolutions of late layers between normalisations,
// on one thread and on two: the shortest of all iterations.
func BenchmarkPointwise(b *testing.B) {
	for _, c := range []struct{ n, size, in, out int }{
		{64, 4, 80, 480}, {64, 4, 480, 112}, {8, 14, 80, 480}, {8, 14, 480, 112}, {64, 2, 960, 160}, {64, 2, 160, 960}, {8, 7, 960, 160}, {64, 8, 40, 240}, {64, 8, 240, 40}, {64, 1, 960, 240},
	} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%dx%dx%dx%d-%d/threads%d", c.n, c.size, c.size, c.in, c.out, workers), func(b *testing.B) {
				backend := New(Options{Workers: workers})
				st := backend.NewStream()
				r := rand.New(rand.NewPCG(1, 1))
				buffer := func(n int) tensor.Buffer {
					x := make([]float32, n)
					for i := range x {
						x[i] = float32(r.NormFloat64())
					}
					buf := backend.NewBuffer(n)
					st.Write(buf, 0, x)
					return buf
				}
				w, grad := tensor.NewWeight(buffer(c.in*c.out), 1, 1, c.in, c.out), tensor.NewWeight(buffer(c.in*c.out), 1, 1, c.in, c.out)
				norm := func(n int) (p tensor.BatchNorm, g tensor.BatchNormGrads) {
					v := func() tensor.Vec { return tensor.NewVec(buffer(n)) }
					return tensor.BatchNorm{Gamma: v(), Beta: v(), Mean: v(), Var: v()}, tensor.BatchNormGrads{Gamma: v(), Beta: v(), NeedX: true}
				}
				p1, _ := norm(c.in)
				p2, g2 := norm(c.out)
				xs, ys := tensor.Shape{N: c.n, H: c.size, W: c.size, C: c.in}, tensor.Shape{N: c.n, H: c.size, W: c.size, C: c.out}
				data := make([]float32, max(xs.Size(), ys.Size()))
				for i := range data {
					data[i] = float32(r.NormFloat64())
				}
				spec := tensor.BatchNormSpec{Train: true, Keep: true, Act: tensor.ActHSwish, Eps: 1e-5, Momentum: 0.1}
				conv := tensor.ConvSpec{Stride: 1, Groups: 1, WantStats: true}
				forward, backward := math.Inf(1), math.Inf(1)
				for b.Loop() {
					x := st.Upload(xs, data[:xs.Size()])
					a, _ := st.BatchNormAct(x, p1, spec)
					start := time.Now()
					y := st.Conv(a, w, tensor.Vec{}, conv)
					forward = min(forward, time.Since(start).Seconds())
					_, saved := st.BatchNormAct(y, p2, spec)
					dy := st.BatchNormActBackward(y, saved, st.Upload(ys, data[:ys.Size()]), p2, spec, g2)
					start = time.Now()
					st.ConvBackward(a, dy, w, conv, tensor.ConvGrads{W: grad, NeedX: true})
					backward = min(backward, time.Since(start).Seconds())
					st.Reset()
				}
				b.ReportMetric(forward*1e6, "µs-forward")
				b.ReportMetric(backward*1e6, "µs-backward")
			})
		}
	}
}
