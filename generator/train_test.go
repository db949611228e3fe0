package generator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// resumable is what the tests of interruptions train.
func resumable(t testing.TB) (*searchspace.Space, *Options, []Learner, *TrainOptions) {
	space := small(t)
	names, learners := tastes(space, 3)
	return space, &Options{Superclasses: names, Seed: 8}, learners, &TrainOptions{Steps: 40, BatchSize: 8,
		Seed: 5}
}

// sameParams compares the parameters of two generators bit by bit.
func sameParams(t testing.TB, got, want *Generator) {
	t.Helper()
	for i, v := range got.flat {
		if v != want.flat[i] {
			t.Fatalf("parameter %d is %v, expected %v", i, v, want.flat[i])
		}
	}
}

// A training that is interrupted again and again, in memory or through files, ends in the bits of
// one that nobody disturbed, whatever GOMAXPROCS is.
func TestResume(t *testing.T) {
	space, o, learners, to := resumable(t)
	whole := must[*Generator](t)(New(space, o))
	if res := must[*TrainResult](t)(whole.Train(t.Context(), learners,
		to)); *res != (TrainResult{Status: searchspace.StatusFinished, Steps: 40}) {
		t.Fatalf("%+v", res)
	}
	for _, way := range []string{"memory", "save", "checkpoint"} {
		g := must[*Generator](t)(New(space, o))
		path := filepath.Join(t.TempDir(), "g")
		opts := *to
		for done := 0; ; {
			runtime.GOMAXPROCS(1 + done%3)
			left := 7
			opts.Recorder = RecorderFunc(func(p Progress) error {
				if done++; p.Step != done {
					return fmt.Errorf("step %d, expected %d", p.Step, done)
				}
				if left--; left == 0 {
					return errors.New("enough")
				}
				return nil
			})
			if way == "checkpoint" {
				g = must[*Generator](t)(New(space, o))
				opts.Checkpoint = path
			}
			res, err := g.Train(t.Context(), learners, &opts)
			if res == nil || res.Steps != done {
				t.Fatalf("%s: %+v, %v", way, res, err)
			}
			if err == nil {
				break
			}
			if res.Status != searchspace.StatusStopped || !strings.Contains(err.Error(), "enough") {
				t.Fatalf("%s: %+v, %v", way, res, err)
			}
			if way == "save" {
				if err := g.Save(t.Context(), path); err != nil {
					t.Fatal(err)
				}
				g = must[*Generator](t)(Load(path, nil))
			}
		}
		runtime.GOMAXPROCS(runtime.NumCPU())
		sameParams(t, g, whole)
	}
}

// Killed without warning, a training goes on from the last checkpoint that it wrote.
func TestKilled(t *testing.T) {
	space, o, learners, to := resumable(t)
	whole := must[*Generator](t)(New(space, o))
	must[*TrainResult](t)(whole.Train(t.Context(), learners, to))
	dir := t.TempDir()
	opts := *to
	opts.Checkpoint, opts.CheckpointEvery = filepath.Join(dir, "g"), 6
	opts.Recorder = RecorderFunc(func(p Progress) error {
		if p.Step != 21 {
			return nil
		}
		text, err := os.ReadFile(opts.Checkpoint)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "left"), text, 0o644)
		}
		return err
	})
	must[*TrainResult](t)(must[*Generator](t)(New(space, o)).Train(t.Context(), learners, &opts))
	opts.Checkpoint, opts.Recorder = filepath.Join(dir, "left"), nil
	last := must[*Generator](t)(New(space, o))
	if res := must[*TrainResult](t)(last.Train(t.Context(), learners, &opts)); !res.Resumed ||
		res.Steps != 40 {
		t.Errorf("%+v", res)
	}
	sameParams(t, last, whole)
	// A finished one returns at once, with its parameters.
	calls := learners[0].(*taste).calls
	again := must[*Generator](t)(New(space, o))
	if res := must[*TrainResult](t)(again.Train(t.Context(), learners,
		&opts)); res.Status != searchspace.StatusFinished {
		t.Errorf("%+v", res)
	}
	sameParams(t, again, whole)
	if learners[0].(*taste).calls != calls {
		t.Error("a finished training was repeated")
	}
	// Another training does not take the file.
	for name, change := range map[string]func(o *Options, to *TrainOptions) *searchspace.Space{
		"steps":   func(_ *Options, to *TrainOptions) *searchspace.Space { to.Steps++; return space },
		"seed":    func(_ *Options, to *TrainOptions) *searchspace.Space { to.Seed++; return space },
		"initial": func(o *Options, _ *TrainOptions) *searchspace.Space { o.Seed++; return space },
		"space": func(*Options, *TrainOptions) *searchspace.Space {
			return must[*searchspace.Space](t)(space.WithClasses(7))
		},
	} {
		o, opts := *o, opts
		s := change(&o, &opts)
		if _, err := must[*Generator](t)(New(s, &o)).Train(t.Context(), learners, &opts); !errors.Is(err,
			ErrCheckpointMismatch) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
}

// What ends a training early is said in its status and error, and no step is half made.
func TestTrainEnds(t *testing.T) {
	space, o, learners, to := resumable(t)
	gone := errors.New("gone")
	nan := &taste{worth: space.Zeros(), images: 3}
	nan.worth[2][0] = math.NaN()
	odd := oddLearner{newTaste(space, 1, 0.1)}
	for name, c := range map[string]struct {
		learner Learner
		want    error
		status  searchspace.Status
	}{
		"fails": {&taste{worth: space.Zeros(), images: 3, fail: func(int) error { return gone }}, gone,
			searchspace.StatusFailed},
		"NaN":   {nan, ErrNotFinite, searchspace.StatusDiverged},
		"shape": {odd, nil, searchspace.StatusFailed},
	} {
		g := must[*Generator](t)(New(space, o))
		before := append([]float32(nil), g.flat...)
		res, err := g.Train(t.Context(), []Learner{c.learner, c.learner, c.learner}, to)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || res.Status != c.status ||
			res.Steps != 0 {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
		if d := cmp.Diff(g.flat, before); d != "" {
			t.Errorf("%s: parameters changed", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	opts := *to
	opts.Recorder = RecorderFunc(func(p Progress) error {
		if p.Step == 3 {
			cancel()
		}
		return nil
	})
	g := must[*Generator](t)(New(space, o))
	if res, err := g.Train(ctx, learners, &opts); !errors.Is(err, context.Canceled) ||
		res.Status != searchspace.StatusCancelled || res.Steps != 3 {
		t.Errorf("%+v, %v", res, err)
	}
}

// oddLearner gives a gradient of another shape.
type oddLearner struct{ *taste }

func (l oddLearner) Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (float64,
	searchspace.Relaxed, error) {
	loss, grad, err := l.taste.Gradient(ctx, rows, images)
	return loss, grad[1:], err
}

// Options and learners that make no training are refused before anything is done.
func TestTrainRefuses(t *testing.T) {
	space, o, learners, _ := resumable(t)
	g := must[*Generator](t)(New(space, o))
	for name, to := range map[string]*TrainOptions{
		"steps": {Steps: -1}, "batch": {BatchSize: -3}, "LR": {LR: -1}, "LR NaN": {LR: math.NaN()},
		"temperature": {Temperature: math.Inf(1)},
		"aim":         {Aim: 1.5}, "lambda": {Lambda: math.NaN()}, "every": {CheckpointEvery: -1},
		"folder": {Checkpoint: filepath.Join(t.TempDir(), "none", "g")},
	} {
		if res, err := g.Train(t.Context(), learners, to); err == nil {
			t.Errorf("%s: no error, %+v", name, res)
		}
	}
	for name, l := range map[string][]Learner{"few": learners[:2], "nil": {learners[0], nil, learners[1]},
		"nil of a type": {learners[0], (*taste)(nil), learners[1]},
		"empty":         {learners[0], learners[1], &taste{worth: space.Zeros()}}} {
		if _, err := g.Train(t.Context(), l, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := g.Train(t.Context(), learners, &TrainOptions{Steps: 2, Recorder: RecorderFunc(nil)}); err == nil {
		t.Error("a recorder without a function: no error")
	}
}

// Scenarios are answered while the generator is trained, a Recorder may ask, and a second training
// is refused.
func TestConcurrent(t *testing.T) {
	space, o, learners, to := resumable(t)
	g := must[*Generator](t)(New(space, o))
	all := scenarios(g, 5, 1)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := g.Generate(context.Background(), all, nil); err != nil {
					t.Error(err)
				}
				if _, err := g.Probabilities(all[0]); err != nil {
					t.Error(err)
				}
				if err := g.Save(context.Background(), filepath.Join(t.TempDir(), "g")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	to.Recorder = RecorderFunc(func(Progress) error {
		if _, err := g.Train(t.Context(), learners, to); !errors.Is(err, ErrTraining) {
			return fmt.Errorf("second training: %w", err)
		}
		_, err := g.Generate(t.Context(), all, nil)
		return err
	})
	_, err := g.Train(t.Context(), learners, to)
	close(stop)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
}

// A saved generator gives the same answers; a damaged file, whatever the byte, gives an error.
func TestSaveLoad(t *testing.T) {
	space, o, learners, to := resumable(t)
	o.MultiPath = true
	g := must[*Generator](t)(New(space, o))
	must[*TrainResult](t)(g.Train(t.Context(), learners, to))
	path := filepath.Join(t.TempDir(), "g")
	if err := g.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	h := must[*Generator](t)(Load(path, nil))
	all := scenarios(g, 20, 3)
	if d := cmp.Diff(must[[]Answer](t)(h.Generate(t.Context(), all, nil)),
		must[[]Answer](t)(g.Generate(t.Context(), all, nil)), compareArchs); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(h.Superclasses(), g.Superclasses()); d != "" || !h.Space().Spec().Equal(space.Spec()) {
		t.Errorf("%s, space %s", d, h.Space().Name())
	}
	text := must[[]byte](t)(os.ReadFile(path))
	for at := 0; at < len(text); at += 1 + len(text)/200 {
		damaged := append([]byte(nil), text...)
		damaged[at] ^= 4
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, nil); !errors.Is(err, checkpoint.ErrCorrupt) {
			t.Fatalf("byte %d of %d changed: %v", at, len(text), err)
		}
	}
	if err := checkpoint.Write(path, "other", 1, struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); !errors.Is(err, checkpoint.ErrKind) {
		t.Errorf("another kind of file: %v", err)
	}
	if _, err := Load(path+"none", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	g.flat[3] = float32(math.NaN())
	if err := g.Save(t.Context(), path); !errors.Is(err, ErrNotFinite) {
		t.Errorf("NaN saved: %v", err)
	}
}

// A space of a program's own family is built again by its maker.
func TestLoadOwnFamily(t *testing.T) {
	space := chain(t, true, []int{3, 5, 7}, []int{3, 5})
	g := newTrained(t, space, 2, 10, false)
	path := filepath.Join(t.TempDir(), "g")
	if err := g.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); err == nil {
		t.Error("a family that nobody knows: no error")
	}
	maker := searchspace.Maker{Family: "chain", Make: func(json.RawMessage) (*searchspace.Space,
		error) {
		return space, nil
	}}
	h := must[*Generator](t)(Load(path, &Options{Makers: []searchspace.Maker{maker}}))
	sameParams(t, h, g)
}
