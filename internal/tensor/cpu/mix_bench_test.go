package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// BenchmarkMix times both passes of a mixture of pending operands before a normalisation with batch
// statistics.
func BenchmarkMix(b *testing.B) {
	for _, c := range []struct{ n, size, channels, k int }{{64, 16, 96, 3}, {64, 4, 480, 3}, {64, 16, 96, 7}} {
		b.Run(fmt.Sprintf("%dx%dx%dx%d-%d", c.n, c.size, c.size, c.channels, c.k), func(b *testing.B) {
			backend := New(Options{Workers: 1})
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
			vec := func() tensor.Vec { return tensor.NewVec(buffer(c.channels)) }
			bn := tensor.BatchNorm{Gamma: vec(), Beta: vec(), Mean: vec(), Var: vec()}
			grads := tensor.BatchNormGrads{Gamma: vec(), Beta: vec(), NeedX: true}
			spec := tensor.BatchNormSpec{Train: true, Keep: true, Act: tensor.ActReLU, Eps: 1e-5, Momentum: 0.1}
			shape := tensor.Shape{N: c.n, H: c.size, W: c.size, C: c.channels}
			data := make([]float32, shape.Size())
			for i := range data {
				data[i] = float32(r.NormFloat64())
			}
			x, dy := st.Upload(shape, data), st.Upload(shape, data)
			var xs []tensor.Tensor
			need := make([]bool, c.k)
			for i := range c.k {
				z, _ := st.BatchNormAct(x, bn, spec)
				xs, need[i] = append(xs, z), true
			}
			p, grad := tensor.NewVec(buffer(c.k)), tensor.NewVec(buffer(c.k))
			b.SetBytes(int64(4 * shape.Size()))
			for b.Loop() {
				y := st.Mix(xs, p, true)
				z, saved := st.BatchNormAct(y, bn, spec)
				d := st.BatchNormActBackward(y, saved, dy, bn, spec, grads)
				for _, dx := range st.MixBackward(xs, d, p, grad, need) {
					st.Free(dx)
				}
				for _, t := range []tensor.Tensor{y, z, saved, d} {
					st.Free(t)
				}
			}
		})
	}
}
