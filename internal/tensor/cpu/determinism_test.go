package cpu

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// mbconv is an inverted residual block with squeeze-and-excitation and all that its training step
// needs, on given weights.
type mbconv struct {
	st                  tensor.Stream
	stem, we, wd, ws    tensor.Weight
	wp                  tensor.Weight
	params              []tensor.Buffer
	bn                  [4]tensor.BatchNorm
	bnGrads             [4]tensor.BatchNormGrads
	x, dy               []float32
	in, out             tensor.Shape
	gradOf              map[tensor.Buffer]tensor.Buffer
	momenta             map[tensor.Buffer]tensor.Buffer
	mid, narrow, stride int
}

func newMBConv(b tensor.Backend, n, size, stride int) *mbconv {
	r := rand.New(rand.NewPCG(7, 8))
	m := &mbconv{st: b.NewStream(), gradOf: map[tensor.Buffer]tensor.Buffer{}, momenta: map[tensor.Buffer]tensor.Buffer{}, mid: 72, narrow: 24, stride: stride}
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64()) * 0.3
		}
		return x
	}
	buffer := func(n int) tensor.Buffer {
		p := b.NewBuffer(n)
		m.st.Write(p, 0, random(n))
		m.gradOf[p], m.momenta[p] = b.NewBuffer(n), b.NewBuffer(n)
		m.params = append(m.params, p)
		return p
	}
	weight := func(k, in, out int) tensor.Weight {
		return tensor.NewWeight(buffer(k*k*in*out), k, k, in, out)
	}
	m.stem, m.we, m.wd, m.ws, m.wp = weight(3, 3, m.narrow), weight(1, m.narrow, m.mid), weight(5, 1, m.mid), weight(1, m.mid, m.mid), weight(1, m.mid, m.narrow)
	for i, c := range []int{m.narrow, m.mid, m.mid, m.narrow} {
		p := [2]tensor.Vec{tensor.NewVec(buffer(c)), tensor.NewVec(buffer(c))}
		m.bn[i] = tensor.BatchNorm{Gamma: p[0], Beta: p[1], Mean: tensor.NewVec(b.NewBuffer(c)), Var: tensor.NewVec(b.NewBuffer(c))}
		m.bnGrads[i] = tensor.BatchNormGrads{Gamma: tensor.NewVec(m.gradOf[p[0].Buf]), Beta: tensor.NewVec(m.gradOf[p[1].Buf]), NeedX: true}
	}
	m.in = tensor.Shape{N: n, H: size, W: size, C: 3}
	m.out = tensor.Shape{N: n, H: (size + stride - 1) / stride, W: (size + stride - 1) / stride, C: m.narrow}
	m.x, m.dy = random(m.in.Size()), random(m.out.Size())
	return m
}

func (m *mbconv) grad(w tensor.Weight) tensor.Weight {
	w.Buf = m.gradOf[w.Buf]
	return w
}

// step is one training step.
func (m *mbconv) step() {
	st := m.st
	for _, p := range m.params {
		st.Zero(m.gradOf[p])
	}
	spec := func(k, stride, groups int) tensor.ConvSpec {
		return tensor.ConvSpec{Stride: stride, Pad: k / 2, Groups: groups, WantStats: true}
	}
	norm := func(act tensor.Act) tensor.BatchNormSpec {
		return tensor.BatchNormSpec{Train: true, Keep: true, Act: act, Eps: 1e-5, Momentum: 0.1}
	}
	none := tensor.Vec{}
	x := st.Upload(m.in, m.x)
	s0 := st.Conv(x, m.stem, none, spec(3, 1, 1))
	a0, v0 := st.BatchNormAct(s0, m.bn[0], norm(tensor.ActHSwish))
	s1 := st.Conv(a0, m.we, none, spec(1, 1, 1))
	a1, v1 := st.BatchNormAct(s1, m.bn[1], norm(tensor.ActReLU))
	s2 := st.Conv(a1, m.wd, none, spec(5, m.stride, m.mid))
	a2, v2 := st.BatchNormAct(s2, m.bn[2], norm(tensor.ActHSwish))
	pool := st.GlobalAvgPool(a2)
	s3 := st.Conv(pool, m.ws, none, spec(1, 1, 1))
	gate := st.Act(s3, tensor.ActHSigmoid)
	a3 := st.ScaleChannels(a2, gate)
	s4 := st.Conv(a3, m.wp, none, spec(1, 1, 1))
	_, v4 := st.BatchNormAct(s4, m.bn[3], norm(tensor.ActNone))

	d := st.BatchNormActBackward(s4, v4, st.Upload(m.out, m.dy), m.bn[3], norm(tensor.ActNone), m.bnGrads[3])
	conv := func(x, dy tensor.Tensor, w tensor.Weight, s tensor.ConvSpec, need bool) tensor.Tensor {
		return st.ConvBackward(x, dy, w, s, tensor.ConvGrads{W: m.grad(w), NeedX: need})
	}
	d = conv(a3, d, m.wp, spec(1, 1, 1), true)
	d2, dg := st.ScaleChannelsBackward(a2, gate, d)
	dp := conv(pool, st.ActBackward(s3, dg, tensor.ActHSigmoid), m.ws, spec(1, 1, 1), true)
	d = st.Add(d2, st.GlobalAvgPoolBackward(dp, a2.Shape()), tensor.ActNone)
	d = st.BatchNormActBackward(s2, v2, d, m.bn[2], norm(tensor.ActHSwish), m.bnGrads[2])
	d = conv(a1, d, m.wd, spec(5, m.stride, m.mid), true)
	d = st.BatchNormActBackward(s1, v1, d, m.bn[1], norm(tensor.ActReLU), m.bnGrads[1])
	d = conv(a0, d, m.we, spec(1, 1, 1), true)
	d = st.BatchNormActBackward(s0, v0, d, m.bn[0], norm(tensor.ActHSwish), m.bnGrads[0])
	conv(x, d, m.stem, spec(3, 1, 1), false)
	for _, p := range m.params {
		st.SGD(p, m.gradOf[p], m.momenta[p], tensor.SGDSpec{LR: 0.01, Momentum: 0.9, GradScale: 1, WeightDecay: 1e-4, Nesterov: true})
	}
	st.Reset()
}

// weights is all parameters, in order.
func (m *mbconv) weights() []float32 {
	var all []float32
	for _, p := range m.params {
		x := make([]float32, p.Len())
		m.st.Read(p, 0, x)
		all = append(all, x...)
	}
	return all
}

func equalBits(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// TestDeterminism trains a block with 1, 2 and 8 processors, with bounded workers and with four
// trainings at once on one backend: always the same bits.
func TestDeterminism(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	strides := []int{1, 2}
	if testing.Short() {
		strides = strides[1:]
	}
	for _, p := range kernel.Available() {
		for _, stride := range strides {
			train := func(b tensor.Backend) []float32 {
				m := newMBConv(b, 9, 11, stride)
				for range 2 {
					m.step()
				}
				return m.weights()
			}
			runtime.GOMAXPROCS(1)
			want := train(New(Options{Kernel: p.String()}))
			for _, v := range want {
				if v != v {
					t.Fatal("training made a NaN")
				}
			}
			for _, procs := range []int{2, 8} {
				runtime.GOMAXPROCS(procs)
				if !equalBits(train(New(Options{Kernel: p.String()})), want) {
					t.Errorf("%v, stride %d: GOMAXPROCS %d gives other bits than 1", p, stride, procs)
				}
			}
			b := New(Options{Kernel: p.String(), Workers: 3})
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					if !equalBits(train(b), want) {
						t.Errorf("%v, stride %d: training %d of 4 at once gives other bits", p, stride, i)
					}
				})
			}
			wg.Wait()
		}
	}
}

// TestSteadyState checks that a step after the first few makes hardly any garbage and no more
// memory.
func TestSteadyState(t *testing.T) {
	m := newMBConv(New(Options{}), 5, 13, 1)
	for range 3 {
		m.step()
	}
	s := m.st.(*stream)
	pieces := len(s.arena.all)
	if n := testing.AllocsPerRun(10, m.step); n > 20 {
		t.Errorf("%v allocations in a step", n)
	}
	if len(s.arena.all) != pieces {
		t.Errorf("memory grew from %d to %d pieces", pieces, len(s.arena.all))
	}
}
