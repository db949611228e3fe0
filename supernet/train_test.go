package supernet

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestTrainingLearns trains a supernet and then a model on stripes, and expects much more than
// chance.
func TestTrainingLearns(t *testing.T) {
	train, val := stripes(t, 160, 16, 1), stripes(t, 80, 16, 2)
	n := tinyNet(t, Elastic)
	o := short(10)
	o.Validation = val
	o.ValidateEvery = 5
	res, err := n.Train(context.Background(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != searchspace.StatusFinished || res.Resumed || res.Epochs != 10 || res.Steps != 100 || len(res.Losses) != 10 || len(res.Validations) != 2 {
		t.Errorf("result %+v", res)
	}
	if res.Losses[9] > 0.8*res.Losses[0] {
		t.Errorf("losses %v do not fall", res.Losses)
	}
	if n.WeightVersion() < 100 {
		t.Errorf("weight version %d after 100 steps", n.WeightVersion())
	}
	b, err := n.On(val, &EvalOptions{Calibration: train})
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.Evaluate(context.Background(), n.space.Largest())
	if err != nil || m.Accuracy < 0.6 {
		t.Errorf("largest sub-network: %+v (%v), chance is 0.25", m, err)
	}
	model, err := n.Extract(context.Background(), n.space.Smallest(), train)
	if err != nil {
		t.Fatal(err)
	}
	first, err := model.Evaluate(context.Background(), val, nil)
	if err != nil {
		t.Fatal(err)
	}
	o = short(6)
	o.Validation = val
	res, err = model.Train(context.Background(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	last, err := model.Evaluate(context.Background(), val, nil)
	if err != nil || last.Accuracy < 0.7 || last.Accuracy < first.Accuracy {
		t.Errorf("model: %v, then %v after training (%v)", first.Accuracy, last.Accuracy, err)
	}
	if last.Accuracy != res.Best.Accuracy || math.Abs(last.Loss-res.Best.Loss) > 1e-6 {
		t.Errorf("ends with %+v, best was %+v", last, res.Best)
	}
}

// TestDeterminism trains and judges with several numbers of processors and expects the same bits.
// Images are large enough for every kind of operation to be split.
func TestDeterminism(t *testing.T) {
	options := tinyOptions
	options.InputSize, options.Dropout = 32, 0.2
	space, err := searchspace.MobileNetV3(options)
	if err != nil {
		t.Fatal(err)
	}
	train, val := stripes(t, 64, 32, 1), stripes(t, 20, 32, 2)
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	var want map[string][]float32
	var first searchspace.Measurement
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		n, err := New(space, &Options{Seed: 7, Workers: procs % 8})
		if err != nil {
			t.Fatal(err)
		}
		o := short(2)
		o.BatchSize, o.Subnets.StepsPerDraw = 32, 1
		o.Augment = &dataset.Augment{CropPadding: 2, Flip: true}
		if _, err := n.Train(context.Background(), train, o); err != nil {
			t.Fatal(err)
		}
		b, err := n.On(val, &EvalOptions{Calibration: train})
		if err != nil {
			t.Fatal(err)
		}
		m, err := b.Evaluate(context.Background(), space.Largest())
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want, first = n.values(), m
		}
		sameValues(t, n.values(), want)
		if m != first {
			t.Errorf("%d processors measure %+v, one measures %+v", procs, m, first)
		}
	}
}

// TestFreeze checks that frozen stages keep weights and statistics, and that others do not.
func TestFreeze(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	for _, sharing := range sharings() {
		n := tinyNet(t, sharing)
		m, err := n.Extract(context.Background(), n.space.Largest(), train)
		if err != nil {
			t.Fatal(err)
		}
		o := short(2)
		o.FrozenStages = []int{0, 1, 3}
		o.Subnets.Sampler = Cycle(n.space.Largest())
		for name, net := range map[string]*network{"net": n.network, "model": m.network} {
			before := net.values()
			var err error
			if name == "net" {
				_, err = n.Train(context.Background(), train, o)
			} else {
				_, err = m.Train(context.Background(), train, o)
			}
			if err != nil {
				t.Fatal(err)
			}
			moved, after := 0, net.values()
			for _, s := range net.store.list {
				same := slices.Equal(after[s.key], before[s.key])
				frozen := slices.Contains(o.FrozenStages, s.node.Stage)
				if frozen && !same {
					t.Errorf("%v %s: frozen %s of stage %d moved", sharing, name, s.key, s.node.Stage)
				}
				if !frozen && !same {
					moved++
				}
			}
			if moved == 0 {
				t.Errorf("%v %s: nothing was trained", sharing, name)
			}
			if err := n.thawed(); err != nil {
				t.Error(err)
			}
		}
		o.FrozenStages = []int{42}
		if _, err := m.Train(context.Background(), train, o); err == nil {
			t.Error("an unknown stage was accepted")
		}
	}
}

// thawed reports a parameter that stayed frozen after a training.
func (n *network) thawed() error {
	for _, p := range n.store.set.All() {
		if p.Frozen() && !p.IsState() {
			return errors.New(p.Name() + " is still frozen")
		}
	}
	return nil
}

// TestSchedule checks the learning rates that a training reports.
func TestSchedule(t *testing.T) {
	cases := map[string]struct {
		change func(*TrainOptions)
		want   func(step int) float64 // of 6 steps, 2 an epoch
	}{
		"cosine": {func(*TrainOptions) {}, func(s int) float64 { return 0.05 * (1 + math.Cos(math.Pi*float64(s)/6)) / 2 }},
		"long cosine": {func(o *TrainOptions) { o.TMax = 6 },
			func(s int) float64 { return 0.05 * (1 + math.Cos(math.Pi*float64(s)/12)) / 2 }},
		"constant": {func(o *TrainOptions) { o.Schedule = Constant }, func(int) float64 { return 0.05 }},
		"steps": {func(o *TrainOptions) { o.Schedule, o.DecayEpochs, o.Gamma = StepDecay, 2, 0.5 },
			func(s int) float64 { return 0.05 * math.Pow(0.5, float64(s/4)) }},
		"warm-up": {func(o *TrainOptions) { o.Schedule, o.WarmupSteps = Constant, 4 },
			func(s int) float64 { return 0.05 * math.Min(1, float64(s+1)/4) }},
	}
	for name, c := range cases {
		o := short(3)
		c.change(o)
		var rates []float64
		o.Recorder = RecorderFunc(func(p Progress) error { rates = append(rates, p.LR); return nil })
		if _, err := tinyModel(t).Train(context.Background(), stripes(t, 32, 16, 1), o); err != nil {
			t.Fatal(err)
		}
		if len(rates) != 6 {
			t.Fatalf("%s: %d steps", name, len(rates))
		}
		for s, got := range rates {
			if math.Abs(got-c.want(s)) > 1e-12 {
				t.Errorf("%s: step %d has rate %v, expected %v", name, s, got, c.want(s))
			}
		}
	}
}

// TestDefaults checks the documented defaults, those of the published training code.
func TestDefaults(t *testing.T) {
	ds := stripes(t, 300, 4, 1)
	p, err := planOf(&TrainOptions{}, ds, 4)
	if err != nil {
		t.Fatal(err)
	}
	if p.Epochs != 100 || p.TMax != 120 || p.BatchSize != 256 || p.LR != 0.1 || p.Momentum != 0.9 || p.WeightDecay != 5e-4 ||
		p.StepsPerEpoch != 1 || p.Schedule != Cosine || p.Nesterov {
		t.Errorf("defaults are %+v", p)
	}
	if p, err = planOf(&TrainOptions{Momentum: -1, WeightDecay: -1}, ds, 4); err != nil || p.Momentum != 0 || p.WeightDecay != 0 {
		t.Errorf("negative values give %+v (%v), expected zeros", p, err)
	}
	for _, bad := range []TrainOptions{{LR: math.NaN()}, {LabelSmoothing: 1}, {Momentum: 1}, {Epochs: -1}, {Schedule: 9}, {BatchSize: -2}} {
		if _, err := planOf(&bad, ds, 4); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

// TestSamplerSchedule checks that a sub-network trains StepsPerDraw steps, and is drawn by its
// number.
func TestSamplerSchedule(t *testing.T) {
	n := tinyNet(t, Elastic)
	o := short(2)
	o.Subnets.StepsPerDraw = 3
	var asked []int
	var archs []searchspace.Arch
	uniform := Uniform(n.space, 5)
	o.Subnets.Sampler = NewSampler("uniform", func(i int) ([]Pass, error) { asked = append(asked, i); return uniform.Sample(i) })
	o.Recorder = RecorderFunc(func(p Progress) error { archs = append(archs, p.Arch); return nil })
	if _, err := n.Train(context.Background(), stripes(t, 64, 16, 1), o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(asked, []int{0, 1, 2}) {
		t.Errorf("sampler was asked for %v", asked)
	}
	for s, a := range archs {
		if want, _ := uniform.Sample(s / 3); a != want[0].Arch {
			t.Errorf("step %d trained %s, expected %s", s, n.space.Format(a), n.space.Format(want[0].Arch))
		}
	}
	o.Subnets.Sampler = Cycle()
	if _, err := n.Train(context.Background(), stripes(t, 64, 16, 1), o); err == nil {
		t.Error("an empty cycle trained")
	}
}

// TestStepAllocations bounds what a training step allocates once its memory is warm.
func TestStepAllocations(t *testing.T) {
	n := tinyNet(t, Elastic)
	o := short(1)
	plan, err := planOf(o, stripes(t, 16, 16, 1), 4)
	if err != nil {
		t.Fatal(err)
	}
	b := firstBatch(t, stripes(t, 16, 16, 1), 16)
	run := &training{network: n.network, plan: plan}
	run.sgd.Momentum = 0.9
	archs := []searchspace.Arch{n.space.Smallest(), n.space.Largest(), sample(t, n.space, 1)}
	i := 0
	step := func() {
		p, err := n.program(archs[i%len(archs)])
		if err != nil {
			t.Fatal(err)
		}
		i++
		if _, _, err := run.step(b, plain(p), 0.01, 1); err != nil {
			t.Fatal(err)
		}
	}
	for range 6 {
		step()
	}
	if got := testing.AllocsPerRun(9, step); got > 200 {
		t.Errorf("a training step allocates %v times, expected at most 200", got)
	}
}
