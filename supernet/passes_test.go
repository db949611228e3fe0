package supernet

import (
	"math"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// moved is how far one plain SGD step of rate 1 moves every tensor.
func moved(t *testing.T, n *network, o *TrainOptions, b *dataset.Batch, shared bool, passes ...Pass) (map[string][]float32, float64, float64) {
	t.Helper()
	if o == nil {
		o = &TrainOptions{}
	}
	run := &training{network: n, plan: &plan{LabelSmoothing: o.LabelSmoothing, DecayWeightsOnly: o.DecayWeightsOnly}, opts: o}
	run.shared = shared
	if o.Teacher != nil {
		u, err := run.tutorOf(o.Teacher)
		if err != nil {
			t.Fatal(err)
		}
		run.tutor = u
	}
	run.sgd.WeightDecay = max(o.WeightDecay, 0)
	run.hold()
	defer n.thaw()
	run.program = func(a searchspace.Arch) (*program, error) {
		g, err := n.space.Lower(a)
		if err != nil {
			return nil, err
		}
		return compile(a, g, n.store)
	}
	runs := bound(t, run, passes)
	before := n.values()
	loss, right, err := run.step(b, runs, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	after := n.values()
	for key := range after {
		for i := range after[key] {
			after[key][i] -= before[key][i]
		}
	}
	if err := n.setValues(before); err != nil {
		t.Fatal(err)
	}
	return after, loss, right
}

// bound is passes ready to run.
func bound(t *testing.T, run *training, passes []Pass) []passRun {
	t.Helper()
	var runs []passRun
	for _, pass := range passes {
		r, err := run.bind(pass)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	if err := arrange(runs); err != nil {
		t.Fatal(err)
	}
	return runs
}

// trainable drops running statistics from a set of tensors.
func trainable(n *network, m map[string][]float32) map[string][]float32 {
	out := make(map[string][]float32)
	for _, s := range n.store.list {
		if !s.kind.statistic() {
			out[s.key] = m[s.key]
		}
	}
	return out
}

// sum adds sets of tensors with weights.
func sum(weights []float32, sets ...map[string][]float32) map[string][]float32 {
	out := make(map[string][]float32)
	for k, set := range sets {
		for key, v := range set {
			if out[key] == nil {
				out[key] = make([]float32, len(v))
			}
			for i, x := range v {
				out[key][i] += weights[k] * x
			}
		}
	}
	return out
}

// near compares sets of tensors by the largest number of each.
func near(t *testing.T, what string, got, want map[string][]float32, tol float64) {
	t.Helper()
	for key, w := range want {
		top := 0.0
		for _, x := range w {
			top = math.Max(top, math.Abs(float64(x)))
		}
		for i, x := range w {
			if d := math.Abs(float64(got[key][i] - x)); !(d <= tol*top+5e-7) { // values near 1 are rounded by 6e-8
				t.Errorf("%s: %s[%d] is %v, expected %v", what, key, i, got[key][i], x)
				break
			}
		}
	}
}

// The gradients of a step's passes add up, each with its weight; so do losses, and answers as a
// mean.
func TestPassesAddUp(t *testing.T) {
	n := tinyNet(t, Elastic)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	large, small, other := n.space.Largest(), n.space.Smallest(), sample(t, n.space, 2)
	one, l1, r1 := moved(t, n.network, nil, b, true, Pass{Arch: large})
	two, l2, r2 := moved(t, n.network, nil, b, true, Pass{Arch: small})
	three, l3, r3 := moved(t, n.network, nil, b, true, Pass{Arch: other})
	all, loss, right := moved(t, n.network, nil, b, true, Pass{Arch: large}, Pass{Arch: small, Weight: 0.5}, Pass{Arch: other, Weight: 2})
	near(t, "sum of three passes", trainable(n.network, all), trainable(n.network, sum([]float32{1, 0.5, 2}, one, two, three)), 1e-4)
	if want := l1 + 0.5*l2 + 2*l3; math.Abs(loss-want) > 1e-5*want {
		t.Errorf("loss %v, expected %v", loss, want)
	}
	if want := (r1 + r2 + r3) / 3; math.Abs(right-want) > 1e-12 {
		t.Errorf("%v right, expected %v", right, want)
	}
}

// Weight decay on weights only leaves every vector where its gradient puts it.
func TestDecayWeightsOnly(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 3)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	none, _, _ := moved(t, m.network, &TrainOptions{}, b, false, Pass{Arch: m.arch})
	all, _, _ := moved(t, m.network, &TrainOptions{WeightDecay: 0.1}, b, false, Pass{Arch: m.arch})
	some, _, _ := moved(t, m.network, &TrainOptions{WeightDecay: 0.1, DecayWeightsOnly: true}, b, false, Pass{Arch: m.arch})
	for _, s := range m.store.list {
		want := all
		if s.kind != kindWeight {
			want = none
		}
		if !slices.Equal(some[s.key], want[s.key]) {
			t.Errorf("%s is decayed: %v", s.key, s.kind != kindWeight)
		}
	}
	if slices.Equal(all["classifier.linear.bias"], none["classifier.linear.bias"]) && slices.Equal(all["first_conv.bn.bias"], none["first_conv.bn.bias"]) {
		t.Error("the default decays no vector")
	}
}

// A relaxed pass at zeros and ones moves the weights as its sub-network does; in the same step,
// passes at other rows count for themselves; and it may learn from a sub-network.
func TestRelaxedPasses(t *testing.T) {
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 3)
	relaxation, err := n.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	at := func(a searchspace.Arch) searchspace.Relaxed {
		rows, err := n.space.Relax(a)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	one, other := sample(t, n.space, 2), n.space.Smallest()
	teacher := &Teacher{}
	want, loss, right := moved(t, n.network, nil, b, true, Pass{Arch: one, Teacher: teacher}, Pass{Arch: n.space.Largest()}, Pass{Arch: other})
	got, l, r := moved(t, n.network, nil, b, true, Pass{Relaxation: relaxation, Rows: at(one), Teacher: teacher}, Pass{Arch: n.space.Largest()},
		Pass{Relaxation: relaxation, Rows: at(other)})
	near(t, "relaxed", trainable(n.network, got), trainable(n.network, want), 2e-3)
	if math.Abs(l-loss) > 1e-4*loss || r != right {
		t.Errorf("loss %v with %v right, expected %v with %v", l, r, loss, right)
	}
	stranger, err := tinyNet(t, Elastic).Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	oneStep := func(p ...Pass) *TrainOptions {
		o := short(1)
		o.Subnets.Sampler = NewSampler("test", func(int) ([]Pass, error) { return slices.Clone(p), nil })
		return o
	}
	bad := at(one)
	bad[0][0] = math.NaN()
	for name, p := range map[string]Pass{
		"another network":  {Relaxation: stranger, Rows: at(one)},
		"no rows":          {Relaxation: relaxation},
		"not a number":     {Relaxation: relaxation, Rows: bad},
		"nobody to teach":  {Relaxation: relaxation, Rows: at(one), Teacher: teacher},
		"nothing to learn": {Arch: one, Labels: -1},
	} {
		if _, err := n.Train(t.Context(), stripes(t, 16, 16, 1), oneStep(p)); err == nil {
			t.Errorf("%s: trained", name)
		}
	}
	mixed := n.space.Zeros()
	for i := range mixed {
		for c := range mixed[i] {
			mixed[i][c] = 1 / float64(len(mixed[i]))
		}
	}
	o := oneStep(Pass{Relaxation: relaxation, Rows: mixed})
	o.Epochs = 8
	res, err := n.Train(t.Context(), stripes(t, 160, 16, 1), o)
	if err != nil || res.Losses[7] > 0.8*res.Losses[0] {
		t.Errorf("a mixture trains to losses %v (%v)", res.Losses, err)
	}
}

// counting is a device that counts what comes back from it.
type counting struct {
	tensor.Backend
	downloads *int
}

func (c counting) NewStream() tensor.Stream {
	return countingStream{c.Backend.NewStream(), c.downloads}
}

type countingStream struct {
	tensor.Stream
	downloads *int
}

func (s countingStream) Download(t tensor.Tensor, dst []float32) {
	*s.downloads++
	s.Stream.Download(t, dst)
}

func (s countingStream) Read(b tensor.Buffer, off int, dst []float32) {
	*s.downloads++
	s.Stream.Read(b, off, dst)
}

func (s countingStream) SumSquares(bufs []tensor.Buffer) float64 {
	*s.downloads++
	return s.Stream.SumSquares(bufs)
}

// A step waits for its device once, however many passes it has.
func TestOneDownload(t *testing.T) {
	downloads := 0
	n, err := New(tinySpace(t), &Options{Seed: 7, Device: counting{cpu.New(cpu.Options{}), &downloads}})
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	for name, passes := range map[string][]Pass{
		"one":      {{Arch: n.space.Largest()}},
		"three":    {{Arch: n.space.Largest()}, {Arch: n.space.Smallest()}, {Arch: sample(t, n.space, 2)}},
		"in place": {{Arch: n.space.Smallest(), Teacher: &Teacher{}}, {Arch: n.space.Largest()}},
	} {
		run := &training{network: n.network, plan: &plan{}, job: job{program: n.program, shared: true}}
		runs := bound(t, run, passes)
		downloads = 0
		if _, _, err := run.step(b, runs, 0.01, 0); err != nil {
			t.Fatal(err)
		}
		if downloads != 1 {
			t.Errorf("%s: %d downloads, expected 1", name, downloads)
		}
	}
}
