package supernet

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// quickly is a succession of small models of stripes.
func quickly(t testing.TB, o SuccessionOptions) *Succession {
	t.Helper()
	o.Images, o.Seed = cmp.Or(o.Images, 48), 5
	if o.Train == nil {
		o.Train = &TrainOptions{BatchSize: 16, LR: 0.05, Schedule: Constant}
	}
	s, err := NewSuccession(tinySpace(t), stripes(t, 96, 16, 1), stripes(t, 40, 16, 2), &o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// candidates are the architectures of some steps: one of them twice, and one step with one twice.
func candidates(t testing.TB) [][]searchspace.Arch {
	space := tinySpace(t)
	a, b, c := space.Smallest(), sample(t, space, 1), sample(t, space, 2)
	return [][]searchspace.Arch{{a, b}, {c}, {b, b}, {a, c}, {sample(t, space, 3)}}
}

// carryOut runs steps from the first that has not ended, as a search with a window of two does, and
// adds to what is measured by step. Interrupted says after which evaluation it ends; −1 = at the
// end.
func carryOut(t testing.TB, s *Succession, steps [][]searchspace.Arch, workers, interrupted int,
	told map[int][]searchspace.Measurement) {
	t.Helper()
	const window = 2
	ctx := context.Background()
	begun, evaluated := s.ended, 0
	for step := s.ended; step < len(steps); step++ {
		for ; begun < min(step+window, len(steps)); begun++ {
			if err := s.BeginStep(begun, steps[begun]); err != nil {
				t.Fatal(err)
			}
		}
		measured := make([]searchspace.Measurement, len(steps[step]))
		var group sync.WaitGroup
		free := make(chan struct{}, workers)
		for i, a := range steps[step] {
			if evaluated == interrupted {
				group.Wait()
				return
			}
			evaluated++
			free <- struct{}{}
			group.Go(func() {
				defer func() { <-free }()
				var err error
				if measured[i], err = s.EvaluateStep(ctx, a, step); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		told[step] = measured
		if err := s.EndStep(ctx, step); err != nil {
			t.Fatal(err)
		}
	}
}

// saved is the bytes of a saved succession.
func savedBytes(t testing.TB, s *Succession) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "succession")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Measurements and weights depend neither on the number of workers nor on interruptions, whatever
// was under way.
func TestSuccessionIsTheSameHoweverItIsRun(t *testing.T) {
	same := func(a, b map[int][]searchspace.Measurement) bool {
		return maps.EqualFunc(a, b, slices.Equal[[]searchspace.Measurement])
	}
	steps := candidates(t)
	whole, want := quickly(t, SuccessionOptions{}), map[int][]searchspace.Measurement{}
	carryOut(t, whole, steps, 1, -1, want)
	bits := savedBytes(t, whole)
	s, got := quickly(t, SuccessionOptions{}), map[int][]searchspace.Measurement{}
	carryOut(t, s, steps, 3, -1, got)
	if !same(want, got) || !bytes.Equal(bits, savedBytes(t, s)) {
		t.Errorf("3 workers: %v, expected %v", got, want)
	}
	for after := range 8 {
		path := filepath.Join(t.TempDir(), "succession")
		s, got := quickly(t, SuccessionOptions{}), map[int][]searchspace.Measurement{}
		carryOut(t, s, steps, 2, after, got)
		if err := s.Save(path); err != nil {
			t.Fatal(err)
		}
		s = quickly(t, SuccessionOptions{})
		if err := s.Resume(path); err != nil {
			t.Fatal(err)
		}
		carryOut(t, s, steps, 1, -1, got)
		if !same(want, got) || !bytes.Equal(bits, savedBytes(t, s)) {
			t.Errorf("interrupted after %d evaluations: %v, expected %v", after, got, want)
		}
	}
	for step, archs := range steps {
		for i, a := range archs {
			m := want[step][i]
			version := []uint64{0, 0, 2, 3, 4}[step] // writes of the steps that had ended
			if m.Arch != a || m.WeightVersion != version || m.Samples != 40 || m.Text == "" {
				t.Errorf("step %d: %+v, expected weights %d", step, m, version)
			}
		}
	}
	if want[2][0] != want[2][1] {
		t.Error("the same model twice in a step is measured differently")
	}
}

// What a model begins with is what the options say, and training it by hand gives the same.
func TestSuccessionInherits(t *testing.T) {
	space := tinySpace(t)
	train, val := stripes(t, 96, 16, 1), stripes(t, 40, 16, 2)
	list := []searchspace.Arch{space.Smallest(), sample(t, space, 1), sample(t, space, 2), space.Largest()}
	for _, how := range []Inheritance{InheritStore, InheritBest, InheritNothing} {
		s := quickly(t, SuccessionOptions{Inheritance: how, Images: 96})
		store, best := NewWeightStore(), 0.0
		for step, a := range list {
			got, err := s.Evaluate(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			m, err := NewModel(space, a, &Options{Seed: stream.Seed(5, "supernet.succession.weights", uint64(step)),
				Classes: train.Classes()})
			if err != nil {
				t.Fatal(err)
			}
			if how != InheritNothing {
				if err := store.Read(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := m.Train(t.Context(), train, &TrainOptions{Epochs: 1, BatchSize: 16, LR: 0.05,
				Schedule: Constant, Seed: stream.Seed(5, "supernet.succession.training", uint64(step))}); err != nil {
				t.Fatal(err)
			}
			want, err := m.Evaluate(t.Context(), val, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Accuracy != want.Accuracy || got.Loss != want.Loss {
				t.Errorf("inheritance %d, model %d: accuracy %g, loss %g; by hand %g, %g", how, step, got.Accuracy,
					got.Loss, want.Accuracy, want.Loss)
			}
			if how == InheritBest && want.Accuracy <= best {
				continue
			}
			if best = want.Accuracy; how == InheritBest {
				store = NewWeightStore()
			}
			if err := store.Write(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		if written := s.Store().WeightVersion() > 0; written == (how == InheritNothing) {
			t.Errorf("inheritance %d: written %v", how, written)
		}
	}
}

// A model that failed is tried again as it was, and leaves nothing when it never succeeds.
func TestSuccessionFailures(t *testing.T) {
	fails := 0
	refuse := errors.New("refused")
	o := &TrainOptions{BatchSize: 16, LR: 0.05, Schedule: Constant,
		Before: func(_ context.Context, step int) error {
			if fails > 0 && step == 2 {
				fails--
				return refuse
			}
			return nil
		}}
	a, b := sample(t, tinySpace(t), 1), sample(t, tinySpace(t), 2)
	sound, s := quickly(t, SuccessionOptions{Train: o}), quickly(t, SuccessionOptions{Train: o})
	want, err := sound.Evaluate(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BeginStep(0, []searchspace.Arch{a, b}); err != nil {
		t.Fatal(err)
	}
	fails = 2
	for range 2 {
		if _, err := s.EvaluateStep(t.Context(), a, 0); !errors.Is(err, refuse) {
			t.Fatalf("got %v", err)
		}
	}
	got, err := s.EvaluateStep(t.Context(), a, 0)
	if err != nil || got != want {
		t.Errorf("%+v, %v after failures, expected %+v", got, err, want)
	}
	fails = 1
	if _, err := s.EvaluateStep(t.Context(), b, 0); !errors.Is(err, refuse) {
		t.Fatalf("got %v", err)
	}
	if err := s.EndStep(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(savedBytes(t, s), savedBytes(t, sound)) {
		t.Error("a model that failed left something")
	}
	fails = 1
	if _, err := s.Evaluate(t.Context(), a); !errors.Is(err, refuse) {
		t.Fatalf("got %v", err)
	}
	if _, err := s.Evaluate(t.Context(), b); err != nil {
		t.Errorf("after a failure: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Evaluate(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSuccessionRefuses(t *testing.T) {
	space, ds := tinySpace(t), stripes(t, 32, 16, 1)
	for want, f := range map[string]func() (*Succession, error){
		"no space":                 func() (*Succession, error) { return NewSuccession(nil, ds, ds, nil) },
		"images to judge on":       func() (*Succession, error) { return NewSuccession(space, ds, nil, nil) },
		"data do not fit":          func() (*Succession, error) { return NewSuccession(space, nil, ds, nil) },
		"33 images for each model": func() (*Succession, error) { return NewSuccession(space, ds, ds, &SuccessionOptions{Images: 33}) },
		"cannot share a training": func() (*Succession, error) {
			return NewSuccession(space, ds, ds, &SuccessionOptions{Train: &TrainOptions{Checkpoint: "x"}})
		},
		"inheritance 7": func() (*Succession, error) { return NewSuccession(space, ds, ds, &SuccessionOptions{Inheritance: 7}) },
		"momentum": func() (*Succession, error) {
			return NewSuccession(space, ds, ds, &SuccessionOptions{Train: &TrainOptions{Momentum: 2}})
		},
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	s := quickly(t, SuccessionOptions{})
	a, b := space.Smallest(), space.Largest()
	if err := s.BeginStep(0, []searchspace.Arch{{}}); err == nil {
		t.Error("no architecture is accepted")
	}
	if err := s.BeginStep(0, []searchspace.Arch{a}); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"other architectures": s.BeginStep(0, []searchspace.Arch{b}),
		"step 1":              s.EndStep(t.Context(), 1),
	} {
		if err == nil {
			t.Error(what, "is accepted")
		}
	}
	if _, err := s.EvaluateStep(t.Context(), b, 0); err == nil {
		t.Error("another architecture is measured")
	}
	path := filepath.Join(t.TempDir(), "succession")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Resume(path); err == nil {
		t.Error("resumed in the middle")
	}
	for what, other := range map[string]SuccessionOptions{
		"Images":      {Images: 47},
		"Inheritance": {Inheritance: InheritBest},
		"LR":          {Train: &TrainOptions{BatchSize: 16, LR: 0.04, Schedule: Constant}},
		"Judged":      {Eval: &EvalOptions{Classes: []int{0, 1}}},
	} {
		if err := quickly(t, other).Resume(path); !errors.Is(err, ErrCheckpointMismatch) ||
			!strings.Contains(err.Error(), what+" is") {
			t.Errorf("other %s: %v", what, err)
		}
	}
}

// FuzzResumeSuccession damages files: an error, or a succession that goes on.
func FuzzResumeSuccession(f *testing.F) {
	s := quickly(f, SuccessionOptions{})
	carryOut(f, s, candidates(f), 1, 3, map[int][]searchspace.Measurement{})
	good := savedBytes(f, s)
	var meta map[string]any
	path := filepath.Join(f.TempDir(), "good")
	if err := os.WriteFile(path, good, 0o600); err != nil {
		f.Fatal(err)
	}
	tensors, err := checkpoint.Read(path, successionKind, successionVersion, &meta)
	if err != nil {
		f.Fatal(err)
	}
	names := make([]string, 0, len(tensors))
	for name := range tensors {
		names = append(names, name)
	}
	slices.Sort(names)
	f.Add(0, "x", 0)
	f.Add(1, "heir/1/0/a", 1)
	f.Add(2, "value/a", 2)
	f.Fuzz(func(t *testing.T, which int, name string, kept int) {
		// A tensor goes, comes under another name, or gets another shape.
		changed := make(map[string]checkpoint.Tensor, len(tensors))
		for n, x := range tensors {
			changed[n] = x
		}
		old := names[uint(which)%uint(len(names))]
		delete(changed, old)
		if kept%3 > 0 && name != "" {
			x := tensors[old]
			if kept%3 == 2 {
				x.Shape = append([]int{1}, x.Shape...)
			}
			changed[name] = x
		}
		path := filepath.Join(t.TempDir(), "file")
		if err := checkpoint.Write(path, successionKind, successionVersion, meta, changed); err != nil {
			return // not a name for a tensor
		}
		s := quickly(t, SuccessionOptions{})
		if err := s.Resume(path); err == nil && (name != old || kept%3 != 1) {
			t.Error("a tensor less, or another one, is accepted")
		}
	})
}
