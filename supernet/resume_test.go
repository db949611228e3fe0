package supernet

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor/fake"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// stopAfter cancels a training after some steps.
func stopAfter(steps int, cancel context.CancelFunc) Recorder {
	return RecorderFunc(func(p Progress) error {
		if p.Phase == PhaseTrain && p.Step == steps {
			cancel()
		}
		return nil
	})
}

// resumable is options with everything that a checkpoint has to carry.
func resumable(t *testing.T) *TrainOptions {
	o := short(3)
	o.Validation = stripes(t, 12, 16, 9)
	o.Augment = &dataset.Augment{CropPadding: 2, Flip: true, Cutout: 4}
	o.LabelSmoothing, o.ClipNorm, o.WarmupSteps, o.DecayWeightsOnly = 0.1, 5, 3, true
	var err error
	if o.Masks, err = SuperclassDropout([]int{0, 0, 1, 1}, 0.5, 5); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestResume interrupts training at several steps and expects the bits of an uninterrupted run.
func TestResume(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, Classes: 4, Dropout: 0.2,
		Depths: []int{1, 2}, Kernels: []int{3, 5}, Expands: []int{3, 4}})
	if err != nil {
		t.Fatal(err)
	}
	train := stripes(t, 70, 16, 1)
	type trainer interface {
		Train(context.Context, dataset.Dataset, *TrainOptions) (*TrainResult, error)
		values() map[string][]float32
		WeightVersion() uint64
	}
	kinds := map[string]func() trainer{
		"elastic": func() trainer {
			n, err := New(space, &Options{Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			return n
		},
		"single-path": func() trainer {
			n, err := New(space, &Options{Seed: 7, Sharing: SinglePath})
			if err != nil {
				t.Fatal(err)
			}
			return n
		},
		"model": func() trainer {
			m, err := NewModel(space, space.Largest(), &Options{Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			return m
		},
	}
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			resumable := func(t *testing.T) *TrainOptions {
				o := resumable(t)
				if name == "elastic" {
					o.Subnets.Sampler = Sandwich(space, 1, 3)
				}
				return o
			}
			whole := make()
			want, err := whole.Train(context.Background(), train, resumable(t))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "train.ckpt")
			var got trainer
			for _, stop := range []int{1, 4, 7, 11, 0} { // steps 4 and 8 end an epoch, 12 the last one
				got = make() // a new process
				o := resumable(t)
				o.Checkpoint, o.CheckpointEvery = path, 2
				ctx, cancel := context.WithCancel(context.Background())
				if stop > 0 {
					o.Recorder = stopAfter(stop, cancel)
				}
				res, err := got.Train(ctx, train, o)
				cancel()
				if stop > 0 {
					if !errors.Is(err, context.Canceled) || res == nil || res.Steps != stop {
						t.Fatalf("stopped at %d: %+v, %v", stop, res, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if !res.Resumed {
					t.Error("did not resume")
				}
				res.Resumed = false
				if !reflect.DeepEqual(res, want) {
					t.Errorf("result %+v, expected %+v", res, want)
				}
			}
			sameValues(t, got.values(), whole.values())
			if got.WeightVersion() != whole.WeightVersion() {
				t.Errorf("weight version %d, expected %d", got.WeightVersion(), whole.WeightVersion())
			}
		})
	}
}

// TestResumeFromOldCheckpoint goes back to a checkpoint that is some steps old, as after a kill
// that nobody announced.
func TestResumeFromOldCheckpoint(t *testing.T) {
	train := stripes(t, 70, 16, 1)
	whole := tinyModel(t)
	want, err := whole.Train(context.Background(), train, resumable(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "train.ckpt")
	old := filepath.Join(t.TempDir(), "old.ckpt")
	killed := tinyModel(t)
	o := resumable(t)
	o.Checkpoint, o.CheckpointEvery = path, 3
	o.Recorder = RecorderFunc(func(p Progress) error {
		if p.Phase == PhaseTrain && p.Step == 5 { // the file is of step 3
			copyFile(t, path, old)
			return errors.New("power failure")
		}
		return nil
	})
	if _, err := killed.Train(context.Background(), train, o); err == nil {
		t.Fatal("training went on")
	}
	again := tinyModel(t)
	o.Recorder, o.Checkpoint = nil, old
	res, err := again.Train(context.Background(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	res.Resumed = false
	if !reflect.DeepEqual(res, want) {
		t.Errorf("result %+v, expected %+v", res, want)
	}
	sameValues(t, again.values(), whole.values())

	// A finished training returns at once with the same weights.
	late := tinyModel(t)
	steps := 0
	o.Recorder = RecorderFunc(func(Progress) error { steps++; return nil })
	res, err = late.Train(context.Background(), train, o)
	if err != nil || res.Status != searchspace.StatusFinished || steps != 0 {
		t.Errorf("finished training: %+v, %v, %d reports", res, err, steps)
	}
	sameValues(t, late.values(), whole.values())
}

// TestCheckpointMismatch checks that a checkpoint is not taken for another run's.
func TestCheckpointMismatch(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	path := filepath.Join(t.TempDir(), "train.ckpt")
	o := short(1)
	o.Checkpoint = path
	m := tinyModel(t)
	if _, err := m.Train(context.Background(), train, o); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*TrainOptions){
		"LR":   func(o *TrainOptions) { o.LR = 0.01 },
		"Seed": func(o *TrainOptions) { o.Seed = 99 },
	} {
		other := *o
		change(&other)
		if _, err := m.Train(context.Background(), train, &other); !errors.Is(err, ErrCheckpointMismatch) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	if _, err := tinyNet(t, Elastic).Train(context.Background(), train, o); !errors.Is(err, ErrCheckpointMismatch) {
		t.Errorf("checkpoint of a model for a supernet: %v", err)
	}
	damage(t, path, 0.7)
	before := m.values()
	if _, err := m.Train(context.Background(), train, o); err == nil {
		t.Error("a damaged checkpoint was accepted")
	}
	sameValues(t, m.values(), before)
}

// TestKernelPathWarning resumes on another device and expects a warning, and that training goes on.
func TestKernelPathWarning(t *testing.T) {
	space := tinySpace(t)
	train := stripes(t, 32, 16, 1)
	o := short(2)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	first, err := newModel(fake.New(), space, space.Smallest(), &Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o.Recorder = stopAfter(1, cancel)
	if _, err := first.Train(ctx, train, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	second, err := NewModel(space, space.Smallest(), &Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	o.Recorder = nil
	if text.Len() != 0 {
		t.Errorf("logged %q before there was anything to say", text.String())
	}
	if res, err := second.Train(context.Background(), train, o); err != nil || !res.Resumed || res.Status != searchspace.StatusFinished {
		t.Errorf("%+v, %v", res, err)
	}
	if !strings.Contains(text.String(), first.KernelPath()) || !strings.Contains(text.String(), second.KernelPath()) {
		t.Errorf("the warning %q does not name %s and %s", text.String(), first.KernelPath(), second.KernelPath())
	}
}
