package backendtest

import (
	"runtime"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// testValues: a tensor keeps the values that its operands had, whatever is written to buffers later
// and however late the device computes.
func testValues(s *suite) {
	s.cases(12, 2e-5, func(w *world) {
		shape := tensor.Shape{N: 2, H: 5, W: 6, C: w.channels()}
		overwrite := func(bufs ...tensor.Buffer) {
			for _, b := range bufs {
				w.Write(b, 0, w.normal(b.Len()))
			}
		}
		x := w.raw(shape)
		weight, bias := w.weight(1, 1, shape.C, 7), w.vec(7)
		y := w.Conv(x, weight, bias, one)
		overwrite(weight.Buf, bias.Buf)
		p := w.norm(7)
		z, _ := w.BatchNormAct(y, p, w.normSpec(w.coin(), tensor.ActHSwish))
		overwrite(p.Gamma.Buf, p.Beta.Buf, p.Mean.Buf, p.Var.Buf)
		scaled := w.ScaleChannels(z, w.raw(tensor.Vector(2, 7)))
		table := w.weight(1, 1, 4, 7)
		e := w.Embedding(table, []int{1, 3})
		overwrite(table.Buf)
		share := w.shares(3)
		mixed, alone := w.Mix([]tensor.Tensor{z, y, z}, share, w.coin()), w.Mix([]tensor.Tensor{z},
			share.First(1), false)
		dmixed := w.MixBackward([]tensor.Tensor{z, y, y}, w.raw(z.Shape()), share, w.vec(3),
			[]bool{true, false, false})[0]
		overwrite(share.Buf)
		w.keep("embedding", e)
		w.keep("scaled", scaled)
		w.keep("mixed", mixed)
		w.keep("mixed alone", alone)
		if dmixed == nil {
			dmixed = w.Fill(z.Shape(), 0)
		}
		w.keep("mixed gradient", dmixed)
		w.keep("normalised", z)
		w.keep("convolution", y)

		// Backward passes read gamma and weights as they are then.
		q, spec := w.norm(shape.C), w.normSpec(true, tensor.ActSwish)
		_, saved := w.BatchNormAct(x, q, spec)
		dx := w.BatchNormActBackward(x, saved, w.raw(shape), q, spec, w.normGrads(shape.C))
		overwrite(q.Gamma.Buf, q.Beta.Buf, q.Mean.Buf, q.Var.Buf)
		dw := w.weight(1, 1, 5, shape.C)
		in := w.raw(tensor.Shape{N: 2, H: 5, W: 6, C: 5})
		w.keep("gradient through a delayed gradient", w.ConvBackward(in, dx, dw, one, w.grads(dw, true)))
		w.keep("delayed gradient", dx)
	})
}

// testHostSlices: what is handed in may be changed at once.
func testHostSlices(s *suite) {
	s.cases(6, 1e-6, func(w *world) {
		shape := w.shape()
		v := w.normal(shape.Size())
		x := w.Upload(shape, v)
		clear(v)
		b := w.buffer(shape.Size())
		u := w.normal(shape.Size())
		w.Write(b, 0, u)
		clear(u)
		table := w.weight(1, 1, 5, 6)
		rows := []int{4, 2, 2}
		e := w.Embedding(table, rows)
		w.EmbeddingBackward(w.raw(e.Shape()), w.like(table), rows)
		clear(rows)
		w.keep("embedding", e)
		list := []tensor.Tensor{x, x}
		c, m, ones := w.Concat(list), w.Mix(list, w.vec(2), false), []bool{true, true}
		dxs := w.MixBackward(list, x, w.vec(2), w.vec(2), ones)
		clear(list)
		clear(ones)
		w.keep("concat", c)
		w.keep("mix", m)
		w.keep("mix gradient", dxs[1])
		w.keep("upload", x)
	})
}

// testFreeAndReset: freeing operands and starting new steps changes no result.
func testFreeAndReset(s *suite) {
	s.cases(6, 3e-5, func(w *world) {
		shape := tensor.Shape{N: 2, H: 7, W: 6, C: w.channels()}
		weight := w.weight(3, 3, shape.C, 9)
		spec := tensor.ConvSpec{Stride: 1, Pad: 1, Groups: 1, WantStats: true}
		for range 3 {
			x := w.raw(shape)
			y := w.Conv(x, weight, tensor.Vec{}, spec)
			w.Free(x)
			z := w.normalise(y, true, tensor.ActHSwish)
			w.Free(y)
			t := w.raw(z.Shape())
			scale := w.raw(tensor.Vector(2, 9))
			u := w.ScaleChannels(z, scale)
			w.Free(z)
			w.Free(scale)
			a := w.Add(u, t, tensor.ActReLU)
			w.Free(t)
			w.Free(u)
			for range 4 {
				w.Free(w.Act(w.raw(shape), tensor.ActReLU))
			}
			w.keep("result", a)
			w.Reset()
		}
	})
}

// testLongSums: a million terms keep 1e-5 relative error.
func testLongSums(s *suite) {
	w := newWorld(s.open(), 5)
	shape := tensor.Shape{N: 16, H: 256, W: 256, C: 1}
	if testing.Short() {
		shape.N = 2
	}
	v := make([]float32, shape.Size())
	sum, square := 0.0, 0.0
	for i := range v {
		v[i] = 100 + float32(w.rng.NormFloat64())
		sum += float64(v[i])
		square += float64(v[i]) * float64(v[i])
	}
	n := float64(len(v))
	mean := sum / n
	variance := 0.0
	for _, x := range v {
		variance += (float64(x) - mean) * (float64(x) - mean) / n
	}
	relative := func(what string, got, want float64) {
		if d := (got - want) / want; !(d <= 1e-5 && d >= -1e-5) {
			s.Errorf("%s is %.9g, expected %.9g", what, got, want)
		}
	}
	number := func(t tensor.Tensor) float64 {
		var one [1]float32
		w.Download(t, one[:])
		return float64(one[0])
	}
	at := func(v tensor.Vec) float64 {
		var one [1]float32
		w.Read(v.Buf, v.Off, one[:])
		return float64(one[0])
	}
	x := w.Upload(shape, v)
	relative("sum", number(w.Sum(x, 1)), sum)
	b := w.Backend().NewBuffer(len(v))
	w.Write(b, 0, v)
	relative("sum of squares", w.SumSquares([]tensor.Buffer{b}), square)

	zero := func() tensor.Vec { return tensor.NewVec(w.Backend().NewBuffer(1)) }
	p := tensor.BatchNorm{Gamma: zero(), Beta: zero(), Mean: zero(), Var: zero()}
	w.BatchNormAct(x, p, tensor.BatchNormSpec{Train: true, Eps: 1e-5, Momentum: 1})
	relative("running mean", at(p.Mean), mean)
	relative("running variance", at(p.Var), variance*n/(n-1))

	// The same through a convolution that collects statistics, weight 1.
	weight := tensor.NewWeight(w.Backend().NewBuffer(1), 1, 1, 1, 1)
	w.Write(weight.Buf, 0, []float32{1})
	y := w.Conv(x, weight, tensor.Vec{}, tensor.ConvSpec{Stride: 1, Groups: 1, WantStats: true})
	w.BatchNormAct(y, p, tensor.BatchNormSpec{Train: true, Eps: 1e-5, Momentum: 1})
	relative("running mean after a convolution", at(p.Mean), mean)
	relative("running variance after a convolution", at(p.Var), variance*n/(n-1))

	total := zero()
	w.MixBackward([]tensor.Tensor{x}, x, zero(), total, []bool{false})
	relative("gradient of a mix", at(total), square)

	g := tensor.ConvGrads{W: tensor.NewWeight(w.Backend().NewBuffer(1), 1, 1, 1, 1), B: zero()}
	w.ConvBackward(x, x, weight, tensor.ConvSpec{Stride: 1, Groups: 1}, g)
	relative("weight gradient", at(tensor.NewVec(g.W.Buf)), square)
	relative("bias gradient", at(g.B), sum)
}

// testSameBits: neither GOMAXPROCS nor repetition changes a bit.
func testSameBits(s *suite) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	program := func(w *world) {
		w.chain(tensor.Shape{N: 4, H: 14, W: 14, C: 24})
		w.rng.Float64()
		shape := tensor.Shape{N: 3, H: 17, W: 17, C: 19}
		weight := w.weight(3, 3, 19, 21)
		x := w.raw(shape)
		y := w.Conv(x, weight, tensor.Vec{}, tensor.ConvSpec{Stride: 2, Pad: 1, Groups: 1})
		w.keep("dense", y)
		w.mixChain(tensor.Shape{N: 4, H: 19, W: 19, C: 24})
		w.keep("dense gradient", w.ConvBackward(x, w.raw(y.Shape()), weight,
			tensor.ConvSpec{Stride: 2, Pad: 1, Groups: 1}, w.grads(weight, true)))
	}
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		var first []uint32
		for i, procs := range []int{1, 2, 8, 1} {
			runtime.GOMAXPROCS(procs)
			got := bits(s.open(), seed, program)
			if i == 0 {
				first = got
			} else if !sameBits(first, got) {
				s.Fatalf("GOMAXPROCS %d gives other bits than 1", procs)
			}
		}
	}
}

// testStreams: concurrent streams that read the same buffers get the bits that one alone gets.
func testStreams(s *suite) {
	b := s.open()
	setup := newWorld(b, 8)
	shape := tensor.Shape{N: 2, H: 9, W: 9, C: 16}
	weight, depth := setup.weight(1, 1, 16, 24), setup.weight(5, 5, 1, 24)
	p := setup.norm(24)
	if err := setup.Sync(); err != nil {
		s.Fatal(err)
	}
	infer := func(w *world) {
		for range 3 {
			y := w.Conv(w.raw(shape), weight, tensor.Vec{}, one)
			z, _ := w.BatchNormAct(y, p, tensor.BatchNormSpec{Eps: 1e-5, Act: tensor.ActHSwish})
			w.keep("result", w.Conv(z, depth, tensor.Vec{}, tensor.ConvSpec{Stride: 2, Pad: 2, Groups: 24}))
			w.Reset()
		}
	}
	const n = 6
	var alone, together [n][]uint32
	for i := range n {
		alone[i] = bits(b, uint64(i), infer)
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { together[i] = bits(b, uint64(i), infer) })
	}
	wg.Wait()
	for i := range n {
		if !sameBits(alone[i], together[i]) {
			s.Errorf("stream %d computes other bits beside others", i)
		}
	}
}
