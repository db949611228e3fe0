package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestSoftmax compares both softmax kernels with the definition in float64.
func TestSoftmax(t *testing.T) {
	for _, p := range Available() {
		for _, classes := range []int{1, 2, 15, 16, 17, 32, 100, 1000} {
			for _, scale := range []float64{0, 1, 30, 1e4} {
				t.Run(fmt.Sprintf("%v/%d/%g", p, classes, scale), func(t *testing.T) {
					checkSoftmax(t, p, rand.New(rand.NewPCG(uint64(classes), 6)), classes, scale, classes%3)
				})
			}
		}
	}
}

// checkSoftmax runs a row of a tensor of three rows with logits of the given size and every second
// class or so masked. What does not count is huge.
func checkSoftmax(t *testing.T, p Path, r *rand.Rand, classes int, scale float64, off int) {
	const rows, at = 3, 1
	planes := ceilDiv(classes, Block)
	x, y, d := newGuarded(r, planes*rows*Block, off), newGuarded(r, planes*rows*Block, 1), newGuarded(r, planes*rows*Block, off)
	mask := newGuarded(r, planes*Block, 2)
	logits, targets := make([]float64, 0, classes), make([]float64, 0, classes)
	place := func(k int) int { return (k/Block*rows+at)*Block + k%Block }
	top := math.Inf(-1)
	for k := range planes * Block {
		i := place(k)
		mask.x[k] = 0
		x.x[i], y.x[i] = float32(math.Inf(1)), float32(math.NaN())
		if k < classes && (k == 0 || r.IntN(2) == 0) {
			mask.x[k], x.x[i], y.x[i] = 1, float32(r.NormFloat64()*scale), r.Float32()
			logits, targets = append(logits, float64(x.x[i])), append(targets, float64(y.x[i]))
			top = max(top, float64(x.x[i]))
		}
	}
	s := Softmax{
		Logits: PtrAt(x.x, at*Block), Targets: PtrAt(y.x, at*Block), Mask: mask.ptr(), Dst: PtrAt(d.x, at*Block),
		Next: rows * Block, Planes: planes,
	}
	sum, total, dot := p.SoftmaxSums(&s)
	var wantSum, wantTotal, wantDot float64
	for k, v := range logits {
		wantSum += math.Exp(v - top)
		wantTotal += targets[k]
		wantDot += targets[k] * (v - top)
	}
	within(t, "largest logit", float64(s.Top), top, 0)
	within(t, "sum", sum, wantSum, 1e-6)
	within(t, "targets", total, wantTotal, 1e-6)
	within(t, "products", dot, wantDot, 1e-6)
	s.Share, s.Gain = float32(total/sum), -1.5
	p.SoftmaxGrad(&s)
	for k, n := 0, 0; k < planes*Block; k++ {
		want := 0.0
		if mask.x[k] > 0 {
			want = (math.Exp(logits[n]-top)*wantTotal/wantSum - targets[n]) * -1.5
			n++
		}
		if got := float64(d.x[place(k)]); !(math.Abs(got-want) <= 2e-6*(1+wantTotal)) {
			t.Fatalf("gradient of class %d = %v, expected %v", k, got, want)
		}
	}
	for name, g := range map[string]guarded{"logits": x, "targets": y, "mask": mask, "results": d} {
		if !g.intact() {
			t.Fatalf("write outside %s", name)
		}
	}
}

func within(t *testing.T, what string, got, want, eps float64) {
	t.Helper()
	if !(math.Abs(got-want) <= eps*math.Abs(want)) {
		t.Fatalf("%s = %v, expected %v", what, got, want)
	}
}

// TestExp checks the exponential of the assembly over all magnitudes that occur: the sum of one
// class beside the largest is e^x.
func TestExp(t *testing.T) {
	mask := make([]float32, Block)
	mask[0], mask[1] = 1, 1
	for _, p := range Available() {
		x, y := make([]float32, Block), make([]float32, Block)
		for v := float32(0); v > -87; v -= 0.0137 {
			x[1] = v
			s := Softmax{Logits: PtrAt(x, 0), Targets: PtrAt(y, 0), Mask: PtrAt(mask, 0), Next: Block, Planes: 1}
			p.SoftmaxSums(&s)
			within(t, fmt.Sprintf("%v: e^%v", p, v), float64(s.sum[1]), math.Exp(float64(v)), 3e-7)
		}
	}
}

// TestSoftmaxNaN checks that a broken logit breaks the sum, and that no class at all gives zeros.
func TestSoftmaxNaN(t *testing.T) {
	for _, p := range Available() {
		x, y, mask := make([]float32, Block), make([]float32, Block), make([]float32, Block)
		s := Softmax{Logits: PtrAt(x, 0), Targets: PtrAt(y, 0), Mask: PtrAt(mask, 0), Next: Block, Planes: 1}
		if sum, total, dot := p.SoftmaxSums(&s); sum != 0 || total != 0 || dot != 0 {
			t.Errorf("%v: no class counts, sums %v %v %v", p, sum, total, dot)
		}
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			for i := range Block {
				mask[i], x[i] = 1, float32(i)
			}
			x[3] = float32(bad)
			if sum, _, _ := p.SoftmaxSums(&s); !math.IsNaN(sum) {
				t.Errorf("%v: logit %v, sum %v", p, bad, sum)
			}
		}
	}
}

// FuzzSoftmax compares the softmax kernels with float64 for any number of classes.
func FuzzSoftmax(f *testing.F) {
	f.Add(uint64(1), uint16(100), uint8(3), uint8(1))
	f.Add(uint64(2), uint16(1), uint8(200), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, classes uint16, scale, off uint8) {
		for _, p := range Available() {
			checkSoftmax(t, p, rand.New(rand.NewPCG(seed, 7)), int(classes)%2000+1, float64(scale)/4, int(off)%16)
		}
	})
}
