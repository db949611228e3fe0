package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestDepthwise compares both depthwise kernels with their twins for every width, window distance
// and row tail.
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

// TestDepthwiseInside compares the kernels that leave out rows of zeros with the plain ones that
// read them, on maps smaller and larger than the kernel.
func TestDepthwiseInside(t *testing.T) {
	for _, p := range Available() {
		for _, k := range []int{3, 5, 7} {
			for _, step := range []int{1, 2} {
				for size := 1; size <= 12; size++ {
					r := rand.New(rand.NewPCG(uint64(k), uint64(size)))
					pad := k / 2
					frame := size + 2*pad
					out := (size-1)/step + 1
					src := newGuarded(r, frame*frame*Block, 1)
					for i := range src.x {
						if y := i / Block / frame; y < pad || y >= pad+size {
							src.x[i] = 0
						}
					}
					w, g := newGuarded(r, k*k*Block, 2), newGuarded(r, out*out*Block, 3)
					got, want := newGuarded(r, out*out*Block, 0), newGuarded(r, out*out*Block, 0)
					a := Depthwise{
						Dst: got.ptr(), Src: src.ptr(), W: w.ptr(), DstCol: Block, DstRow: out * Block,
						SrcCol: step * Block, SrcRow: frame * Block, SrcNext: step * frame * Block,
						Cols: out, Rows: out, KW: k, KH: k, Top: pad, Inside: size,
					}
					p.Depthwise(&a)
					a.Dst = want.ptr()
					depthwiseGo(&a)
					near(t, "forward", got.x, want.x, 1e-5)
					dw, ref := newGuarded(r, k*k*Block, 0), newGuarded(r, k*k*Block, 1)
					copy(ref.x, dw.x)
					b := DepthwiseGrad{
						G: g.ptr(), Src: src.ptr(), W: dw.ptr(), GRow: out * Block,
						SrcCol: step * Block, SrcRow: frame * Block, SrcNext: step * frame * Block,
						Cols: out, Rows: out, KW: k, KH: k, Top: pad, Inside: size,
					}
					p.DepthwiseGrad(&b)
					b.W = ref.ptr()
					depthwiseGradGo(&b)
					near(t, "weight gradient", dw.x, ref.x, 1e-5)
				}
			}
		}
	}
}
