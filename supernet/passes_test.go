package supernet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
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

// A sub-network that learns from the largest one in the step moves as it does when the largest one,
// as a model of its own with the statistics of the batch, teaches it; and the teacher moves as if
// it had no pupil.
func TestInPlaceDistillation(t *testing.T) {
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 3)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	large, small := n.space.Largest(), n.space.Smallest()
	model, err := n.Extract(t.Context(), large, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := model.values()
	teacher := Teacher{Temperature: 2, Weight: 0.7}
	own := teacher
	own.Model, own.BatchStatistics = model, true
	alone, l1, _ := moved(t, n.network, nil, b, true, Pass{Arch: large})
	taught, l2, _ := moved(t, n.network, nil, b, true, Pass{Arch: small, Labels: -1, Teacher: &own})
	both, loss, _ := moved(t, n.network, nil, b, true, Pass{Arch: small, Labels: -1, Teacher: &teacher}, Pass{Arch: large})
	near(t, "both", trainable(n.network, both), trainable(n.network, sum([]float32{1, 1}, alone, taught)), 1e-3)
	if math.Abs(loss-l1-l2) > 1e-4*loss || !(l2 > 0) {
		t.Errorf("loss %v, expected %v and %v", loss, l1, l2)
	}
	sameValues(t, model.values(), before)
}

// A teacher that answers as the student does teaches nothing; on some classes alone, it moves no
// logit of the others.
func TestTeacher(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 3)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	twin, err := NewModel(m.space, m.arch, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := twin.setValues(m.values()); err != nil {
		t.Fatal(err)
	}
	if _, loss, _ := moved(t, m.network, nil, b, false, Pass{Arch: m.arch, Labels: -1, Teacher: &Teacher{Model: twin, BatchStatistics: true}}); math.Abs(loss) > 1e-6 {
		t.Errorf("divergence %v from a twin, expected 0", loss)
	}
	other := tinyModel(t)
	jitter(t, other.network, 8)
	classes := []int{0, 2}
	shift, loss, _ := moved(t, m.network, nil, b, false, Pass{Arch: m.arch, Labels: -1, Teacher: &Teacher{Model: other, Classes: classes}})
	if !(loss > 0) {
		t.Errorf("divergence %v from another network", loss)
	}
	for c, v := range shift["classifier.linear.bias"] {
		if (v != 0) != slices.Contains(classes, c) {
			t.Errorf("bias of class %d moves by %v", c, v)
		}
	}
	for name, bad := range map[string]*Teacher{
		"itself":      {Model: m},
		"none":        {},
		"temperature": {Model: other, Temperature: -1},
		"weight":      {Model: other, Weight: math.Inf(1)},
		"class":       {Model: other, Classes: []int{4}},
		"no class":    {Model: other, Classes: []int{}},
	} {
		o := short(1)
		o.Teacher = bad
		if _, err := m.Train(t.Context(), stripes(t, 16, 16, 1), o); err == nil {
			t.Errorf("%s: trained", name)
		}
	}
}

// Classes that are masked have neither part in the loss nor gradient, and smoothing leaves them
// out.
func TestMasks(t *testing.T) {
	m := tinyModel(t)
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	keep := []int{0, 1}
	for i := range b.Labels {
		b.Labels[i] = keep[i%2]
	}
	masks, err := SuperclassDropout([]int{0, 0, 1, 1}, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	shift, loss, _ := moved(t, m.network, &TrainOptions{Masks: masks, LabelSmoothing: 0.1}, b, false, Pass{Arch: m.arch})
	for c, v := range shift["classifier.linear.bias"] {
		if (v != 0) != (c < 2) {
			t.Errorf("bias of class %d moves by %v", c, v)
		}
	}
	if loss > 2*math.Log(2) {
		t.Errorf("loss %v of a fresh network over two classes, expected about %v", loss, math.Log(2))
	}
	for i := range b.Labels {
		b.Labels[i] = 3
	}
	bad := funcMasks(func(keep []bool) { clear(keep) })
	o := short(1)
	o.Masks = bad
	if _, err := m.Train(t.Context(), stripes(t, 16, 16, 1), o); err == nil || !strings.Contains(err.Error(), "label") {
		t.Errorf("labels that do not count: %v", err)
	}
}

type funcMasks func(keep []bool)

func (f funcMasks) Mask(_ int, _ []int, keep []bool) error { f(keep); return nil }
func (f funcMasks) Identity() string                       { return "test" }

// The share of dropped superclasses is the rate, labels stay, classes of a superclass go together,
// and draws belong to steps.
func TestSuperclassDropout(t *testing.T) {
	groups := []int{0, 1, 1, 2, 2, 2}
	d, err := SuperclassDropout(groups, 0.3, 1)
	if err != nil {
		t.Fatal(err)
	}
	labels := make([]int, 600)
	for i := range labels {
		labels[i] = i % 6
	}
	keep := make([]bool, len(labels)*6)
	draw := func(step int) []bool {
		for i := range keep {
			keep[i] = true
		}
		if err := d.Mask(step, labels, keep); err != nil {
			t.Fatal(err)
		}
		return slices.Clone(keep)
	}
	first := draw(4)
	dropped, others := 0, 0
	for i, label := range labels {
		row := first[i*6 : (i+1)*6]
		if !row[label] || row[1] != row[2] || row[3] != row[4] || row[4] != row[5] {
			t.Fatalf("sample %d of class %d keeps %v", i, label, row)
		}
		for _, c := range []int{0, 1, 3} {
			if groups[c] != groups[label] {
				others++
				if !row[c] {
					dropped++
				}
			}
		}
	}
	if rate := float64(dropped) / float64(others); math.Abs(rate-0.3) > 0.05 {
		t.Errorf("%v of the other superclasses are dropped, expected 0.3", rate)
	}
	if !slices.Equal(draw(4), first) || slices.Equal(draw(5), first) {
		t.Error("draws do not belong to steps")
	}
	for _, c := range []struct {
		groups []int
		rate   float64
	}{{groups, -0.1}, {groups, 1.1}, {groups, math.NaN()}, {[]int{0, -1}, 0.5}} {
		if _, err := SuperclassDropout(c.groups, c.rate, 1); err == nil {
			t.Errorf("superclasses %v at rate %v are accepted", c.groups, c.rate)
		}
	}
	if err := d.Mask(0, []int{1}, make([]bool, 5)); err == nil {
		t.Error("a network of other classes is accepted")
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

// The sandwich names the largest, the smallest and k others, who learn from the largest.
func TestSandwich(t *testing.T) {
	n := tinyNet(t, Elastic)
	s := Sandwich(n.space, 2, 9)
	for i := range 5 {
		passes, err := s.Sample(i)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := s.Sample(i)
		if len(passes) != 4 || passes[0].Arch != n.space.Largest() || passes[1].Arch != n.space.Smallest() || passes[0].Teacher != nil {
			t.Fatalf("step %d: %+v", i, passes)
		}
		for k := range passes {
			if passes[k].Arch != again[k].Arch || k > 0 && passes[k].Arch != passes[0].Arch && (passes[k].Labels >= 0 || passes[k].Teacher == nil) {
				t.Errorf("step %d, pass %d: %+v, then %+v", i, k, passes[k], again[k])
			}
		}
	}
	o := short(10)
	o.Subnets = SubnetOptions{Sampler: s, StepsPerDraw: 1}
	o.LR = 0.02
	train := stripes(t, 160, 16, 1)
	res, err := n.Train(t.Context(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	if res.Losses[9] > 0.8*res.Losses[0] || res.Accuracies[9] < 0.5 {
		t.Errorf("losses %v and accuracies %v, chance is 0.25", res.Losses, res.Accuracies)
	}
	several := Several(2, Uniform(n.space, 4))
	passes, err := several.Sample(3)
	a, _ := Uniform(n.space, 4).Sample(6)
	if err != nil || len(passes) != 2 || passes[0].Arch != a[0].Arch {
		t.Errorf("two of uniform: %+v, %v", passes, err)
	}
}

// A training goes on from a checkpoint only when what decides about its future is the same:
// sampler, restriction of the space, teacher and its weights, masks.
func TestCheckpointKnowsWhatDecides(t *testing.T) {
	n := tinyNet(t, Elastic)
	space := n.space
	narrow, err := space.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Values: []int{3}})
	if err != nil {
		t.Fatal(err)
	}
	train := stripes(t, 32, 16, 1)
	teacher := tinyModel(t)
	trained := tinyModel(t)
	jitter(t, trained.network, 2)
	masks, err := SuperclassDropout([]int{0, 0, 1, 1}, 0.5, 5)
	if err != nil {
		t.Fatal(err)
	}
	base := func() *TrainOptions {
		o := short(1)
		o.Subnets.Sampler = Uniform(space, 1)
		o.Teacher = &Teacher{Model: teacher}
		o.Validation = stripes(t, 8, 16, 2)
		return o
	}
	path := filepath.Join(t.TempDir(), "train.ckpt")
	o := base()
	o.Checkpoint = path
	if _, err := n.Train(t.Context(), train, o); err != nil {
		t.Fatal(err)
	}
	o.Teacher = &Teacher{Model: teacher, Temperature: 1, Weight: 1} // the defaults
	if res, err := n.Train(t.Context(), train, o); err != nil || !res.Resumed {
		t.Fatalf("the same options: %+v, %v", res, err)
	}
	for name, change := range map[string]func(o *TrainOptions){
		"restriction": func(o *TrainOptions) { o.Subnets.Sampler = Uniform(narrow, 1) },
		"seed":        func(o *TrainOptions) { o.Subnets.Sampler = Uniform(space, 2) },
		"sampler":     func(o *TrainOptions) { o.Subnets.Sampler = Sandwich(space, 2, 1) },
		"teacher":     func(o *TrainOptions) { o.Teacher = &Teacher{Model: trained} },
		"temperature": func(o *TrainOptions) { o.Teacher = &Teacher{Model: teacher, Temperature: 2} },
		"no teacher":  func(o *TrainOptions) { o.Teacher = nil },
		"masks":       func(o *TrainOptions) { o.Masks = masks },
		"decay":       func(o *TrainOptions) { o.DecayWeightsOnly = true },
		"steps":       func(o *TrainOptions) { o.Subnets.StepsPerDraw = 1 },
		"judges":      func(o *TrainOptions) { o.Subnets.Validation = []searchspace.Arch{space.Smallest()} },
		"validation":  func(o *TrainOptions) { o.Validation = stripes(t, 12, 16, 2) },
		"statistics":  func(o *TrainOptions) { o.ValidationOptions = &EvalOptions{Statistics: Running} },
	} {
		o := base()
		o.Checkpoint = path
		change(o)
		if _, err := n.Train(t.Context(), train, o); !errors.Is(err, ErrCheckpointMismatch) {
			t.Errorf("%s changed: %v, expected ErrCheckpointMismatch", name, err)
		}
	}
}

// A result says why its training ended.
func TestTrainStatus(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	full := errors.New("disk full")
	for want, run := range map[searchspace.Status]func() (*TrainResult, error){
		searchspace.StatusFinished: func() (*TrainResult, error) { return tinyModel(t).Train(t.Context(), train, short(1)) },
		searchspace.StatusDiverged: func() (*TrainResult, error) {
			o := short(20)
			o.LR = 1e20
			return tinyModel(t).Train(t.Context(), train, o)
		},
		searchspace.StatusStopped: func() (*TrainResult, error) {
			o := short(2)
			o.Recorder = RecorderFunc(func(Progress) error { return full })
			res, err := tinyModel(t).Train(t.Context(), train, o)
			if !errors.Is(err, full) {
				t.Errorf("error %v, expected %v", err, full)
			}
			return res, err
		},
		searchspace.StatusCancelled: func() (*TrainResult, error) {
			ctx, cancel := context.WithCancel(t.Context())
			o := short(2)
			o.Recorder = stopAfter(1, cancel)
			return tinyModel(t).Train(ctx, train, o)
		},
		searchspace.StatusFailed: func() (*TrainResult, error) {
			o := short(2)
			o.LabelSmoothing = 7
			return tinyModel(t).Train(t.Context(), train, o)
		},
	} {
		res, err := run()
		if res.Status != want || (err == nil) != (want == searchspace.StatusFinished) {
			t.Errorf("status %v with error %v, expected %v", res.Status, err, want)
		}
	}
}

// So does that of a training that never began.
func TestStatusOfTheUnbegun(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	n, m := tinyNet(t, Elastic), tinyModel(t)
	bad := short(1)
	bad.Subnets.StepsPerDraw = -1
	blind := short(1)
	blind.Validation = stripes(t, 8, 4, 1) // images of another size
	for name, c := range map[string]struct {
		run  func() (*TrainResult, error)
		want searchspace.Status
	}{
		"net, cancelled":    {func() (*TrainResult, error) { return n.Train(ended, train, nil) }, searchspace.StatusCancelled},
		"model, cancelled":  {func() (*TrainResult, error) { return m.Train(ended, train, nil) }, searchspace.StatusCancelled},
		"net, bad options":  {func() (*TrainResult, error) { return n.Train(t.Context(), train, bad) }, searchspace.StatusFailed},
		"net, validation":   {func() (*TrainResult, error) { return n.Train(t.Context(), train, blind) }, searchspace.StatusFailed},
		"model, validation": {func() (*TrainResult, error) { return m.Train(t.Context(), train, blind) }, searchspace.StatusFailed},
	} {
		if res, err := c.run(); err == nil || res.Status != c.want {
			t.Errorf("%s: status %v, error %v, expected %v", name, res.Status, err, c.want)
		}
	}
}

// Before is called between updates; it may evaluate, but neither train nor grow the network.
func TestBefore(t *testing.T) {
	n := tinyNet(t, Elastic)
	train := stripes(t, 32, 16, 1)
	judge, err := n.On(train, &EvalOptions{Calibration: train, CalibrationImages: 16})
	if err != nil {
		t.Fatal(err)
	}
	plainRun := tinyNet(t, Elastic)
	if _, err := plainRun.Train(t.Context(), train, short(1)); err != nil {
		t.Fatal(err)
	}
	var steps []int
	o := short(1)
	o.Before = func(ctx context.Context, step int) error {
		steps = append(steps, step)
		if _, err := judge.Evaluate(ctx, n.space.Smallest()); err != nil {
			return err
		}
		if _, err := n.Train(ctx, train, short(1)); !errors.Is(err, ErrTraining) {
			return fmt.Errorf("training inside a training: %w", err)
		}
		if err := n.GrowClasses(ctx, Unnamed(6)...); !errors.Is(err, ErrTraining) {
			return fmt.Errorf("growing inside a training: %w", err)
		}
		return nil
	}
	if _, err := n.Train(t.Context(), train, o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps, []int{0, 1}) {
		t.Errorf("called before steps %v, expected 0 and 1", steps)
	}
	sameValues(t, n.values(), plainRun.values())
	o.Before = func(context.Context, int) error { return errors.New("enough") }
	if res, err := n.Train(t.Context(), train, o); err == nil || res.Status != searchspace.StatusStopped {
		t.Errorf("status %v, error %v", res.Status, err)
	}
	if err := n.GrowClasses(t.Context(), Unnamed(6)...); err != nil {
		t.Errorf("after the training: %v", err)
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

// Between the steps of its training a model gets neither other weights nor other statistics.
func TestBeforeChangesNothing(t *testing.T) {
	m := tinyModel(t)
	train := stripes(t, 32, 16, 1)
	path := filepath.Join(t.TempDir(), "weights")
	if err := m.WriteSafetensors(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	calls := 0
	o := short(1)
	o.Before = func(ctx context.Context, step int) error {
		calls++
		for name, err := range map[string]error{
			"recalibrate": m.Recalibrate(ctx, train, nil),
			"read":        m.ReadSafetensors(ctx, path),
			"grow":        m.GrowClasses(ctx, Unnamed(6)...),
		} {
			if !errors.Is(err, ErrTraining) {
				t.Errorf("%s before step %d: %v, expected ErrTraining", name, step, err)
			}
		}
		return nil
	}
	if _, err := m.Train(t.Context(), train, o); err != nil || calls != 2 {
		t.Fatalf("%d calls, error %v", calls, err)
	}
	if err := m.ReadSafetensors(t.Context(), path); err != nil {
		t.Errorf("after the training: %v", err)
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
		downloads = 0
		if _, _, err := run.step(b, runs, 0.01, 0); err != nil {
			t.Fatal(err)
		}
		if downloads != 1 {
			t.Errorf("%s: %d downloads, expected 1", name, downloads)
		}
	}
}

// A training that fails before its first step leaves no checkpoint behind that would refuse the
// next.
func TestNoCheckpointOfNothing(t *testing.T) {
	m := tinyModel(t)
	train := stripes(t, 32, 16, 1)
	o := short(1)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	masks, err := SuperclassDropout([]int{0, 1}, 0.5, 1) // of a network of two classes
	if err != nil {
		t.Fatal(err)
	}
	o.Masks = masks
	if _, err := m.Train(t.Context(), train, o); err == nil {
		t.Fatal("trained with masks for another network")
	}
	o.Masks = nil
	if res, err := m.Train(t.Context(), train, o); err != nil || res.Resumed {
		t.Errorf("with the mistake mended: %+v, %v", res, err)
	}
}
