package supernet

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

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

// So is what the images become and what the classes are called.
func TestCheckpointKnowsItsNetwork(t *testing.T) {
	space, train := tinySpace(t), stripes(t, 32, 16, 1)
	o := short(1)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	base := Options{Classes: train.Classes()}
	for _, c := range []struct {
		want   string // in the error; "" = none
		change func(*Options)
	}{
		{"", func(*Options) {}},
		{"Normalization is ", func(o *Options) { o.Normalization.Std = [3]float32{1, 1, 1} }},
		{"ClassNames is ", func(o *Options) { o.Classes = slices.Clone(o.Classes); slices.Reverse(o.Classes) }},
	} {
		options := base
		c.change(&options)
		m, err := NewModel(space, space.Smallest(), &options)
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Train(t.Context(), train, o)
		if c.want == "" {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.Is(err, ErrCheckpointMismatch) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected %q", err, c.want)
		}
	}
}

// TestCheckpointNamesDifferences: whatever differs is in the message, and nothing else.
func TestCheckpointNamesDifferences(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	o := short(1)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	n := tinyNet(t, Elastic)
	if _, err := n.Train(t.Context(), train, o); err != nil {
		t.Fatal(err)
	}
	two, err := dataset.ByClass(train, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	fewer, err := n.space.WithClasses(2)
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(fewer, &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		train func() error
		want  []string
	}{
		{func() error { _, err := other.Train(t.Context(), two, o); return err },
			[]string{"space: Classes is 4, expected 2", "StepsPerEpoch is ", "BatchSize is ",
				"Images is 32, expected 16", "Labels is ", "Pixels is ", "Classes is 4, expected 2", "Sampler is ", `ClassNames is ["`}},
		{func() error { _, err := tinyModel(t).Train(t.Context(), train, o); return err },
			[]string{`Network is "supernet elastic", expected "model"`, `Arch is none, expected "`, "StepsPerDraw is ",
				"Sampler is "}},
	} {
		err := c.train()
		if !errors.Is(err, ErrCheckpointMismatch) {
			t.Fatalf("got %v, expected ErrCheckpointMismatch", err)
		}
		_, said, _ := strings.Cut(err.Error(), ErrCheckpointMismatch.Error()+": ")
		for part := range strings.SplitSeq(said, "; ") {
			if !slices.ContainsFunc(c.want, func(w string) bool { return strings.HasPrefix(part, w) }) {
				t.Errorf("the message names %q", part)
			}
		}
		for _, w := range c.want[:2] {
			if !strings.Contains(said, w) {
				t.Errorf("got %q, expected %q in it", said, w)
			}
		}
		if strings.Contains(said, "is ,") || strings.Contains(said, "is ;") || strings.HasSuffix(said, " ") {
			t.Errorf("empty fields in %q", said)
		}
	}
}
