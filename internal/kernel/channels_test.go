package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// guarded is n floats between guard values, off floats past an aligned start.
type guarded struct{ all, x []float32 }

const guardLen = 32

func newGuarded(r *rand.Rand, n, off int) guarded {
	all := randoms(r, n+2*guardLen+off)
	g := guarded{all, all[guardLen+off:][:n:n]}
	for i := range all {
		if i < guardLen+off || i >= guardLen+off+n {
			all[i] = 12345
		}
	}
	return g
}

func (g guarded) ptr() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(g.x)) }

// intact reports whether the guards hold their value.
func (g guarded) intact() bool {
	start := len(g.all) - guardLen - len(g.x)
	for i, v := range g.all {
		if (i < start || i >= start+len(g.x)) && v != 12345 {
			return false
		}
	}
	return true
}

func randomChan(r *rand.Rand) *Chan {
	c := &Chan{Runs: 1}
	for _, v := range []*Vec{&c.Scale, &c.Shift, &c.Mul, &c.Add, &c.A, &c.B, &c.C, &c.Mean} {
		copy(v[:], randoms(r, Block))
	}
	return c
}

// near compares with an error bound of eps·size.
func near(t *testing.T, what string, got, want []float32, size float64) {
	t.Helper()
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= size*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("%s[%d] = %v, plain Go %v", what, i, got[i], want[i])
		}
	}
}

// TestChannels compares every channel kernel with its plain twin.
func TestChannels(t *testing.T) {
	for _, p := range Available() {
		for act := None; act <= Tanh; act++ {
			for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100} {
				t.Run(fmt.Sprintf("%v/act%d/%d", p, act, n), func(t *testing.T) {
					checkChannels(t, p, act, n, n%5, rand.New(rand.NewPCG(uint64(act), uint64(n))))
				})
			}
		}
	}
}

// TestActNaN checks that a broken number does not become a sound one, whatever is applied to it and
// wherever it is in a plane.
func TestActNaN(t *testing.T) {
	const rows = 7
	nan := float32(math.NaN())
	for _, p := range Available() {
		for act := None; act <= Tanh; act++ {
			for row := range rows {
				var x, d, dst [rows * Block]float32
				for i := range x {
					x[i], d[i] = 1, 1
				}
				x[row*Block+3] = nan
				var c Chan
				c.Identity()
				at := func(x *[rows * Block]float32) unsafe.Pointer { return unsafe.Pointer(x) }
				p.Apply(at(&dst), at(&x), nil, rows, act, &c)
				for i, v := range dst {
					if (v != v) != (i == row*Block+3) {
						t.Fatalf("%v: act %d of NaN in row %d: element %d is %v", p, act, row, i, v)
					}
				}
				p.Apply(at(&dst), at(&x), at(&d), rows, act, &c)
				p.SumAct(at(&x), rows, act, &c)
				sum := c.Sum
				p.DotAct(at(&d), at(&x), rows, act, &c)
				for l := range Block {
					added, bad := dst[row*Block+l], l == 3
					if (added != added) != bad || (sum[l] != sum[l]) != bad || (c.Sum[l] != c.Sum[l]) != bad {
						t.Fatalf("%v: act %d of NaN in row %d: lane %d plus 1 is %v, sum %v, product %v", p, act,
							row, l, added, sum[l], c.Sum[l])
					}
				}
			}
		}
	}
}

func checkChannels(t *testing.T, p Path, act Act, n, off int, r *rand.Rand) {
	x, d, dst := newGuarded(r, n*Block, off), newGuarded(r, n*Block, off+1), newGuarded(r, n*Block, off)
	for i := range x.x {
		x.x[i] *= 4
	}
	c := randomChan(r)
	want := make([]float32, n*Block+1)
	wp := unsafe.Pointer(&want[0])
	ref := *c
	sums := func(name string, run func(p Path, c *Chan)) {
		got, ref := *c, *c
		run(p, &got)
		run(Go, &ref)
		bound := 1e-5 * float64(n+1)
		near(t, name, got.Sum[:], ref.Sum[:], bound)
		near(t, name+" second", got.Sum2[:], ref.Sum2[:], bound)
	}
	sums("stats", func(p Path, c *Chan) { p.Stats(x.ptr(), n, c) })
	sums("sumAct", func(p Path, c *Chan) { p.SumAct(x.ptr(), n, act, c) })
	sums("dotAct", func(p Path, c *Chan) { p.DotAct(d.ptr(), x.ptr(), n, act, c) })
	sums("gradSums", func(p Path, c *Chan) { p.GradSums(d.ptr(), x.ptr(), n, act, c) })
	p.Apply(dst.ptr(), x.ptr(), nil, n, act, c)
	applyGo(wp, x.ptr(), nil, n, act, &ref)
	near(t, "apply", dst.x, want[:n*Block], 1e-5)
	p.Apply(dst.ptr(), x.ptr(), d.ptr(), n, act, c)
	applyGo(wp, x.ptr(), d.ptr(), n, act, &ref)
	near(t, "apply with addend", dst.x, want[:n*Block], 1e-5)
	p.GradApply(dst.ptr(), d.ptr(), x.ptr(), n, act, c)
	gradApplyGo(wp, d.ptr(), x.ptr(), n, act, &ref)
	near(t, "gradApply", dst.x, want[:n*Block], 1e-5)
	if n > 0 {
		checkRuns(t, p, act, n, off, r)
	}
	// In place: the result may overwrite an operand.
	p.GradApply(d.ptr(), d.ptr(), x.ptr(), n, act, c)
	near(t, "gradApply in place", d.x, want[:n*Block], 1e-5)
	for name, g := range map[string]guarded{"x": x, "d": d, "dst": dst} {
		if !g.intact() {
			t.Fatalf("write outside %s", name)
		}
	}
}

// checkRuns writes three runs into a wider frame.
func checkRuns(t *testing.T, p Path, act Act, n, off int, r *rand.Rand) {
	const runs, gap = 3, 2
	x, d := newGuarded(r, n*runs*Block, off), newGuarded(r, n*runs*Block, 1)
	got, want := newGuarded(r, (n+gap)*runs*Block, off), newGuarded(r, (n+gap)*runs*Block, 0)
	copy(want.x, got.x)
	c := randomChan(r)
	c.Runs, c.Skip = runs, gap*Block*4
	p.Apply(got.ptr(), x.ptr(), d.ptr(), n, act, c)
	applyGo(want.ptr(), x.ptr(), d.ptr(), n, act, c)
	near(t, "apply in runs", got.x, want.x, 1e-5)
	p.GradApply(got.ptr(), d.ptr(), x.ptr(), n, act, c)
	gradApplyGo(want.ptr(), d.ptr(), x.ptr(), n, act, c)
	near(t, "gradApply in runs", got.x, want.x, 1e-5)
	if !got.intact() {
		t.Fatal("write outside the frame")
	}
}
