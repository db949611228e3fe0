package supernet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// cost is what operations of one kind took: processor time, arithmetic, and the bytes that they
// must move when nothing stays in cache between operations.
type cost struct {
	key                   string
	order, calls          int
	seconds, flops, bytes float64
}

// ledger is a backend whose streams book every operation under its kind and size. Pending work (a
// normalisation that the next operation applies while it loads) is booked where it is done.
type ledger struct {
	tensor.Backend
	on    bool
	costs map[string]*cost
	watch *stopwatch // nil: processor time is booked
}

func (l *ledger) NewStream() tensor.Stream { return &bookedStream{l.Backend.NewStream(), l} }

func (l *ledger) book(key string, flops, floats float64, run func()) {
	if l.watch != nil {
		start := time.Now()
		run()
		l.watch.stop(key, time.Since(start).Seconds())
		return
	}
	before, _ := usage()
	run()
	after, _ := usage()
	if !l.on {
		return
	}
	c := l.costs[key]
	if c == nil {
		c = &cost{key: key, order: len(l.costs)}
		l.costs[key] = c
	}
	c.calls++
	c.seconds += after - before
	c.flops += flops
	c.bytes += 4 * floats
}

type bookedStream struct {
	tensor.Stream
	l *ledger
}

// convKey names a convolution by its kind and the map that it reads.
func convKey(x tensor.Shape, w tensor.Weight, spec tensor.ConvSpec) string {
	var kind string
	switch {
	case spec.Depthwise(w):
		kind = "depthwise k×k"
	case x.H*x.W == 1:
		return "1×1 on pooled values"
	case w.KH == 1:
		kind = "1×1"
	default:
		kind = fmt.Sprintf("dense %d×%d", w.KH, w.KW)
	}
	if spec.Stride > 1 {
		kind += fmt.Sprintf(" stride %d", spec.Stride)
	}
	return fmt.Sprintf("%s, %d×%d", kind, x.H, x.W)
}

func convWork(x tensor.Shape, w tensor.Weight, spec tensor.ConvSpec) (flops, in, out float64) {
	y := spec.Out(x, w)
	return 2 * float64(y.Size()*w.KH*w.KW*w.In), float64(x.Size()), float64(y.Size())
}

func (s *bookedStream) Conv(x tensor.Tensor, w tensor.Weight, bias tensor.Vec, spec tensor.ConvSpec) (y tensor.Tensor) {
	flops, in, out := convWork(x.Shape(), w, spec)
	s.l.book("forward "+convKey(x.Shape(), w, spec), flops, in+out+float64(w.Size()), func() { y = s.Stream.Conv(x, w, bias, spec) })
	return y
}

// ConvBackward reads x, the output gradient, and the output itself where the gradient comes through
// a normalisation; it writes the input's gradient and reads x again for the sums of the
// normalisation before.
func (s *bookedStream) ConvBackward(x, dy tensor.Tensor, w tensor.Weight, spec tensor.ConvSpec, g tensor.ConvGrads) (dx tensor.Tensor) {
	flops, in, out := convWork(x.Shape(), w, spec)
	floats := in + 2*out + 2*float64(w.Size())
	if g.NeedX {
		flops, floats = 2*flops, floats+in
	}
	s.l.book("backward "+convKey(x.Shape(), w, spec), flops, floats, func() { dx = s.Stream.ConvBackward(x, dy, w, spec, g) })
	return dx
}

func (s *bookedStream) BatchNormAct(x tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec) (y, saved tensor.Tensor) {
	s.l.book("normalisation, coefficients", 0, 0, func() { y, saved = s.Stream.BatchNormAct(x, p, spec) })
	return y, saved
}

func (s *bookedStream) BatchNormActBackward(x, saved, dy tensor.Tensor, p tensor.BatchNorm, spec tensor.BatchNormSpec, g tensor.BatchNormGrads) (dx tensor.Tensor) {
	s.l.book("normalisation backward, sums", 0, 0, func() { dx = s.Stream.BatchNormActBackward(x, saved, dy, p, spec, g) })
	return dx
}

func (s *bookedStream) Add(a, b tensor.Tensor, act tensor.Act) (y tensor.Tensor) {
	s.l.book("residual sums", float64(a.Shape().Size()), 3*float64(a.Shape().Size()), func() { y = s.Stream.Add(a, b, act) })
	return y
}

func (s *bookedStream) ScaleChannelsBackward(x, sc, dy tensor.Tensor) (dx, ds tensor.Tensor) {
	n := float64(x.Shape().Size())
	s.l.book("squeeze and excitation", 2*n, 2*n, func() { dx, ds = s.Stream.ScaleChannelsBackward(x, sc, dy) })
	return dx, ds
}

func (s *bookedStream) GlobalAvgPool(x tensor.Tensor) (y tensor.Tensor) {
	n := float64(x.Shape().Size())
	s.l.book("squeeze and excitation", n, n, func() { y = s.Stream.GlobalAvgPool(x) })
	return y
}

func (s *bookedStream) SGD(param, grad, momentum tensor.Buffer, spec tensor.SGDSpec) {
	n := float64(param.Len())
	s.l.book("optimiser", 4*n, 5*n, func() { s.Stream.SGD(param, grad, momentum, spec) })
}

func (s *bookedStream) Zero(b tensor.Buffer) {
	s.l.book("gradients to zero", 0, float64(b.Len()), func() { s.Stream.Zero(b) })
}

func (s *bookedStream) Upload(shape tensor.Shape, data []float32) (y tensor.Tensor) {
	s.l.book("input", 0, 2*float64(shape.Size()), func() { y = s.Stream.Upload(shape, data) })
	return y
}

func (s *bookedStream) CrossEntropy(logits, targets, mask tensor.Tensor) (y tensor.Tensor) {
	s.l.book("loss", 0, 0, func() { y = s.Stream.CrossEntropy(logits, targets, mask) })
	return y
}

func (s *bookedStream) CrossEntropyBackward(logits, targets, mask, drows tensor.Tensor) (dx tensor.Tensor) {
	s.l.book("loss", 0, 0, func() { dx = s.Stream.CrossEntropyBackward(logits, targets, mask, drows) })
	return dx
}

// The roof of one core of the machine of docs/performance.md: AVX-512 fused multiply-adds, and a
// triad over main memory.
const roofFlops, roofBytes = 180e9, 14e9

// table is the ledger as rows of a Markdown table, times per training step.
func (l *ledger) table(steps int, all float64) string {
	rows := make([]*cost, 0, len(l.costs))
	rest := all
	for _, c := range l.costs {
		rows = append(rows, c)
		rest -= c.seconds
	}
	slices.SortFunc(rows, func(a, b *cost) int { return cmp.Compare(a.order, b.order) })
	var t strings.Builder
	fmt.Fprintf(&t, "\n| operation | calls | ms | share | MFLOP | MB | GFLOP/s | GB/s | roof |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	n := float64(steps)
	for _, c := range rows {
		roof := max(c.flops/roofFlops, c.bytes/roofBytes) / c.seconds
		fmt.Fprintf(&t, "| %s | %.1f | %.2f | %.1f %% | %.0f | %.1f | %.0f | %.1f | %.0f %% |\n", c.key, float64(c.calls)/n, 1e3*c.seconds/n,
			100*c.seconds/all, c.flops/n/1e6, c.bytes/n/1e6, c.flops/c.seconds/1e9, c.bytes/c.seconds/1e9, 100*roof)
	}
	fmt.Fprintf(&t, "| everything else | | %.2f | %.1f %% | | | | | |\n", 1e3*rest/n, 100*rest/all)
	return t.String()
}

// BenchmarkLayers logs what the operations of a training step take, as processor time of a single
// thread (hence -cpu 1): means over the workload's sub-networks. Convolutions of all kernel sizes
// are one row where only that differs.
//
//	go test ./supernet -run '^$' -bench Layers -benchtime 3x -cpu 1 -v
func BenchmarkLayers(b *testing.B) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			backend, err := newBackend(&Options{Workers: 1})
			if err != nil {
				b.Fatal(err)
			}
			l := &ledger{Backend: backend, costs: map[string]*cost{}}
			run := newBench(b, l, w.size, w.stem, w.batch)
			cycle := func() {
				for i := range run.programs {
					run.train(b, i)
				}
			}
			cycle()
			l.on = true
			before, _ := usage()
			for b.Loop() {
				cycle()
			}
			after, _ := usage()
			b.Log(l.table(b.N*len(run.programs), after-before))
		})
	}
}
