package supernet

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// paceOf is a Pace with the factors of a list, which ends with it.
func paceOf(factors ...float64) func(int) (float64, bool) {
	return func(step int) (float64, bool) {
		if step >= len(factors) {
			return 0, false
		}
		return factors[step], true
	}
}

// A training whose time is over is finished, in the middle of an epoch or between two, with the
// weights of its last step, and has used the factors; started again it has nothing to do.
func TestPace(t *testing.T) {
	train := stripes(t, 48, 16, 1)
	for _, steps := range []int{3, 4} {
		m := tinyModel(t)
		o := short(4)
		o.BatchSize, o.Schedule, o.Validation, o.ValidateEvery = 24, Constant, train, 1
		o.Checkpoint = filepath.Join(t.TempDir(), "training")
		o.Pace = paceOf([]float64{1, 0.5, 0.25, 0.125}[:steps]...)
		var rates []float64
		var after map[string][]float32
		o.Recorder = RecorderFunc(func(p Progress) error {
			if p.Phase == PhaseTrain {
				rates = append(rates, p.LR)
				after = m.values()
			}
			return nil
		})
		res, err := m.Train(t.Context(), train, o)
		if err != nil {
			t.Fatal(err)
		}
		if res.Status != searchspace.StatusFinished || !res.Cut || res.Steps != steps || res.Epochs != steps/2 {
			t.Errorf("status %v, cut %v after %d steps and %d epochs, expected %d and %d", res.Status, res.Cut, res.Steps,
				res.Epochs, steps, steps/2)
		}
		for i, r := range rates {
			if want := o.LR * math.Pow(0.5, float64(i)); math.Abs(r-want) > 1e-12 {
				t.Errorf("rate %v at step %d, expected %v", r, i, want)
			}
		}
		sameValues(t, m.values(), after)
		again := tinyModel(t)
		o.Recorder = nil
		o.Pace = func(int) (float64, bool) { t.Error("a finished training asks for its pace"); return 1, true }
		if res, err = again.Train(t.Context(), train, o); err != nil || !res.Cut || res.Steps != steps {
			t.Errorf("again: %+v, %v", res, err)
		}
		sameValues(t, again.values(), after)
	}
}

// Factors of 1 change nothing, and what is no factor ends the training with an error.
func TestPaceFactors(t *testing.T) {
	train := stripes(t, 32, 16, 1)
	plain, paced := tinyModel(t), tinyModel(t)
	if _, err := plain.Train(t.Context(), train, short(1)); err != nil {
		t.Fatal(err)
	}
	var steps []int
	o := short(1)
	o.Pace = func(step int) (float64, bool) { steps = append(steps, step); return 1, true }
	if res, err := paced.Train(t.Context(), train, o); err != nil || res.Cut {
		t.Fatalf("%+v, %v", res, err)
	}
	if !slices.Equal(steps, []int{0, 1}) {
		t.Errorf("asked before steps %v, expected 0 and 1", steps)
	}
	sameValues(t, paced.values(), plain.values())
	for _, f := range []float64{-1, math.NaN(), math.Inf(1)} {
		o.Pace = paceOf(f)
		if res, err := tinyModel(t).Train(t.Context(), train, o); err == nil || res.Status != searchspace.StatusStopped {
			t.Errorf("factor %v: status %v, error %v", f, res.Status, err)
		}
	}
	none := tinyModel(t)
	before := none.values()
	o.Pace = paceOf()
	if res, err := none.Train(t.Context(), train, o); err != nil || !res.Cut || res.Steps != 0 {
		t.Errorf("no step: %+v, %v", res, err)
	}
	sameValues(t, none.values(), before)
}
