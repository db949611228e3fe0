package adjuster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

// shop is a Learner with data that never change between calls of one snapshot; all that survives a
// crash is in it.
type shop struct {
	t        testing.TB
	space    *searchspace.Space // of the current snapshot
	readings []Reading          // one per snapshot after the first
	at       int                // snapshot under way, from 0
	log      []string
	tuned    map[int]bool
	serving  searchspace.Arch
	stop     func(call string) error
	as       Learner // that the expert sees; nil = keeping
}

func (l *shop) note(call string) error {
	l.log = append(l.log, call)
	if l.stop != nil {
		return l.stop(call)
	}
	return nil
}

func (l *shop) Measure(context.Context) (Reading, error) {
	if l.serving.IsZero() {
		return Reading{}, errors.New("nothing serves")
	}
	return l.readings[l.at-1], l.note("measure")
}

func (l *shop) FineTune(context.Context) error {
	l.tuned[l.at] = true
	return l.note("fine-tune")
}

func (l *shop) Judges(context.Context) (*Judges, error) {
	if !l.tuned[l.at] {
		return nil, errors.New("supernet of an old snapshot")
	}
	j := saturating(l.t, l.space)
	j.fail = func(n int) error {
		if n == 6 {
			return l.note("evaluate")
		}
		return nil
	}
	return &Judges{Space: l.space, Reward: j}, l.note("judges")
}

func (l *shop) Retrain(_ context.Context, a searchspace.Arch) error {
	l.serving = a
	return l.note("retrain " + fmt.Sprint(a))
}

// keeping is a shop that wants to hear about kept snapshots.
type keeping struct{ *shop }

func (k keeping) Keep(context.Context) error { return k.note("keep") }

var shopReadings = []Reading{
	{Reference: Tally{90, 100}, Added: Tally{89, 100}, Distance: 0.1}, // H = 0.5: kept
	{Reference: Tally{90, 100}, Added: Tally{60, 100}, Distance: 0.6}, // H = 15
	{Reference: Tally{180, 200}, Added: Tally{0, 100}, Distance: 2.5}, // H = 30, more classes
	{Reference: Tally{270, 300}, Added: Tally{28, 30}, Distance: 0},   // better than before: kept
}

func newShop(t testing.TB) *shop {
	return &shop{t: t, space: small(t), readings: shopReadings, tuned: map[int]bool{}}
}

func expertOptions() Options {
	return Options{Iterations: 12, Hidden: 8, Baseline: 0.8, Lambda: 0.05, Seed: 2}
}

// advanceAll meets all five snapshots, opening a new expert from the checkpoint whenever one stops.
func advanceAll(t testing.TB, l *shop, e *Expert, reopen func(error) *Expert) *Expert {
	t.Helper()
	wider, err := l.space.WithClasses(7)
	if err != nil {
		t.Fatal(err)
	}
	learner := l.as
	if learner == nil {
		learner = keeping{l}
	}
	for l.at = e.Step(); l.at <= len(l.readings); l.at++ {
		if l.at == 3 {
			l.space = wider
		}
		out, err := e.Advance(t.Context(), learner)
		for err != nil {
			out = nil
			if e = reopen(err); e.Step() > l.at {
				break
			}
			out, err = e.Advance(t.Context(), learner)
		}
		if o := e.Outcomes(); e.Step() != l.at+1 || out != nil && len(o) > 0 && !cmp.Equal(o[len(o)-1], *out, compareArchs) {
			t.Fatalf("snapshot %d: %d outcomes", l.at+1, len(o))
		}
		if e.Phase() != PhaseMeasure || e.Arch() != l.serving {
			t.Fatalf("snapshot %d: phase %s, architecture %v, serving %v", l.at+1, e.Phase(), e.Arch(), l.serving)
		}
	}
	return e
}

func TestAlgorithm1(t *testing.T) {
	l := newShop(t)
	e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), nil)
	if err != nil {
		t.Fatal(err)
	}
	advanceAll(t, l, e, func(err error) *Expert { t.Fatal(err); return nil })
	out := e.Outcomes()
	var actions []Action
	for i, o := range out {
		actions = append(actions, o.Action)
		if o.Step != i+1 {
			t.Errorf("outcome %d is of snapshot %d", i, o.Step)
		}
		if i == 0 {
			if !o.Before.IsZero() || o.After != l.space.Smallest() || o.Reading != (Reading{}) {
				t.Errorf("first snapshot: %+v", o)
			}
			continue
		}
		if o.Before != out[i-1].After || o.Reading != shopReadings[i-1] || o.Decision.H != shopReadings[i-1].H() || o.Decision.Adjust != (o.Action == Adjusted) {
			t.Errorf("snapshot %d: %+v", i+1, o)
		}
		switch o.Action {
		case Kept:
			if o.After != o.Before || o.Search != nil {
				t.Errorf("kept snapshot %d: %+v", i+1, o)
			}
		case Adjusted:
			if o.After != o.Search.Arch || len(o.Search.History) != 12 || o.Search.Previous.Arch != o.Before {
				t.Errorf("adjusted snapshot %d: %+v", i+1, o)
			}
		}
	}
	if want := []Action{First, Kept, Adjusted, Adjusted, Kept}; !slices.Equal(actions, want) {
		t.Errorf("actions %v, expected %v", actions, want)
	}
	want := []string{"fine-tune", "retrain " + fmt.Sprint(out[0].After), "measure", "keep",
		"measure", "fine-tune", "judges", "evaluate", "retrain " + fmt.Sprint(out[2].After),
		"measure", "fine-tune", "judges", "evaluate", "retrain " + fmt.Sprint(out[3].After), "measure", "keep"}
	if d := cmp.Diff(want, l.log); d != "" {
		t.Error(d)
	}
	if c := out[3].Search.Best().Cost; c != cost(t, l.space, out[3].After) {
		t.Errorf("cost %v, with the snapshot's classes %v", c, cost(t, l.space, out[3].After))
	}
}

// Interrupted in every phase of every snapshot, and opened again from the checkpoint each time, the
// expert ends in the same state.
func TestExpertResumesInEveryPhase(t *testing.T) {
	ref := newShop(t)
	first, err := NewExpert(newAdjuster(t, ref.space, expertOptions()), nil)
	if err != nil {
		t.Fatal(err)
	}
	first = advanceAll(t, ref, first, func(err error) *Expert { t.Fatal(err); return nil })
	want, wantTensors, err := first.adjuster.state()
	if err != nil {
		t.Fatal(err)
	}

	l := newShop(t)
	path := filepath.Join(t.TempDir(), "expert.ckpt")
	o := expertOptions()
	o.Retries, o.CheckpointEvery = -1, 3
	eo := &ExpertOptions{Checkpoint: path}
	crash := errors.New("crash")
	stopped := map[string]int{}
	l.stop = func(call string) error {
		key := fmt.Sprint(l.at, strings.Fields(call)[0])
		if stopped[key]++; stopped[key] == 1 {
			return crash
		}
		return nil
	}
	e, err := NewExpert(newAdjuster(t, l.space, o), eo)
	if err != nil {
		t.Fatal(err)
	}
	reopened := 0
	e = advanceAll(t, l, e, func(err error) *Expert {
		if !errors.Is(err, crash) {
			t.Fatal(err)
		}
		reopened++
		again, err := LoadExpert(path, &Options{CheckpointEvery: 3}, eo)
		if err != nil {
			t.Fatal(err)
		}
		return again
	})
	// Three calls for the first snapshot and each kept one, five for an adjusted one, and the first
	// measure has no one to stop.
	if reopened != 2+2+5+5+2 {
		t.Errorf("reopened %d times: %v", reopened, stopped)
	}
	if d := cmp.Diff(first.Outcomes(), e.Outcomes(), compareArchs); d != "" {
		t.Error(d)
	}
	got, gotTensors, err := e.adjuster.state()
	if err != nil {
		t.Fatal(err)
	}
	got.Options.Retries = want.Options.Retries
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		return p.Last().String() == ".CheckpointEvery" || p.Last().String() == ".Logger"
	}, cmp.Ignore())
	if d := cmp.Diff(want, got, compareArchs, ignore); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(wantTensors, gotTensors); d != "" {
		t.Error(d)
	}
	// Once more through the file: nothing is lost between snapshots either.
	again, err := LoadExpert(path, nil, eo)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first.Outcomes(), again.Outcomes(), compareArchs); d != "" || again.Arch() != first.Arch() || again.Step() != 5 {
		t.Error(d)
	}
}

func TestExpertOfAService(t *testing.T) {
	l := newShop(t)
	l.serving, l.at = l.space.Largest(), 2
	a := newAdjuster(t, l.space, expertOptions())
	e, err := NewExpert(a, &ExpertOptions{Start: l.serving, Deployed: true, Condition: Condition{Epsilon: 20}})
	if err != nil {
		t.Fatal(err)
	}
	// The threshold of 20 points keeps; the operator adjusts all the same.
	d, err := e.Decide(shopReadings[1])
	if err != nil || d.Adjust {
		t.Fatalf("%+v, %v", d, err)
	}
	out, err := e.Adjust(t.Context(), l, shopReadings[1])
	if err != nil {
		t.Fatal(err)
	}
	if out.Action != Adjusted || out.Before != l.space.Largest() || out.After != l.serving || e.Adjuster() != a || slices.Contains(l.log, "measure") {
		t.Errorf("%+v after %v", out, l.log)
	}
	// A Learner that does not listen is not told about kept snapshots.
	before := len(l.log)
	if out, err = e.Advance(t.Context(), l); err != nil || out.Action != Kept || len(l.log) != before+1 {
		t.Errorf("%+v, %v after %v", out, err, l.log)
	}
}

func TestExpertRefuses(t *testing.T) {
	l := newShop(t)
	if _, err := NewExpert(nil, nil); err == nil {
		t.Error("an expert without adjuster")
	}
	other := chain(t, []int{1, 3})
	if _, err := NewExpert(newAdjuster(t, l.space, expertOptions()), &ExpertOptions{Start: other.Largest()}); err == nil {
		t.Error("started with an architecture of another space")
	}
	e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Adjust(t.Context(), l, shopReadings[0]); err == nil {
		t.Error("adjusted a model that does not exist")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Advance(ctx, l); !errors.Is(err, context.Canceled) || len(l.log) != 0 {
		t.Errorf("cancelled: %v after %v", err, l.log)
	}
	l.space = other
	for name, bad := range map[string]Reading{"no reference": {}, "distance": {Reference: Tally{1, 1}, Added: Tally{0, 1}, Distance: -1}} {
		l := newShop(t)
		l.serving, l.at, l.readings = l.space.Smallest(), 1, []Reading{bad}
		e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), &ExpertOptions{Deployed: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Advance(t.Context(), l); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if e.Phase() != PhaseMeasure {
			t.Errorf("%s: left in phase %s", name, e.Phase())
		}
	}
}
