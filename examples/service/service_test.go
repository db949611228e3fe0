package main

import (
	"context"
	"errors"
	"image"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// changed reports that a batch led to a search, whoever won the contest.
func changed(o *adjuster.Outcome) bool {
	return o.Action == adjuster.Adjusted || o.Action == adjuster.Refused
}

// A batch like the data so far changes nothing; classes that nobody announced, in an order of their
// own, lead to another model, swapped in while requests go on, each of which is answered.
func TestReceive(t *testing.T) {
	s := open(t, t.TempDir(), tiny())
	first := receive(t, s, colours(t, 16, 0, "red", "green"))
	if first.Action != adjuster.First || s.Model() == nil {
		t.Fatalf("first batch: %+v", first)
	}
	model := s.Model()
	running := startClients(s, colours(t, 2, 9, "red", "blue"))
	o := receive(t, s, colours(t, 8, 5, "green", "red"))
	if o.Action != adjuster.Kept || s.Model() != model {
		t.Errorf("more of the same: %+v", o)
	}
	if w := s.serving.Load(); w.reading.Added.Total != 16 || w.reading.Added.Correct < 12 ||
		w.now.Count() != w.base.Count()+16 {
		t.Errorf("reading %+v, moments of %d images beside %d", w.reading, w.now.Count(), w.base.Count())
	}
	o = receive(t, s, colours(t, 16, 0, "blue", "green", "white"))
	if err := running.stop(); err != nil || running.answered.Load() == 0 {
		t.Errorf("%d requests answered, %v", running.answered.Load(), err)
	}
	if !changed(o) || o.Reading.Distance <= 0 || o.Comparison == nil {
		t.Fatalf("new classes: %+v", o)
	}
	all := []string{"red", "green", "blue", "white"}
	if got := s.Model().ClassNames(); !slices.Equal(got, all) {
		t.Errorf("classes %q, want %q", got, all)
	}
	w := s.serving.Load()
	if w.model.Arch() != o.After || w.trained != 3 || w.reading.Added.Total != 0 ||
		w.reading.Reference.Total != 32+16+48 || w.reading.Distance != 0 {
		t.Errorf("reading after the change: %+v", w.reading)
	}
	for _, class := range all {
		m, err := s.Model().Evaluate(t.Context(), colours(t, 4, 3, class), nil)
		if err != nil || m.Correct != 4 {
			t.Errorf("%s: %d of 4, %v", class, m.Correct, err)
		}
	}
}

// Data that do not fit are refused and change nothing.
func TestReceiveRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, tiny())
	receive(t, s, colours(t, 16, 0, "red", "green"))
	before, at := contents(t, dir, nil), *s.serving.Load()
	for name, batch := range map[string]func() dataset.Dataset{
		"size": func() dataset.Dataset {
			ds, err := dataset.FromPixels(8, []string{"red"}, []int{0}, make([]uint8, 64*3))
			if err != nil {
				t.Fatal(err)
			}
			return ds
		},
		"nothing": func() dataset.Dataset { return colours(t, 0, 0, "red") },
	} {
		if _, err := s.Receive(t.Context(), batch(), ""); err == nil || errors.Is(err, ErrUnanswered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Receive(cancelled, colours(t, 4, 0, "red"), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if after := contents(t, dir, nil); !equal(before, after) || *s.serving.Load() != at {
		t.Errorf("refused data left traces: %v, before %v", after, before)
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// A rollback in the middle of an adjustment ends it at once; the data are answered once more from
// the model that was put back, and both models know all data.
func TestRollback(t *testing.T) {
	cfg := tiny()
	s := open(t, t.TempDir(), cfg)
	if err := s.Rollback(t.Context()); !errors.Is(err, ErrNoPrevious) {
		t.Errorf("nothing to put back: %v", err)
	}
	receive(t, s, colours(t, 16, 0, "red", "green"))
	first := s.Model()
	receive(t, s, colours(t, 16, 0, "blue"))
	second := s.Model()
	if second == first || s.previous.model != first {
		t.Fatal("the second batch changed nothing")
	}

	// In the training of the supernet for the third batch.
	rolled := make(chan error, 1)
	begun := sync.OnceFunc(func() { rolled <- s.Rollback(context.Background()) })
	s.cfg.Supernet.Recorder = supernet.RecorderFunc(func(supernet.Progress) error {
		go begun()
		return nil
	})
	o := receive(t, s, colours(t, 16, 0, "white"))
	if err := <-rolled; err != nil {
		t.Fatal(err)
	}
	// Of the three models before, that of the first batch had come back.
	if s.previous.model != first || s.Model() == second {
		t.Errorf("the adjustment went on from what was taken out of service")
	}
	if !changed(o) || o.Reading.Added.Total != 32 ||
		o.Reading.Reference.Total != 32 {
		t.Errorf("answered %+v from %+v", o.Action, o.Reading)
	}
	w := s.previous
	if w.reading.Added.Total != 32 || w.now.Count() != 64 {
		t.Errorf("the model before has seen %+v", w.reading)
	}
	third := s.Model()
	for _, want := range []*supernet.Model{first, third} { // back, and forth again
		if err := s.Rollback(t.Context()); err != nil || s.Model() != want || s.expert.Arch() != want.Arch() {
			t.Errorf("rollback: %v", err)
		}
	}
}

// A training that diverges leaves the old model in service and the data received; the next batch is
// adapted to again.
func TestDivergence(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, tiny())
	s.cfg.Supernet.LR = 1e30
	_, err := s.Receive(t.Context(), colours(t, 8, 0, "red"), "")
	if !errors.Is(err, supernet.ErrNotFinite) || s.Model() != nil {
		t.Fatalf("the first supernet diverged: %v", err)
	}
	s.cfg.Supernet.LR = 0
	receive(t, s, colours(t, 16, 0, "red", "green"))
	model := s.Model()
	s.cfg.Retrain.LR = 1e30
	if _, err := s.Receive(t.Context(), colours(t, 16, 0, "blue"), ""); !errors.Is(err, ErrUnanswered) ||
		!errors.Is(err, supernet.ErrNotFinite) {
		t.Fatalf("diverged: %v", err)
	}
	if s.Model() != model || s.Batches() != 3 {
		t.Errorf("after a divergence %d batches, another model: %v", s.Batches(), s.Model() != model)
	}
	for _, v := range s.serving.Load().base.Mean() {
		if math.IsNaN(v) {
			t.Fatal("moments are not finite")
		}
	}
	s = open(t, dir, tiny())
	o := receive(t, s, colours(t, 8, 0, "blue", "white"))
	if !changed(o) || len(s.Model().ClassNames()) != 4 || o.Reading.Added.Total != 32 {
		t.Errorf("the batch after: %+v, classes %q", o, s.Model().ClassNames())
	}
}

// An architecture whose training diverges loses; the other one serves.
func TestDivergedCandidateLoses(t *testing.T) {
	s := open(t, t.TempDir(), tiny())
	receive(t, s, colours(t, 16, 0, "red", "green"))
	d, err := s.data(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	trained := 0
	diverge := func(context.Context, searchspace.Arch) (*supernet.Model, error) {
		trained++
		return nil, supernet.ErrNotFinite
	}
	c := newContest(learner{s}, "compare", d.held.Snapshot(), diverge)
	for range 2 {
		m, err := c.Evaluate(t.Context(), s.Model().Arch())
		if err != nil || m.Accuracy != 0 || m.Samples != c.Len() || m.Loss < 1e5 {
			t.Errorf("%+v, %v", m, err)
		}
	}
	if trained != 1 {
		t.Errorf("trained %d times", trained)
	}
}

// With KeepTraining a batch for which the architecture is kept is trained on, and becomes part of
// the reference.
func TestKeepTraining(t *testing.T) {
	cfg := tiny()
	cfg.KeepTraining = true
	s := open(t, t.TempDir(), cfg)
	receive(t, s, colours(t, 16, 0, "red", "green"))
	model := s.Model()
	o := receive(t, s, colours(t, 8, 5, "green", "red"))
	w := s.serving.Load()
	if o.Action != adjuster.Kept || w.model == model || w.model.Arch() != model.Arch() || w.trained != 2 ||
		w.reading.Reference.Total != 48 || s.previous.model != model {
		t.Errorf("%+v, reading %+v", o, w.reading)
	}
}

// Every way to begin the training of a new architecture leads to one that knows all classes.
func TestInherit(t *testing.T) {
	for _, c := range []struct {
		from    inherit
		compare bool
	}{{fromSupernet, true}, {fromNothing, false}} {
		cfg := tiny()
		cfg.Inherit, cfg.Compare, cfg.Trial = c.from, c.compare, 0
		s := open(t, t.TempDir(), cfg)
		receive(t, s, colours(t, 16, 0, "red", "green"))
		o := receive(t, s, colours(t, 16, 0, "blue"))
		if !changed(o) || s.Model().Classes() != 3 {
			t.Errorf("%s: %+v", c.from, o)
		}
		if !c.compare && (o.Action != adjuster.Adjusted || o.Comparison != nil) {
			t.Errorf("%s: compared", c.from)
		}
	}
}

// A state directory of other settings, and settings that make no sense, are refused.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	receive(t, open(t, dir, tiny()), colours(t, 8, 0, "red", "green"))
	other := tiny()
	other.Space.Width = 0.5
	if _, err := Open(t.Context(), dir, other); err == nil {
		t.Error("opened with another width")
	}
	for name, change := range map[string]func(*Config){
		"held out": func(c *Config) { c.HeldOut = 1 }, "images": func(c *Config) { c.MaxImages = -1 },
		"inherit": func(c *Config) { c.Inherit = "all" },
		"distill": func(c *Config) { c.Distill = math.NaN() },
		"trial":   func(c *Config) { c.Trial = 2 },
	} {
		cfg := tiny()
		change(&cfg)
		if _, err := Open(t.Context(), t.TempDir(), cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := open(t, dir, tiny()).Classify(image.NewGray(image.Rect(0, 0, 3, 5)), 1); err != nil {
		t.Error(err)
	}
}
