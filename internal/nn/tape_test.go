package nn_test

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// net is a small network with every kind of convolution, squeeze-and-excitation, a residual,
// dropout and a classifier.
type net struct {
	stem, expand, depth, project, fc nn.Weight
	reduce, excite                   nn.Weight
	reduceB, exciteB, fcB            nn.Vector
	n1, n2, n3, n4                   nn.BatchNorm
}

func newNet(r *rig) *net {
	conv := func(name string, dims ...int) nn.Weight { return r.param(name, dims...).Weight() }
	return &net{
		stem: conv("stem", 3, 3, 3, 8), expand: conv("expand", 1, 1, 8, 24), depth: conv("depth", 5, 5, 1, 24), project: conv("project", 1, 1, 24, 8),
		reduce: conv("reduce", 1, 1, 24, 8), excite: conv("excite", 1, 1, 8, 24), fc: conv("fc", 8, 5),
		reduceB: r.param("reduce.b", 8).Vector(), exciteB: r.param("excite.b", 24).Vector(), fcB: r.param("fc.b", 5).Vector(),
		n1: r.norm("n1", 8), n2: r.norm("n2", 24), n3: r.norm("n3", 24), n4: r.norm("n4", 8),
	}
}

// run is the logits; width is the number of inner channels used, kernel the depthwise kernel.
func (m *net) run(t *nn.Tape, x nn.Value, width, kernel int) nn.Value {
	point := tensor.ConvSpec{Stride: 1, Groups: 1}
	x = t.ConvNormAct(x, m.stem, tensor.ConvSpec{Stride: 2, Pad: 1, Groups: 1}, m.n1, tensor.ActHSwish)
	y := t.ConvNormAct(x, m.expand.Crop(1, 8, width), point, m.n2, tensor.ActReLU)
	y = t.ConvNormAct(y, m.depth.Crop(kernel, 1, width), tensor.ConvSpec{Stride: 1, Pad: kernel / 2, Groups: width}, m.n3, tensor.ActHSwish)
	y = squeezeExcite(t, y, m.reduce.Crop(1, width, 8), m.reduceB, m.excite.Crop(1, 8, width), m.exciteB.First(width))
	y = t.ConvNormAct(y, m.project.Crop(1, width, 8), point, m.n4, tensor.ActNone)
	y = t.Dropout(t.GlobalAvgPool(t.Add(y, x, tensor.ActNone)), 0.1)
	return t.Linear(y, m.fc, m.fcB)
}

// train makes some steps on fixed random data and returns the last loss.
func (m *net) train(r *rig, steps int) float64 {
	shape := tensor.Shape{N: 6, H: 13, W: 13, C: 3}
	x := r.normal(shape.Size())
	opt := &nn.SGD{Momentum: 0.9, WeightDecay: 1e-4, Nesterov: true, ClipNorm: 5}
	loss := 0.0
	for s := range steps {
		loss = m.step(r, opt, s, shape, x)
	}
	return loss
}

var netLabels = []int{0, 1, 2, 3, 4, 0}

func (m *net) step(r *rig, opt nn.Optimizer, s int, shape tensor.Shape, x []float32) float64 {
	r.ps.BeginStep()
	r.tape.Begin(nn.Training(uint64(s)))
	logits := m.run(r.tape, r.tape.Input(shape, x), 24-8*(s%2), 5-2*(s%2))
	loss := r.tape.Mean(r.tape.CrossEntropy(logits, r.tape.Goal(5, nn.Targets{Labels: netLabels, Smoothing: 0.1})))
	r.tape.Backward(loss)
	opt.Step(r.st, r.ps, 0.05)
	return r.tape.Item(loss)
}

func TestTrainingLearns(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			first, last := newRig(t, backend()), newRig(t, backend())
			a, b := newNet(first).train(first, 1), newNet(last).train(last, 30)
			if !(b < 0.75*a) {
				t.Errorf("loss went from %g to %g", a, b)
			}
		})
	}
}

// TestSameBits trains with different numbers of processors.
func TestSameBits(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			var first []float32
			for i, procs := range []int{1, 2, 8} {
				runtime.GOMAXPROCS(procs)
				r := newRig(t, backend())
				newNet(r).train(r, 5)
				var all []float32
				for _, p := range r.ps.All() {
					all = append(all, p.Get(r.st)...)
				}
				if i == 0 {
					first = all
				} else if !slices.Equal(first, all) {
					t.Errorf("GOMAXPROCS %d gives other bits than 1", procs)
				}
			}
		})
	}
}

// TestConcurrentInference evaluates one network from several goroutines.
func TestConcurrentInference(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, backend())
			m := newNet(r)
			m.train(r, 3)
			if err := r.st.Sync(); err != nil {
				t.Fatal(err)
			}
			shape := tensor.Shape{N: 2, H: 13, W: 13, C: 3}
			x := r.normal(shape.Size())
			infer := func(tape *nn.Tape) []float32 {
				tape.Begin(nn.Step{})
				return tape.Read(m.run(tape, tape.Input(shape, x), 24, 5), nil)
			}
			want := infer(r.tape)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					tape := nn.NewTape(r.b.NewStream())
					for range 4 {
						if got := infer(tape); !slices.Equal(got, want) {
							t.Errorf("got %v, expected %v", got, want)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// TestInferenceAgreesWithTrainingTape: remembering layers does not change a result, and inference
// touches nothing.
func TestInferenceAgreesWithTrainingTape(t *testing.T) {
	r := fakeRig(t)
	m := newNet(r)
	m.train(r, 2)
	r.ps.BeginStep()
	shape := tensor.Shape{N: 2, H: 9, W: 9, C: 3}
	x := r.normal(shape.Size())
	r.tape.Begin(nn.Step{})
	want := r.tape.Read(m.run(r.tape, r.tape.Input(shape, x), 16, 3), nil)
	if len(r.ps.Touched()) != 0 {
		t.Error("inference touched parameters")
	}
	r.tape.Begin(nn.Step{Grad: true})
	same(t, "logits", r.tape.Read(m.run(r.tape, r.tape.Input(shape, x), 16, 3), nil), want)
}

func TestDropout(t *testing.T) {
	r := fakeRig(t)
	n := 20000
	ones := make([]float32, n)
	for i := range ones {
		ones[i] = 1
	}
	run := func(s nn.Step) (a, b []float32) {
		r.tape.Begin(s)
		x := r.tape.Input(tensor.Vector(1, n), ones)
		return r.tape.Read(r.tape.Dropout(x, 0.3), nil), r.tape.Read(r.tape.Dropout(x, 0.3), nil)
	}
	a, b := run(nn.Training(7))
	c, _ := run(nn.Training(7))
	d, _ := run(nn.Training(8))
	e, _ := run(nn.Step{Seed: 7})
	same(t, "the same seed", c[:50], a[:50])
	same(t, "inference", e[:50], ones[:50])
	agree := func(x, y []float32) float64 {
		k := 0.0
		for i := range x {
			if x[i] == y[i] {
				k++
			}
		}
		return k / float64(n)
	}
	// Two independent masks agree on 0.7² + 0.3² = 0.58 of all elements; five standard deviations
	// are 0.0175.
	for what, got := range map[string]float64{"layers": agree(a, b), "seeds": agree(a, d)} {
		if math.Abs(got-0.58) > 0.0175 {
			t.Errorf("masks of two %s agree on %g of the elements, expected 0.58", what, got)
		}
	}
	mean := 0.0
	for _, v := range a {
		mean += float64(v) / float64(n)
	}
	if math.Abs(mean-1) > 0.025 {
		t.Errorf("mean is %g, expected 1", mean)
	}
	mustPanic(t, "dropout: rate is 1, expected [0, 1)", func() { r.tape.Dropout(r.tape.Input(tensor.Scalar(), ones[:1]), 1) })
}
