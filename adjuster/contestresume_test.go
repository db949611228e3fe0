package adjuster

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// Killed at any block of the contest, and opened again from the checkpoint, only what was not
// judged is, and the outcome has the same bits.
func TestContestIsNotRepeated(t *testing.T) {
	f := &film{path: filepath.Join(t.TempDir(), "expert.ckpt")}
	eo := &ExpertOptions{Checkpoint: f.path}
	l, e := contender(t, smallest, 0.01, eo)
	f.watch(l.contest)
	want, err := e.Adjust(t.Context(), l, shopReadings[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(f.frames) != 40 {
		t.Fatalf("%d blocks", len(f.frames))
	}
	path := filepath.Join(t.TempDir(), "frame.ckpt")
	for stop, frame := range f.frames {
		if err := os.WriteFile(path, frame, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := LoadExpert(path, nil, &ExpertOptions{Deployed: true})
		if err != nil {
			t.Fatal(err)
		}
		if stop%5 == 0 { // what is loaded is kept until it is used
			if err := again.Save(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			if again, err = LoadExpert(path, nil, &ExpertOptions{Deployed: true}); err != nil {
				t.Fatal(err)
			}
		}
		if again.Phase() != PhaseCompare {
			t.Fatalf("phase %s", again.Phase())
		}
		l, _ := contender(t, smallest, 0.01, nil)
		got, err := again.Advance(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, compareArchs); d != "" {
			t.Fatalf("kill at %d: %s", stop, d)
		}
		if l.contest.calls != 40-stop || l.log[0] != "contest" {
			t.Errorf("kill at %d: %d blocks judged after %v", stop, l.contest.calls, l.log)
		}
	}
	// A program that holds no contests any more goes on with what was found.
	again, err := LoadExpert(path, nil, &ExpertOptions{Deployed: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Advance(t.Context(), l.shop); err != nil || got.Comparison != nil || got.After != got.Search.Arch {
		t.Errorf("%+v, %v", got, err)
	}
}

// Networks that were trained for a contest and are gone after an interruption do not stand in its
// way: what was judged is forgotten, with an error, and another process holds the contest anew.
func TestContestOfOtherWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "expert.ckpt")
	l, e := contender(t, smallest, 0.05, &ExpertOptions{Checkpoint: path})
	l.contest.fail = func(call int) error {
		if call > 7 {
			return errGone
		}
		return nil
	}
	if _, err := e.Adjust(t.Context(), l, shopReadings[1]); !errors.Is(err, errGone) {
		t.Fatal(err)
	}
	for attempt, want := range []error{search.ErrStale, nil} {
		again, err := LoadExpert(path, nil, &ExpertOptions{Deployed: true, Checkpoint: path})
		if err != nil {
			t.Fatal(err)
		}
		l, _ := contender(t, smallest, 0.05, nil)
		l.contest.version = func(searchspace.Arch) uint64 { return 7 }
		out, err := again.Advance(t.Context(), l)
		if !errors.Is(err, want) || (out.Comparison != nil) != (want == nil) {
			t.Errorf("attempt %d: %+v, %v", attempt, out, err)
		}
	}
}

// A contest that cannot be held leaves the serving architecture in place, and is held when it can.
func TestContestFails(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(l *comparing)
		err   error
	}{
		"no evaluator":    {func(l *comparing) { l.contest = nil }, nil},
		"no images":       {func(l *comparing) { l.contest.images = 0 }, nil},
		"a failing judge": {func(l *comparing) { l.contest.fail = func(int) error { return errGone } }, errGone},
		"moving weights": {func(l *comparing) {
			p := l.contest
			p.version = func(searchspace.Arch) uint64 { return uint64(p.calls) }
		}, search.ErrStale},
		"no training": {func(l *comparing) {
			l.stop = func(call string) error {
				if call == "contest" {
					return errGone
				}
				return nil
			}
		}, errGone},
		"a panicking judge":             {func(l *comparing) { l.contest.fail = func(int) error { panic("gone") } }, nil},
		"an accuracy that is no number": {func(l *comparing) { l.contest.broken = true }, nil},
	} {
		good, e := contender(t, smallest, 0.05, nil)
		bad := good
		bad.shop = newShop(t)
		*bad.shop = *good.shop
		if good.contest != nil {
			p := *good.contest
			bad.contest = &p
		}
		c.spoil(&bad)
		out, err := e.Adjust(t.Context(), bad, shopReadings[1])
		if err == nil || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if out.Status != searchspace.StatusFailed || out.Comparison != nil || out.Search == nil || e.Phase() != PhaseCompare ||
			e.Arch() != good.serving || bad.serving != good.serving {
			t.Errorf("%s: %+v in phase %s", name, out, e.Phase())
		}
		good.tuned = bad.tuned
		if out, err = e.Advance(t.Context(), good); err != nil || !out.Comparison.Swap || e.Step() != 1 {
			t.Errorf("%s, then held: %+v, %v", name, out, err)
		}
	}
	a := newAdjuster(t, small(t), expertOptions())
	if _, err := NewExpert(a, &ExpertOptions{Margin: Margin{Errors: math.NaN()}}); err == nil {
		t.Error("a margin that is no number: accepted")
	}
}
