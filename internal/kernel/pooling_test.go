package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestPooling compares the pooling kernels with their twins: all windows up to 4×4, apart, touching
// and overlapping.
func TestPooling(t *testing.T) {
	for _, p := range Available() {
		for kh := 1; kh <= 4; kh++ {
			for kw := 1; kw <= 4; kw++ {
				for step := 1; step <= 3; step++ {
					t.Run(fmt.Sprintf("%v/%dx%d/%d", p, kh, kw, step), func(t *testing.T) {
						for _, cols := range []int{0, 1, 2, 7} {
							checkPooling(t, p, rand.New(rand.NewPCG(uint64(kh), uint64(kw))), kh, kw, step, cols, kw+step)
						}
					})
				}
			}
		}
	}
}

// checkPooling runs all four kernels on windows step columns apart in rows gap vectors longer than
// they need.
func checkPooling(t *testing.T, p Path, r *rand.Rand, kh, kw, step, cols, gap int) {
	width := max(cols-1, 0)*step + kw + gap
	in, out := newGuarded(r, kh*width*Block, gap%5), newGuarded(r, cols*Block, 1)
	for i := range in.x {
		in.x[i] = float32(r.IntN(5)) // many equal ones
	}
	grad, want := newGuarded(r, len(in.x), 2), newGuarded(r, len(in.x), 0)
	copy(want.x, grad.x)
	d := newGuarded(r, len(out.x), 3)
	w := Window{InCol: step * Block, InRow: width * Block, Cols: cols, KW: kw, KH: kh, Scale: 0.37}
	forward := func(run func(Path, *Window)) []float32 {
		ref := newGuarded(r, len(out.x), 0)
		a, b := w, w
		a.In, a.Out = in.ptr(), out.ptr()
		b.In, b.Out = in.ptr(), ref.ptr()
		run(p, &a)
		run(Go, &b)
		return ref.x
	}
	near(t, "largest", out.x, forward(Path.MaxPool), 0)
	near(t, "average", out.x, forward(Path.AvgPool), 1e-5)
	for _, run := range []func(Path, *Window){Path.MaxPoolGrad, Path.AvgPoolGrad} {
		a, b := w, w
		a.In, a.Out, a.Grad = in.ptr(), d.ptr(), grad.ptr()
		b.In, b.Out, b.Grad = in.ptr(), d.ptr(), want.ptr()
		run(p, &a)
		run(Go, &b)
		near(t, "gradient", grad.x, want.x, 1e-5)
	}
	for name, g := range map[string]guarded{"inputs": in, "outputs": out, "gradient": grad, "outputs' gradient": d} {
		if !g.intact() {
			t.Fatalf("write outside %s", name)
		}
	}
}

// FuzzPooling compares the pooling kernels on any geometry.
func FuzzPooling(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(3), uint8(2), uint8(7), uint8(0))
	f.Add(uint64(2), uint8(1), uint8(9), uint8(9), uint8(1), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, kh, kw, step, cols, gap uint8) {
		for _, p := range Available() {
			checkPooling(t, p, rand.New(rand.NewPCG(seed, 5)), int(kh)%9+1, int(kw)%9+1, int(step)%10+1, int(cols)%20, int(gap)%8)
		}
	})
}
