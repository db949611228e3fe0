package tensor_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
	"pgregory.net/rapid"
)

// window draws an extent, kernel, stride and padding.
func window(rt *rapid.T) (n, k, s, p int) {
	k = rapid.IntRange(1, 7).Draw(rt, "kernel")
	s = rapid.IntRange(1, 4).Draw(rt, "stride")
	p = rapid.IntRange(0, k/2).Draw(rt, "pad")
	return rapid.IntRange(1, 20).Draw(rt, "extent"), k, s, p
}

// TestExtents counts windows one by one: the floor form takes those that fit into the padded input,
// the ceiling form also one that hangs over, if it starts inside the input or its leading padding.
func TestExtents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n, k, s, p := window(rt)
		floor, ceil := 0, 0
		for start := -p; start+k <= n+p; start += s {
			floor++
		}
		if floor > 0 {
			ceil = floor
			if next := floor*s - p; (floor-1)*s-p+k < n+p && next < n {
				ceil++
			}
		}
		if got := tensor.OutExtent(n, k, s, p); got != floor {
			rt.Errorf("floor: got %d, expected %d", got, floor)
		}
		if got := tensor.CeilExtent(n, k, s, p); got != ceil {
			rt.Errorf("ceiling: got %d, expected %d", got, ceil)
		}
	})
}

// TestWindow: windows cover exactly the positions of the input that they should.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n, k, s, p := window(rt)
		spec := tensor.PoolSpec{Kernel: k, Stride: s, Pad: p, Ceil: rapid.Bool().Draw(rt, "ceil")}
		out := spec.Out(tensor.Shape{N: 1, H: n, W: n, C: 1})
		for o := range out.H {
			lo, hi, padded := spec.Window(o, n)
			inside, counted := 0, 0
			for i := o*s - p; i < o*s-p+k; i++ {
				if i >= 0 && i < n {
					if i < lo || i >= hi {
						rt.Fatalf("position %d is not in [%d, %d)", i, lo, hi)
					}
					inside++
				}
				if i < n+p {
					counted++
				}
			}
			if hi-lo != inside || inside == 0 || padded != counted {
				rt.Fatalf("window %d is [%d, %d) and counts %d, expected %d and %d", o, lo, hi, padded, inside, counted)
			}
		}
	})
}

// TestCrop walks a view and compares places with the master's.
func TestCrop(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.SampledFrom([]int{1, 3, 5, 7}).Draw(rt, "kernel")
		in, out := rapid.IntRange(1, 5).Draw(rt, "in"), rapid.IntRange(1, 5).Draw(rt, "out")
		full := tensor.NewWeight(fake.New().NewBuffer(k*k*in*out), k, k, in, out)
		small := rapid.IntRange(0, k/2).Draw(rt, "smaller")
		i, o := rapid.IntRange(1, in).Draw(rt, "first in"), rapid.IntRange(1, out).Draw(rt, "first out")
		v := full.Crop(k-2*small, i, o)
		tensor.CheckWeight("test", v)
		if v.Size() != (k-2*small)*(k-2*small)*i*o || !full.Dense() {
			rt.Fatalf("view %+v of %+v", v, full)
		}
		if span := v.Index(v.KH-1, v.KW-1, i-1, o-1) - v.Index(0, 0, 0, 0) + 1; v.Dense() && span != v.Size() || v == full && !v.Dense() {
			rt.Fatalf("view %+v spans %d elements; dense: %v", v, span, v.Dense())
		}
		for y := range v.KH {
			for x := range v.KW {
				if got, want := v.Index(y, x, i-1, o-1), full.Index(y+small, x+small, i-1, o-1); got != want {
					rt.Fatalf("element (%d, %d) is at %d, expected %d", y, x, got, want)
				}
			}
		}
	})
}

func TestChecks(t *testing.T) {
	b := fake.New()
	buf := b.NewBuffer(36)
	w := tensor.NewWeight(buf, 3, 3, 2, 2)
	beyond := w
	beyond.Off = 1
	x := tensor.Shape{N: 1, H: 4, W: 4, C: 2}
	one := tensor.ConvSpec{Stride: 1, Pad: 1, Groups: 1}
	if got, want := tensor.CheckConv(x, w, tensor.Vec{}, one), (tensor.Shape{N: 1, H: 4, W: 4, C: 2}); got != want {
		t.Errorf("output shape is %v, expected %v", got, want)
	}
	uneven := tensor.ConvSpec{Stride: 2, PadExtra: 1, Groups: 1}
	if got, want := tensor.CheckConv(x, w, tensor.Vec{}, uneven), (tensor.Shape{N: 1, H: 2, W: 2, C: 2}); got != want {
		t.Errorf("with zeros after the input alone the output shape is %v, expected %v", got, want)
	}
	for _, c := range []struct {
		want string
		call func()
	}{
		{"test: weight view 3×3×2×2 ends at element 36 of 36", func() { tensor.CheckWeight("test", beyond) }},
		{"test: bad weight view 0×3×2×2 at 0", func() { tensor.CheckWeight("test", tensor.Weight{Buf: buf, KW: 3, In: 2, Out: 2}) }},
		{"test: no weight", func() { tensor.CheckWeight("test", tensor.Weight{}) }},
		{"weight: weight view 3×3×2×3 ends at element 53 of 36", func() { tensor.NewWeight(buf, 3, 3, 2, 3) }},
		{"test: bias [30, 40) leaves its buffer of 36", func() { tensor.CheckVec("test", "bias", tensor.Vec{Buf: buf, Off: 30, Len: 10}, 10) }},
		{"test: no x", func() { tensor.CheckShape("test", "x", nil, x) }},
		{"batch norm: gamma has 36 elements, expected 2", func() { tensor.CheckBatchNorm(x, tensor.BatchNorm{Gamma: tensor.NewVec(buf)}) }},
		{"conv: stride 1, padding 1-1, groups 1", func() {
			tensor.CheckConv(x, w, tensor.Vec{}, tensor.ConvSpec{Stride: 1, Pad: 1, PadExtra: -1, Groups: 1})
		}},
		{"conv: a 3×3 kernel with padding 0+1 does not fit input 1×1×4×2", func() {
			tensor.CheckConv(tensor.Shape{N: 1, H: 1, W: 4, C: 2}, w, tensor.Vec{}, tensor.ConvSpec{Stride: 1, PadExtra: 1, Groups: 1})
		}},
		{"pool: kernel 3, stride 1, padding 2", func() { tensor.CheckPool(x, tensor.PoolSpec{Kernel: 3, Stride: 1, Pad: 2}) }},
	} {
		var err error
		func() {
			defer tensor.Recover(&err)
			c.call()
		}()
		var e *tensor.Error
		if !errors.As(err, &e) || err.Error() != c.want {
			t.Errorf("got %v, expected %q", err, c.want)
		}
	}
}

// TestRecover keeps earlier errors and lets other panics through.
func TestRecover(t *testing.T) {
	before := errors.New("before")
	err := before
	func() { defer tensor.Recover(&err) }()
	if err != before {
		t.Errorf("error is %v", err)
	}
	defer func() {
		if r := recover(); fmt.Sprint(r) != "other" {
			t.Errorf("recovered %v", r)
		}
	}()
	func() {
		defer tensor.Recover(&err)
		panic("other")
	}()
}

// TestActSlopes compares slopes with central differences away from kinks, and at them with the
// documented choice.
func TestActSlopes(t *testing.T) {
	for act := tensor.ActNone; act <= tensor.ActTanh; act++ {
		for x := float32(-8.05); x < 8; x += 0.1 {
			const h = 1.0 / 64
			got := (float64(act.Apply(x+h)) - float64(act.Apply(x-h))) / (float64(x+h) - float64(x-h))
			if want := float64(act.Slope(x)); math.Abs(got-want) > 1e-3 {
				t.Errorf("%v: slope at %g is %g, differences give %g", act, x, want, got)
			}
		}
	}
	for _, c := range []struct {
		act  tensor.Act
		x    float32
		want float32
	}{
		{tensor.ActReLU, 0, 0}, {tensor.ActReLU6, 0, 0}, {tensor.ActReLU6, 6, 0}, {tensor.ActHSigmoid, -3, 0}, {tensor.ActHSigmoid, 3, 0}, {tensor.ActHSwish, -3, 0}, {tensor.ActHSwish, 3, 1},
	} {
		if got := c.act.Slope(c.x); got != c.want {
			t.Errorf("%v: slope at %g is %g, expected %g", c.act, c.x, got, c.want)
		}
	}
	if got := tensor.ActHSwish.String() + tensor.Act(99).String(); got != "hswishunknown" {
		t.Errorf("names are %q", got)
	}
}

// TestDropoutKeep: the share kept is 1−rate within five standard deviations, for many seeds and
// neighbouring seeds.
func TestDropoutKeep(t *testing.T) {
	const n = 10000
	for _, rate := range []float64{0, 0.1, 0.5, 0.9} {
		for seed := range uint64(20) {
			kept, both := 0.0, 0.0
			for i := range n {
				a, b := tensor.DropoutKeep(seed, i, rate), tensor.DropoutKeep(seed+1, i, rate)
				if a {
					kept++
				}
				if a && b {
					both++
				}
			}
			q := 1 - rate
			for what, c := range map[string][2]float64{"kept": {kept, q}, "kept under two seeds": {both, q * q}} {
				if d := math.Abs(c[0]/n - c[1]); d > 5*math.Sqrt(c[1]*(1-c[1])/n) {
					t.Errorf("rate %g, seed %d: %s %g of the elements, expected %g", rate, seed, what, c[0]/n, c[1])
				}
			}
		}
	}
}
