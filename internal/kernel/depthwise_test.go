package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestDepthwise compares both depthwise kernels with their twins for every
// width, window distance and row tail.
func TestDepthwise(t *testing.T) {
	for _, p := range Available() {
		for kw := 1; kw <= 7; kw++ {
			for step := 1; step <= 3; step++ {
				for _, cols := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 21} {
					for _, kh := range []int{kw, 1} {
						t.Run(fmt.Sprintf("%v/k%dx%ds%d/%d", p, kh, kw, step, cols), func(t *testing.T) {
							checkDepthwise(t, p, kh, kw, step, cols, 1+cols%3)
						})
					}
				}
			}
		}
	}
}

func checkDepthwise(t *testing.T, p Path, kh, kw, step, cols, rows int) {
	r := rand.New(rand.NewPCG(uint64(kw), uint64(cols)))
	width, height := (cols-1)*step+kw, (rows-1)*step+kh
	src := newGuarded(r, width*height*Block, 3)
	w := newGuarded(r, kh*kw*Block, 1)
	// The outputs may be spread out: every second column of a row.
	spread := 1 + cols%2
	dst := newGuarded(r, rows*cols*spread*Block, 0)
	before := append([]float32(nil), dst.x...)
	a := Depthwise{
		Dst: dst.ptr(), Src: src.ptr(), W: w.ptr(),
		DstCol: spread * Block, DstRow: cols * spread * Block,
		SrcCol: step * Block, SrcRow: width * Block, SrcNext: step * width * Block,
		Cols: cols, Rows: rows, KW: kw, KH: kh,
	}
	p.Depthwise(&a)
	got := append([]float32(nil), dst.x...)
	copy(dst.x, before)
	depthwiseGo(&a)
	near(t, "forward", got, dst.x, 1e-5)

	g := newGuarded(r, rows*cols*Block, 2)
	grad := newGuarded(r, kh*kw*Block, 5)
	before = append([]float32(nil), grad.x...)
	b := DepthwiseGrad{
		G: g.ptr(), Src: src.ptr(), W: grad.ptr(), GRow: cols * Block,
		SrcCol: step * Block, SrcRow: width * Block, SrcNext: step * width * Block,
		Cols: cols, Rows: rows, KW: kw, KH: kh,
	}
	p.DepthwiseGrad(&b)
	got = append([]float32(nil), grad.x...)
	copy(grad.x, before)
	depthwiseGradGo(&b)
	near(t, "weight gradient", got, grad.x, 1e-5)
	for name, x := range map[string]guarded{"src": src, "w": w, "dst": dst, "g": g, "grad": grad} {
		if !x.intact() {
			t.Fatalf("write outside %s", name)
		}
	}
}
