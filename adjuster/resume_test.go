package adjuster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// everything is all that a run leaves behind: results, parameters, and what the next snapshot then
// makes of them.
type everything struct {
	First, Second *Result
	Policy        map[string]checkpoint.Tensor
}

func twoSnapshots(t testing.TB, a *Adjuster, s *searchspace.Space, j Evaluator, res *Result) everything {
	t.Helper()
	if res == nil {
		res = adjust(t, a, s.Smallest(), 0.7, j)
	}
	e := everything{First: res, Second: adjust(t, a, res.Arch, 1.3, j)}
	_, tensors, err := a.state()
	if err != nil {
		t.Fatal(err)
	}
	e.Policy = tensors
	return e
}

func resumable(t testing.TB) (*searchspace.Space, Options, *judge) {
	s := small(t)
	return s, Options{Iterations: 24, Baseline: 0.8, Hidden: 16, Lambda: 0.05, Seed: 11, Elites: 2, KeepPrevious: true, GridStep: 0.1, GridSize: 20},
		saturating(t, s)
}

// Stopped at any evaluation, saved, loaded and continued, everything ends in the same bits.
func TestInterruptedRunEndsInTheSameBits(t *testing.T) {
	s, o, j := resumable(t)
	want := twoSnapshots(t, newAdjuster(t, s, o), s, j, nil)
	total := j.calls
	for _, stop := range []int{1, 2, 3, 9, total / 3, total / 2} {
		path := filepath.Join(t.TempDir(), "adjuster.ckpt")
		ctx, cancel := context.WithCancel(t.Context())
		stopping := saturating(t, s)
		stopping.fail = func(call int) error {
			if call == stop {
				cancel()
			}
			return ctx.Err()
		}
		a := newAdjuster(t, s, o)
		res, err := a.Adjust(ctx, s.Smallest(), 0.7, stopping, nil)
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stop at %d: %v", stop, err)
		}
		if !res.Arch.IsZero() || !slices.Equal(res.History, want.First.History[:res.Iterations]) {
			t.Fatalf("stop at %d: partial result with %d proposals of %d iterations", stop, len(res.History), res.Iterations)
		}
		if err := a.Save(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		b, err := Load(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if prev, d, n, ok := b.Pending(); !ok || prev != s.Smallest() || d != 0.7 || n != res.Iterations {
			t.Fatalf("stop at %d: pending %v %v %d %v", stop, prev, d, n, ok)
		}
		if d := cmp.Diff(want, twoSnapshots(t, b, s, saturating(t, s), nil), compareArchs); d != "" {
			t.Errorf("stop at evaluation %d of %d: %s", stop, total, d)
		}
	}
}

// A process that is killed leaves its last automatic checkpoint behind; the iterations after it are
// repeated to the same bits.
func TestKilledRunEndsInTheSameBits(t *testing.T) {
	s, o, j := resumable(t)
	want := twoSnapshots(t, newAdjuster(t, s, o), s, j, nil)
	killed := errors.New("killed")
	for _, last := range []int{4, 13, 23, 24} {
		o := o
		o.Checkpoint, o.CheckpointEvery = filepath.Join(t.TempDir(), "adjuster.ckpt"), 5
		frozen := filepath.Join(t.TempDir(), "frozen.ckpt")
		o.Recorder = recorderFunc(func(p Progress) error {
			if p.Iteration == last {
				return killed
			}
			return nil
		})
		a := newAdjuster(t, s, o)
		// The kill prevents the save that an orderly stop makes: only those in between count.
		a.saver = func() error {
			if _, _, n, _ := a.Pending(); n < last {
				return a.Save(t.Context(), frozen)
			}
			return nil
		}
		if _, err := a.Adjust(t.Context(), s.Smallest(), 0.7, j, nil); !errors.Is(err, killed) {
			t.Fatalf("kill at %d: %v", last, err)
		}
		b, err := Load(frozen, nil)
		if last < 5 {
			if err == nil {
				t.Fatalf("kill at %d: a checkpoint exists before the first save", last)
			}
			o.Recorder = nil
			b, err = New(s, &o)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, n, _ := b.Pending(); n != last/5*5 {
			t.Fatalf("kill at %d: checkpoint after %d iterations", last, n)
		}
		b.opts.Checkpoint = ""
		if d := cmp.Diff(want, twoSnapshots(t, b, s, j, nil), compareArchs); d != "" {
			t.Errorf("kill at %d: %s", last, d)
		}
	}
}

type recorderFunc func(Progress) error

func (f recorderFunc) Record(p Progress) error { return f(p) }

// A recorder may save, and what it saves is the state after the iteration that it records.
func TestSaveFromRecorder(t *testing.T) {
	s, o, j := resumable(t)
	want := twoSnapshots(t, newAdjuster(t, s, o), s, j, nil)
	path := filepath.Join(t.TempDir(), "adjuster.ckpt")
	var a *Adjuster
	seen := 0
	o.Recorder = recorderFunc(func(p Progress) error {
		if seen++; p.Iteration != seen || p.Iterations != o.Iterations || !cmp.Equal(p.Proposal, want.First.History[seen-1], compareArchs) {
			return fmt.Errorf("iteration %d recorded as %+v", seen, p)
		}
		if p.Iteration == 17 {
			return errors.Join(a.Save(t.Context(), path), context.Canceled)
		}
		return nil
	})
	a = newAdjuster(t, s, o)
	if _, err := a.Adjust(t.Context(), s.Smallest(), 0.7, j, nil); !errors.Is(err, context.Canceled) || seen != 17 {
		t.Fatalf("after %d iterations: %v", seen, err)
	}
	b, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, n, _ := b.Pending(); n != 17 {
		t.Fatalf("saved %d iterations", n)
	}
	if d := cmp.Diff(want, twoSnapshots(t, b, s, j, nil), compareArchs); d != "" {
		t.Error(d)
	}
	// The interrupted one goes on too, in the same process.
	a.opts.Recorder = nil
	if d := cmp.Diff(want, twoSnapshots(t, a, s, j, nil), compareArchs); d != "" {
		t.Error(d)
	}
}

// Saved between snapshots, with new classes, in fresh-batch mode.
func TestSaveBetweenSnapshots(t *testing.T) {
	s, o, j := resumable(t)
	o.FreshBatches, o.Form, o.HeadPerKind = true, Published, true
	wider, err := s.WithClasses(9)
	if err != nil {
		t.Fatal(err)
	}
	run := func(through bool) (*Result, map[string]checkpoint.Tensor) {
		a := newAdjuster(t, s, o)
		res := adjust(t, a, s.Smallest(), 0.7, j)
		if through {
			path := filepath.Join(t.TempDir(), "adjuster.ckpt")
			if err := a.Save(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			if a, err = Load(path, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.SetSpace(wider); err != nil {
			t.Fatal(err)
		}
		res = adjust(t, a, res.Arch, 2, j)
		_, tensors, err := a.state()
		if err != nil {
			t.Fatal(err)
		}
		return res, tensors
	}
	want, wantPolicy := run(false)
	got, gotPolicy := run(true)
	if d := cmp.Diff(want, got, compareArchs); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(wantPolicy, gotPolicy); d != "" {
		t.Error(d)
	}
	if c := cost(t, wider, want.Arch); want.Best().Cost != c || c <= cost(t, s, want.Arch) {
		t.Errorf("cost %v, with nine classes %v", want.Best().Cost, c)
	}
}

func TestSameBitsOnAnyNumberOfProcessors(t *testing.T) {
	s, o, j := resumable(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want everything
	for i, n := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(n)
		got := twoSnapshots(t, newAdjuster(t, s, o), s, j, nil)
		if i == 0 {
			want = got
		} else if d := cmp.Diff(want, got, compareArchs); d != "" {
			t.Errorf("GOMAXPROCS %d: %s", n, d)
		}
	}
	o.Seed++
	if other := twoSnapshots(t, newAdjuster(t, s, o), s, j, nil); cmp.Equal(want.First.History, other.First.History, compareArchs) {
		t.Error("another seed proposed the same")
	}
}

// A checkpoint that cannot be written is noticed before anything is measured.
func TestCheckpointNowhere(t *testing.T) {
	s, o, j := resumable(t)
	o.Checkpoint = filepath.Join(t.TempDir(), "missing", "adjuster.ckpt")
	a := newAdjuster(t, s, o)
	if _, err := a.Adjust(t.Context(), s.Smallest(), 0.7, j, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("adjuster: error %v", err)
	}
	l := newShop(t)
	l.stop = func(call string) error { t.Errorf("%s came first", call); return nil }
	e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), &ExpertOptions{Checkpoint: o.Checkpoint})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Advance(t.Context(), l); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("expert: error %v", err)
	}
}
