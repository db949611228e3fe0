package backendtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
)

// world is what a program sees: a stream, random operands that are equal on every device, and a
// record of results.
type world struct {
	tensor.Stream
	rng  *rand.Rand
	bufs []tensor.Buffer
	kept []result
	note string
}

type result struct {
	name string
	data []float32
}

func newWorld(b tensor.Backend, seed uint64) *world {
	return &world{Stream: b.NewStream(), rng: rand.New(rand.NewPCG(seed, 77))}
}

// between is a number in [lo, hi].
func (w *world) between(lo, hi int) int { return lo + w.rng.IntN(hi-lo+1) }

func pick[T any](w *world, from ...T) T { return from[w.rng.IntN(len(from))] }

func (w *world) coin() bool { return w.rng.IntN(2) == 0 }

// channels is a number of channels, often around a vector's width.
func (w *world) channels() int {
	return pick(w, w.between(1, 9), w.between(1, 40), 8, 15, 16, 17, 24, 32, 33, 48)
}

func (w *world) shape() tensor.Shape {
	return tensor.Shape{N: w.between(1, 3), H: w.between(1, 9), W: w.between(1, 9), C: w.channels()}
}

// keep downloads a tensor for comparison.
func (w *world) keep(name string, t tensor.Tensor) {
	v := make([]float32, t.Shape().Size())
	w.Download(t, v)
	w.kept = append(w.kept, result{fmt.Sprintf("%s %v", name, t.Shape()), v})
}

// finish keeps all buffers.
func (w *world) finish() {
	for i, b := range w.bufs {
		v := make([]float32, b.Len())
		w.Read(b, 0, v)
		w.kept = append(w.kept, result{fmt.Sprintf("buffer %d", i), v})
	}
}

func (w *world) normal(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(w.rng.NormFloat64())
	}
	return v
}

// raw is an uploaded tensor of normal numbers.
func (w *world) raw(s tensor.Shape) tensor.Tensor { return w.Upload(s, w.normal(s.Size())) }

// tensor is a tensor of normal-like numbers that may come out of an operation which a device
// delays.
func (w *world) tensor(s tensor.Shape) tensor.Tensor {
	act := pick(w, tensor.ActNone, tensor.ActReLU, tensor.ActHSwish, tensor.ActReLU6, tensor.ActSwish)
	switch kind := w.rng.IntN(10); {
	case kind == 0 && s.Rows() >= 4:
		return w.normalise(w.raw(s), true, act)
	case kind == 1:
		return w.normalise(w.raw(s), false, act)
	case kind == 2 && s.Rows() >= 4:
		return w.ScaleChannels(w.normalise(w.raw(s), true, act), w.raw(tensor.Vector(s.N, s.C)))
	case kind == 3:
		return w.Act(w.raw(s), act)
	case kind == 4:
		return w.Add(w.raw(s), w.normalise(w.raw(s), false, tensor.ActNone), act)
	case kind == 5 && s.C > 1:
		a, b := s, s
		a.C = w.between(1, s.C-1)
		b.C -= a.C
		return w.Concat([]tensor.Tensor{w.normalise(w.raw(a), false, act), w.raw(b)})
	case kind == 6:
		x := w.raw(s)
		y := w.Act(x, act)
		w.Free(x)
		return y
	}
	return w.raw(s)
}

// gradient is an output gradient, which may also be delayed.
func (w *world) gradient(s tensor.Shape) tensor.Tensor {
	if w.rng.IntN(3) > 0 || s.Rows() < 4 {
		return w.raw(s)
	}
	p, spec := w.norm(s.C), w.normSpec(true, tensor.ActHSwish)
	x := w.raw(s)
	_, saved := w.BatchNormAct(x, p, spec)
	return w.BatchNormActBackward(x, saved, w.raw(s), p, spec, tensor.BatchNormGrads{Gamma: w.vec(s.C),
		Beta: w.vec(s.C), NeedX: true})
}

// buffer is a buffer of normal numbers that is compared at the end.
func (w *world) buffer(n int) tensor.Buffer {
	b := w.Backend().NewBuffer(n)
	w.Write(b, 0, w.normal(n))
	w.bufs = append(w.bufs, b)
	return b
}

// vec is a view of n elements inside a longer buffer.
func (w *world) vec(n int) tensor.Vec {
	off := w.rng.IntN(4)
	return tensor.Vec{Buf: w.buffer(off + n + w.rng.IntN(4)), Off: off, Len: n}
}

// positive is a vec of numbers in [0.5, 2).
func (w *world) positive(n int) tensor.Vec {
	v := w.vec(n)
	x := make([]float32, v.Buf.Len())
	for i := range x {
		x[i] = 0.5 + 1.5*w.rng.Float32()
	}
	w.Write(v.Buf, 0, x)
	return v
}

// weight is a view that is often smaller than its buffer: a kernel's centre, first channels.
func (w *world) weight(kh, kw, in, out int) tensor.Weight {
	if w.coin() {
		return tensor.NewWeight(w.buffer(kh*kw*in*out), kh, kw, in, out)
	}
	grow := 2 * w.rng.IntN(2)
	i, o := in+w.rng.IntN(4), out+w.rng.IntN(9)
	b := w.buffer((kh + grow) * (kw + grow) * i * o)
	v := tensor.NewWeight(b, kh+grow, kw+grow, i, o)
	v.Off += grow/2*v.StrideKH + grow/2*v.StrideKW
	v.KH, v.KW, v.In, v.Out = kh, kw, in, out
	return v
}

// like is the same view into another buffer.
func (w *world) like(v tensor.Weight) tensor.Weight {
	v.Buf = w.buffer(v.Buf.Len())
	return v
}

func (w *world) norm(c int) tensor.BatchNorm {
	return tensor.BatchNorm{Gamma: w.positive(c), Beta: w.vec(c), Mean: w.vec(c), Var: w.positive(c)}
}

func (w *world) normSpec(train bool, act tensor.Act) tensor.BatchNormSpec {
	return tensor.BatchNormSpec{Train: train, Keep: true, Act: act, Eps: 1e-5,
		Momentum: pick(w, 0.1, 1, 0.25)}
}

func (w *world) normalise(x tensor.Tensor, train bool, act tensor.Act) tensor.Tensor {
	y, _ := w.BatchNormAct(x, w.norm(x.Shape().C), w.normSpec(train, act))
	return y
}

// compare runs a program on the device and on the reference.
func (s *suite) compare(device tensor.Backend, name string, seed uint64, tol float64,
	program func(w *world)) {
	s.Helper()
	var worlds [2]*world
	for i, b := range []tensor.Backend{fake.New(), device} {
		w := newWorld(b, seed)
		program(w)
		w.finish()
		if err := w.Sync(); err != nil {
			s.Fatalf("%s: %v", name, err)
		}
		worlds[i] = w
	}
	want, got := worlds[0], worlds[1]
	if len(want.kept) != len(got.kept) {
		s.Fatalf("%s: %d results, expected %d", name, len(got.kept), len(want.kept))
	}
	for i, r := range want.kept {
		g := got.kept[i]
		if g.name != r.name {
			s.Fatalf("%s (%s): result is %q, expected %q", name, want.note, g.name, r.name)
		}
		if at, off, limit := differ(r.data, g.data, tol); at >= 0 {
			s.Errorf("%s (%s): %s: element %d is %g, expected %g: off by %g, tolerance %g", name, want.note,
				r.name, at, g.data[at], r.data[at], off, limit)
		}
	}
}

// differ is the worst element outside the tolerance, relative to the largest magnitude, or −1.
func differ(want, got []float32, tol float64) (at int, off, limit float64) {
	top := 0.0
	for _, v := range want {
		top = max(top, math.Abs(float64(v)))
	}
	limit = tol*top + 1e-6
	at = -1
	for i := range want {
		d := math.Abs(float64(want[i]) - float64(got[i]))
		if math.IsNaN(d) {
			return i, d, limit
		}
		if d > limit && d > off {
			at, off = i, d
		}
	}
	return at, off, limit
}

// bits runs a program on a device and returns the bits of everything it keeps.
func bits(b tensor.Backend, seed uint64, program func(w *world)) []uint32 {
	w := newWorld(b, seed)
	program(w)
	w.finish()
	var out []uint32
	for _, r := range w.kept {
		for _, v := range r.data {
			out = append(out, math.Float32bits(v))
		}
	}
	return out
}

func sameBits(a, b []uint32) bool { return slices.Equal(a, b) }
