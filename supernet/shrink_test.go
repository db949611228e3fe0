package supernet

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// shrinking options for tests: five phases of one epoch after five of the full network, two steps
// each.
func shrinkOptions(t testing.TB) *ShrinkOptions {
	t.Helper()
	train := ShrinkTraining()
	train.Epochs, train.BatchSize, train.LR, train.Seed = 4, 16, 0.02, 3
	var err error
	if train.Masks, err = SuperclassDropout([]int{0, 0, 1, 1}, 0.5, 5); err != nil {
		t.Fatal(err)
	}
	return &ShrinkOptions{Train: train}
}

// TestShrinkIsTrain: the phases are calls of Train with a sampler and a teacher, of SortChannels
// and Extract, and nothing else.
func TestShrinkIsTrain(t *testing.T) {
	ctx, data := t.Context(), stripes(t, 32, 16, 1)
	n := tinyNet(t, Elastic)
	o := shrinkOptions(t)
	var seen []ShrinkProgress
	o.Recorder = ShrinkRecorderFunc(func(p ShrinkProgress) error { seen = append(seen, p); return nil })
	res, err := n.Shrink(ctx, data, o)
	if err != nil || res.Status != searchspace.StatusFinished {
		t.Fatalf("%+v, %v", res, err)
	}
	phases, err := ShrinkPhases(n.Space())
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Phases) != len(phases) {
		t.Fatalf("%d phases, expected %d", len(res.Phases), len(phases))
	}

	hand, passed := tinyNet(t, Elastic), 0
	var teacher *Teacher
	for k, p := range phases {
		epochs := 1
		if k == 0 {
			epochs = 4
		}
		seed := stream.Seed(3, "supernet.shrink", uint64(k))
		options := *o.Train
		options.Epochs, options.Seed, options.Teacher, options.LR = epochs, seed, teacher, 0.02*p.LR
		options.Subnets = SubnetOptions{Sampler: Several(p.Subnets, Uniform(p.Space, seed)), StepsPerDraw: 1}
		options.Masks = laterMasks{o.Train.Masks, passed}
		if k == 0 {
			options.Masks = nil
		}
		if strings.HasPrefix(p.Name, "width") {
			if err := hand.SortChannels(ctx, phases[k-1].Space); err != nil {
				t.Fatal(err)
			}
		}
		want, err := hand.Train(ctx, data, &options)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Phases[k]; got.Name != p.Name || !reflect.DeepEqual(got.Result, want) {
			t.Errorf("phase %s: %+v, expected %+v", p.Name, got.Result, want)
		}
		passed += want.Steps
		if k == 0 {
			model, err := hand.Extract(ctx, n.Space().Largest(), nil)
			if err != nil {
				t.Fatal(err)
			}
			teacher = &Teacher{Model: model, BatchStatistics: true}
			sameValues(t, res.Teacher.values(), model.values())
		}
	}
	sameValues(t, n.values(), hand.values())

	if len(seen) != 16 {
		t.Fatalf("%d reports, expected 16", len(seen))
	}
	for i, p := range seen {
		k, step := 0, i+1
		if i >= 8 {
			k, step = 1+(i-8)/2, 1+(i-8)%2
		}
		if p.Step != i+1 || p.Steps != 16 || p.Phase != k || p.Phases != 5 || p.Name != phases[k].Name ||
			p.Training.Step != step || p.Training.Passes != phases[k].Subnets || p.Training.Phase != PhaseTrain {
			t.Errorf("report %d: %+v", i, p)
		}
	}
}

// TestShrinkResume: interrupted in any phase, in its first step or later, it goes on to the same
// bits, and says meanwhile what it did.
func TestShrinkResume(t *testing.T) {
	data := stripes(t, 48, 16, 1) // three steps an epoch
	whole := tinyNet(t, Elastic)
	options := func() *ShrinkOptions {
		o := shrinkOptions(t)
		o.Train.Validation = stripes(t, 8, 16, 2)
		return o
	}
	want, err := whole.Shrink(t.Context(), data, options())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "phases")
	var got *Net
	for _, stop := range []int{1, 13, 18, 23, 0} {
		got = tinyNet(t, Elastic) // a new process
		ctx, cancel := context.WithCancel(t.Context())
		o := options()
		o.Folder = dir
		o.Recorder = ShrinkRecorderFunc(func(p ShrinkProgress) error {
			if p.Training.Phase == PhaseTrain && p.Step == stop {
				cancel()
			}
			return nil
		})
		res, err := got.Shrink(ctx, data, o)
		cancel()
		if stop > 0 {
			steps := 0
			for _, p := range res.Phases {
				steps += p.Result.Steps
			}
			if !errors.Is(err, context.Canceled) || res.Status != searchspace.StatusCancelled || steps != stop {
				t.Fatalf("stopped at %d: %d steps, %+v, %v", stop, steps, res, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for k := range res.Phases {
			res.Phases[k].Result.Resumed = false
			if !reflect.DeepEqual(res.Phases[k].Result, want.Phases[k].Result) {
				t.Errorf("phase %d: %+v, expected %+v", k, res.Phases[k].Result, want.Phases[k].Result)
			}
		}
		sameValues(t, res.Teacher.values(), want.Teacher.values())
	}
	sameValues(t, got.values(), whole.values())
	if got.WeightVersion() != whole.WeightVersion() {
		t.Errorf("weight version %d, expected %d", got.WeightVersion(), whole.WeightVersion())
	}

	// Other phases are another run, also if only what went before differs.
	o := options()
	o.Folder = dir
	if o.Phases, err = ShrinkPhases(whole.Space()); err != nil {
		t.Fatal(err)
	}
	o.Phases[3].Sort = false
	if _, err := got.Shrink(t.Context(), data, o); !errors.Is(err, ErrCheckpointMismatch) {
		t.Errorf("other phases: %v, expected ErrCheckpointMismatch", err)
	}
}

// stepMasks notes the steps that it is asked for.
type stepMasks struct{ steps map[int]int }

func (m stepMasks) Mask(step int, _ []int, _ []bool) error { m.steps[step]++; return nil }
func (m stepMasks) Identity() string                       { return "steps" }

// TestShrinkTeacher: the full network trains without masks; a model that is given teaches instead
// of it, and what it teaches reaches the supernet.
func TestShrinkTeacher(t *testing.T) {
	data := stripes(t, 32, 16, 1)
	masks := stepMasks{make(map[int]int)}
	o := shrinkOptions(t)
	o.Train.Masks = masks
	if _, err := tinyNet(t, Elastic).Shrink(t.Context(), data, o); err != nil {
		t.Fatal(err)
	}
	for step := range 16 {
		if want := min(step/8, 1); masks.steps[step] != want {
			t.Errorf("masks were asked %d times for step %d, expected %d", masks.steps[step], step, want)
		}
	}
	values := make([]map[string][]float32, 3)
	for i := range values {
		n, m := tinyNet(t, Elastic), tinyModel(t)
		jitter(t, m.network, uint64(1+i/2))
		o := shrinkOptions(t)
		o.Teacher = &Teacher{Model: m, Weight: 2}
		res, err := n.Shrink(t.Context(), data, o)
		if err != nil || res.Teacher != m || len(res.Phases) != 4 || res.Phases[0].Name != "kernel" {
			t.Fatalf("%+v, %v", res, err)
		}
		values[i] = n.values()
	}
	sameValues(t, values[0], values[1])
	if reflect.DeepEqual(values[1], values[2]) {
		t.Error("another teacher teaches the same")
	}
}

// TestShrinkRefuses: mistakes are found before the first step.
func TestShrinkRefuses(t *testing.T) {
	data := stripes(t, 32, 16, 1)
	tiny := tinyNet(t, Elastic)
	phases, err := ShrinkPhases(tiny.Space())
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(p *ShrinkPhase)) func(o *ShrinkOptions) {
		return func(o *ShrinkOptions) { o.Phases = slices.Clone(phases); change(&o.Phases[3]) }
	}
	three, err := SuperclassDropout([]int{0, 0, 1}, 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	before := tiny.values()
	for name, change := range map[string]func(o *ShrinkOptions){
		"TMax":                  func(o *ShrinkOptions) { o.Train.TMax = 3 },
		"class 7":               func(o *ShrinkOptions) { o.Train.Masks = OnlyClasses(0, 7) },
		"for 3 classes":         func(o *ShrinkOptions) { o.Train.Masks = three },
		"Checkpoint":            func(o *ShrinkOptions) { o.Train.Checkpoint = "x" },
		"Subnets.Sampler":       func(o *ShrinkOptions) { o.Train.Subnets.Sampler = Cycle() },
		"no phases":             func(o *ShrinkOptions) { o.Phases = phases[:0] },
		"no space":              with(func(p *ShrinkPhase) { p.Space = nil }),
		"space proxylessnas":    with(func(p *ShrinkPhase) { p.Space = lightSpaces(t)["proxylessnas"] }),
		"-1 sub-networks":       with(func(p *ShrinkPhase) { p.Subnets = -1 }),
		"rate NaN":              with(func(p *ShrinkPhase) { p.LR = math.NaN() }),
		"warm-up 1":             with(func(p *ShrinkPhase) { p.Warmup = 1 }),
		"share of -1":           with(func(p *ShrinkPhase) { p.Share = -1 }),
		"3 epochs for 4 phases": func(o *ShrinkOptions) { o.Train.Epochs = 3 },
		"momentum 2":            func(o *ShrinkOptions) { o.Train.Momentum = 2 },
		"temperature":           func(o *ShrinkOptions) { o.Teacher = &Teacher{Temperature: -1} },
		"class 4":               func(o *ShrinkOptions) { o.Teacher = &Teacher{Classes: []int{0, 4}} },
		"folder":                func(o *ShrinkOptions) { o.Folder = filepath.Join(o.Folder, "\x00") },
	} {
		o := shrinkOptions(t)
		o.Recorder = ShrinkRecorderFunc(func(p ShrinkProgress) error { return errors.New("began") })
		change(o)
		if _, err := tiny.Shrink(t.Context(), data, o); err == nil || strings.Contains(err.Error(), "began") ||
			!strings.Contains(err.Error(), name) && name != "folder" {
			t.Errorf("%s: error %v", name, err)
		}
	}
	sameValues(t, tiny.values(), before)
	if _, err := tinyNet(t, SinglePath).Shrink(t.Context(), data, shrinkOptions(t)); err == nil ||
		!strings.Contains(err.Error(), "elastic") {
		t.Errorf("single path: %v", err)
	}
	if _, err := tiny.Shrink(t.Context(), nil, nil); err == nil {
		t.Error("no data, no error")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if res, err := tiny.Shrink(cancelled, data, shrinkOptions(t)); !errors.Is(err, context.Canceled) ||
		res.Status != searchspace.StatusCancelled {
		t.Errorf("cancelled before: %+v, %v", res, err)
	}
	o := shrinkOptions(t)
	o.Recorder = ShrinkRecorderFunc(nil)
	if _, err := tiny.Shrink(t.Context(), data, o); err == nil {
		t.Error("a recorder without a function")
	}
}
