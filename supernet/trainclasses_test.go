package supernet

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// nameless is a data set whose names are as a test wants them.
type nameless struct {
	dataset.Dataset
	names []string
}

func (n nameless) Classes() []string { return n.names }

// A network without names takes those of the first data that have as many classes and tell them
// apart, and keeps them.
func TestTakesNames(t *testing.T) {
	ctx := context.Background()
	ds := stripes(t, 32, 16, 1)
	for what, c := range map[string]struct {
		data dataset.Dataset
		want []string
	}{
		"as many":      {called(t, ds, animals...), animals},
		"fewer":        {permuted(t, ds, 0, 1, 2), nil},
		"none":         {called(t, ds, Unnamed(4)...), nil},
		"one missing":  {called(t, ds, "cat", "", "eel", "fox"), nil},
		"two the same": {called(t, ds, "cat", "cat", "eel", "fox"), nil},
		"not UTF-8":    {nameless{ds, []string{"cat", "d\xff", "eel", "fox"}}, nil},
	} {
		n, m := tinyNet(t, Elastic), tinyModel(t)
		for range 2 {
			if _, err := n.Train(ctx, c.data, short(1)); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Train(ctx, c.data, short(1)); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(n.ClassNames(), c.want) || !slices.Equal(m.ClassNames(), c.want) {
			t.Errorf("%s: names %q and %q, expected %q", what, n.ClassNames(), m.ClassNames(), c.want)
		}
	}
	m := tinyModel(t)
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 1, 0, 2}} {
		if _, err := m.Train(ctx, permuted(t, called(t, ds, animals...), order...), short(1)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.ClassNames(), animals) {
			t.Errorf("after classes in order %v: names %q, expected %q", order, m.ClassNames(), animals)
		}
	}
	// The names are there before validation data are looked at.
	m = tinyModel(t)
	o := short(1)
	o.Validation = called(t, stripes(t, 8, 16, 2), "cat", "dog", "eel", "yak")
	if _, err := m.Train(ctx, called(t, ds, animals...), o); !errors.Is(err, ErrData) {
		t.Errorf("validation with another class: %v, expected ErrData", err)
	}
}

// Names that a training takes from data after others were trained on are taken on trust, which is
// said.
func TestTakesNamesLate(t *testing.T) {
	var said warnings
	m, err := NewModel(tinySpace(t), tinySpace(t).Smallest(), &Options{Logger: said.logger()})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, m.network, 1)
	if _, err := m.Train(t.Context(), stripes(t, 32, 16, 1), short(1)); err != nil {
		t.Fatal(err)
	}
	if text := said.take(); m.ClassNames() == nil || len(text) == 0 {
		t.Errorf("names %q, warnings %q, expected both", m.ClassNames(), text)
	}
}

// A training that never began leaves no names.
func TestFailedStartLeavesNoNames(t *testing.T) {
	ctx := context.Background()
	ds := called(t, stripes(t, 32, 16, 1), animals...)
	masks, err := SuperclassDropout([]int{0, 1}, 0.5, 1) // of a network of two classes
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "train.ckpt")
	o := short(1)
	o.Checkpoint = path
	if _, err := tinyModel(t).Train(ctx, ds, o); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	stop := errors.New("stop")
	for what, change := range map[string]func(o *TrainOptions){
		"options": func(o *TrainOptions) { o.Momentum = 2 },
		"teacher": func(o *TrainOptions) { o.Teacher = &Teacher{} },
		"stage":   func(o *TrainOptions) { o.FrozenStages = []int{99} },
		"masks":   func(o *TrainOptions) { o.Masks = masks },
		"before":  func(o *TrainOptions) { o.Before = func(context.Context, int) error { return stop } },
		"cancelled": func(o *TrainOptions) {
			o.Before = func(context.Context, int) error { cancel(); return cancelled.Err() }
		},
		"checkpoint": func(o *TrainOptions) { o.Checkpoint, o.Seed = path, 9 },
		"validation": func(o *TrainOptions) { o.Validation = called(t, ds, "w", "x", "y", "z") },
	} {
		n, m, o := tinyNet(t, Elastic), tinyModel(t), short(1)
		change(o)
		if _, err := m.Train(ctx, ds, o); err == nil || m.ClassNames() != nil {
			t.Errorf("%s: model with names %q, error %v, expected no names and an error", what, m.ClassNames(), err)
		}
		if what == "teacher" {
			continue // a supernet may teach itself
		}
		if _, err := n.Train(ctx, ds, o); err == nil || n.ClassNames() != nil {
			t.Errorf("%s: supernet with names %q, error %v, expected no names and an error", what, n.ClassNames(), err)
		}
	}
	m := tinyModel(t)
	o = short(1)
	o.Before = func(context.Context, int) error { panic("stop") }
	func() {
		defer func() { _ = recover() }()
		_, err := m.Train(ctx, ds, o)
		t.Errorf("training returned %v", err)
	}()
	if m.ClassNames() != nil {
		t.Errorf("names %q after a panic before the first step", m.ClassNames())
	}
	o = short(1)
	o.Recorder = RecorderFunc(func(Progress) error { return stop })
	if _, err := m.Train(ctx, ds, o); err == nil || !slices.Equal(m.ClassNames(), animals) {
		t.Errorf("names %q after a step, error %v, expected %q", m.ClassNames(), err, animals)
	}
}

// A training goes on with the names that it began with: in a network that takes them from the same
// data again, and in one that was given them, whatever the order of the classes is now. Data whose
// classes a nameless network would number otherwise are refused.
func TestResumedNames(t *testing.T) {
	ctx := context.Background()
	ds := called(t, stripes(t, 48, 16, 1), animals...)
	whole := tinyModel(t)
	if _, err := whole.Train(ctx, ds, short(2)); err != nil {
		t.Fatal(err)
	}
	begun := func() *TrainOptions {
		o := short(2)
		o.Checkpoint, o.CheckpointEvery = filepath.Join(t.TempDir(), "train.ckpt"), 1
		stop := *o
		stop.Recorder = RecorderFunc(func(p Progress) error {
			if p.Step == 2 {
				return errors.New("stop")
			}
			return nil
		})
		if _, err := tinyModel(t).Train(ctx, ds, &stop); err == nil {
			t.Fatal("the training was not stopped")
		}
		return o
	}
	given, err := NewModel(whole.space, whole.arch, &Options{Seed: 7, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	other := permuted(t, ds, 2, 0, 3, 1)
	for what, c := range map[string]struct {
		model *Model
		data  dataset.Dataset
	}{"without names": {tinyModel(t), ds}, "given names": {given, other}} {
		res, err := c.model.Train(ctx, c.data, begun())
		if err != nil || !res.Resumed || !slices.Equal(c.model.ClassNames(), animals) {
			t.Fatalf("%s: names %q, result %+v, error %v", what, c.model.ClassNames(), res, err)
		}
		sameValues(t, c.model.values(), whole.values())
		if what == "without names" && c.model.WeightVersion() != whole.WeightVersion() {
			t.Errorf("weight version %d, expected %d", c.model.WeightVersion(), whole.WeightVersion())
		}
	}
	m := tinyModel(t)
	if _, err := m.Train(ctx, other, begun()); !errors.Is(err, ErrCheckpointMismatch) || m.ClassNames() != nil {
		t.Errorf("classes in another order: names %q, error %v, expected ErrCheckpointMismatch", m.ClassNames(), err)
	}
}
