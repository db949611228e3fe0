package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

type convCase struct {
	x              tensor.Shape
	k, s, pad, out int
	groups         int
	extra          int // zeros after the input beyond pad
}

func convCases() []convCase {
	cases := []convCase{
		{tensor.Shape{N: 2, H: 5, W: 7, C: 24}, 1, 1, 0, 40, 1, 0},
		{tensor.Shape{N: 70, H: 1, W: 1, C: 17}, 1, 1, 0, 33, 1, 0},
		{tensor.Shape{N: 2, H: 40, W: 40, C: 5}, 1, 1, 0, 7, 1, 0},
		{tensor.Shape{N: 2, H: 6, W: 5, C: 24}, 1, 2, 0, 16, 1, 0},
		{tensor.Shape{N: 3, H: 9, W: 8, C: 3}, 3, 2, 1, 20, 1, 0},
		{tensor.Shape{N: 3, H: 33, W: 9, C: 3}, 3, 1, 1, 16, 1, 0},
		{tensor.Shape{N: 2, H: 7, W: 6, C: 12}, 3, 1, 1, 18, 2, 0},
		{tensor.Shape{N: 2, H: 1, W: 2, C: 8}, 7, 2, 3, 8, 1, 0},
		{tensor.Shape{N: 2, H: 9, W: 8, C: 24}, 5, 3, 2, 24, 24, 0},
		{tensor.Shape{N: 2, H: 8, W: 11, C: 24}, 7, 4, 3, 24, 24, 0},
	}
	// Images of several bands.
	for i, x := range []tensor.Shape{{N: 1, H: 150, W: 20, C: 17}, {N: 2, H: 43, W: 99, C: 3}, {N: 1, H: 2, W: 2100, C: 17}} {
		for _, k := range []int{3, 7} {
			out, groups := 17, 1
			if x.C == out {
				groups = out
			}
			cases = append(cases, convCase{x, k, 1 + (i+k/4)%2, k / 2, out, groups, 0})
		}
	}
	for _, k := range []int{1, 3, 5, 7} {
		for _, s := range []int{1, 2} {
			for _, hw := range [][2]int{{1, 1}, {2, 2}, {4, 5}, {7, 7}, {14, 13}, {19, 33}} {
				cases = append(cases, convCase{tensor.Shape{N: 3, H: hw[0], W: hw[1], C: 24}, k, s, k / 2, 24, 24, 0})
			}
		}
	}
	// The same with a row and column of zeros more after the input, half of them with fewer before.
	for i, c := range cases {
		c.extra, c.pad = 1, c.pad-min(c.pad, i%2)
		if least := c.k - 2*c.pad - 1; c.x.H >= least && c.x.W >= least {
			cases = append(cases, c)
		}
	}
	return cases
}

// TestConv checks the forward pass and all three gradients against sums in float64 over the
// definition.
func TestConv(t *testing.T) {
	for _, p := range kernel.Available() {
		b := New(Options{Kernel: p.String()})
		for _, c := range convCases() {
			t.Run(fmt.Sprintf("%v/%v/k%ds%dp%d+%dg%d", p, c.x, c.k, c.s, c.pad, c.extra, c.groups), func(t *testing.T) { checkConv(t, b, c) })
		}
	}
}

func checkConv(t *testing.T, b tensor.Backend, c convCase) {
	r := rand.New(rand.NewPCG(3, 4))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	st := b.NewStream()
	in := c.x.C / c.groups
	// A view into the middle of a larger weight.
	master := tensor.NewWeight(b.NewBuffer((c.k+2)*(c.k+2)*(in+1)*(c.out+3)), c.k+2, c.k+2, in+1, c.out+3)
	w := master.Crop(c.k, in, c.out)
	grad := w
	grad.Buf = b.NewBuffer(master.Size())
	wd, gd := random(master.Size()), random(master.Size())
	st.Write(w.Buf, 0, wd)
	st.Write(grad.Buf, 0, gd)
	bias := tensor.NewVec(b.NewBuffer(c.out))
	bd := random(c.out)
	st.Write(bias.Buf, 0, bd)
	bgrad := tensor.NewVec(b.NewBuffer(c.out))
	spec := tensor.ConvSpec{Stride: c.s, Pad: c.pad, PadExtra: c.extra, Groups: c.groups, WantStats: true}
	ys := spec.Out(c.x, w)
	xd, dyd := random(c.x.Size()), random(ys.Size())
	x, dy := st.Upload(c.x, xd), st.Upload(ys, dyd)
	y := st.Conv(x, w, bias, spec)
	dx := st.ConvBackward(x, dy, w, spec, tensor.ConvGrads{W: grad, B: bgrad, NeedX: true})

	wantY, sizeY := make([]float64, ys.Size()), make([]float64, ys.Size())
	wantX, sizeX := make([]float64, c.x.Size()), make([]float64, c.x.Size())
	wantW, sizeW := make([]float64, master.Size()), make([]float64, master.Size())
	wantB, sizeB := make([]float64, c.out), make([]float64, c.out)
	for i, v := range gd {
		wantW[i], sizeW[i] = float64(v), math.Abs(float64(v))
	}
	add := func(to, size []float64, i int, v float64) { to[i] += v; size[i] += math.Abs(v) }
	for i := range ys.Size() {
		o, p := i%ys.C, i/ys.C
		n, oy, ox := p/(ys.H*ys.W), p/ys.W%ys.H, p%ys.W
		d := float64(dyd[i])
		add(wantY, sizeY, i, float64(bd[o]))
		add(wantB, sizeB, o, d)
		for ky := range c.k {
			for kx := range c.k {
				iy, ix := oy*c.s-c.pad+ky, ox*c.s-c.pad+kx
				if iy < 0 || ix < 0 || iy >= c.x.H || ix >= c.x.W {
					continue
				}
				for ci := range in {
					xi := ((n*c.x.H+iy)*c.x.W+ix)*c.x.C + o/(c.out/c.groups)*in + ci
					wi := w.Index(ky, kx, ci, o)
					add(wantY, sizeY, i, float64(xd[xi])*float64(wd[wi]))
					add(wantX, sizeX, xi, d*float64(wd[wi]))
					add(wantW, sizeW, wi, d*float64(xd[xi]))
				}
			}
		}
	}
	tensorOf := func(t tensor.Tensor) []float32 {
		x := make([]float32, t.Shape().Size())
		st.Download(t, x)
		return x
	}
	bufferOf := func(b tensor.Buffer) []float32 {
		x := make([]float32, b.Len())
		st.Read(b, 0, x)
		return x
	}
	for _, g := range []struct {
		name       string
		got        []float32
		want, size []float64
	}{
		{"output", tensorOf(y), wantY, sizeY}, {"dx", tensorOf(dx), wantX, sizeX},
		{"dw", bufferOf(grad.Buf), wantW, sizeW}, {"dbias", bufferOf(bgrad.Buf), wantB, sizeB},
	} {
		for i, v := range g.got {
			if !(math.Abs(float64(v)-g.want[i]) <= 3e-6*g.size[i]) {
				t.Fatalf("%s[%d] = %v, expected %v", g.name, i, v, g.want[i])
			}
		}
	}
}
