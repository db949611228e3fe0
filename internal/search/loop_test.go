package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

func TestMeasuresEachArchitectureOnce(t *testing.T) {
	space := testSpace(t)
	for _, workers := range []int{0, 1, 4} {
		b := &bench{}
		loop := newLoop(t, Strategy[float64](&climber{space: space, per: 8}), b.evaluate, Options{Steps: 40, Workers: workers})
		distinct := map[searchspace.Arch]bool{}
		for i, r := range run(t, loop, searchspace.StatusFinished) {
			if r.Step != i/8 || r.Note != r.Measurement.Accuracy || r.Measured() != !r.Arch.IsZero() {
				t.Fatalf("record %d is %+v", i, r)
			}
			if !r.Measured() {
				continue
			}
			if r.Measurement.Accuracy != score(r.Arch) || r.Values[0] != 2*score(r.Arch) {
				t.Fatalf("record %d is %+v", i, r)
			}
			if r.Cached != distinct[r.Arch] || (r.Attempts == 1) == r.Cached {
				t.Fatalf("record %d: cached %v after %d attempts, seen before: %v", i, r.Cached, r.Attempts, distinct[r.Arch])
			}
			distinct[r.Arch] = true
		}
		if len(loop.History()) != 320 || b.total != len(distinct) || loop.Distinct() != len(distinct) || loop.Step() != 40 {
			t.Fatalf("%d records, %d calls, %d distinct, loop says %d after %d steps", len(loop.History()), b.total, len(distinct), loop.Distinct(), loop.Step())
		}
	}
}

// The same history from any number of workers, in generations and in the steady state, with
// failures on the way.
func TestHistoryDoesNotDependOnWorkers(t *testing.T) {
	space := testSpace(t)
	for _, c := range []struct{ window, per int }{{1, 1}, {1, 7}, {4, 1}, {3, 2}} {
		var want []Record[float64]
		for _, workers := range []int{1, 2, 5, 16} {
			b := &bench{fail: sometimes}
			loop := newLoop(t, Strategy[float64](&climber{space: space, per: c.per}), b.evaluate,
				Options{Steps: 40, Workers: workers, Window: c.window, Retries: 1, Failures: 1 << 20})
			got := run(t, loop, searchspace.StatusFinished)
			if want == nil {
				want = got
			} else if d := cmp.Diff(want, got, compareArchs); d != "" {
				t.Fatalf("%+v: %d workers: %s", c, workers, d)
			}
		}
		if !slices.ContainsFunc(want, func(r Record[float64]) bool { return r.Failure != "" }) {
			t.Errorf("%+v: nothing failed", c)
		}
	}
}

func TestRepeatMeasuresEveryProposal(t *testing.T) {
	b := &bench{}
	a := several(t, 1)[0]
	loop := newLoop(t, Strategy[struct{}](&script{lists: [][]searchspace.Arch{{a, a}, {a}}}), b.evaluate, Options{Repeat: true})
	if n := len(run(t, loop, searchspace.StatusExhausted)); b.total != 3 || n != 3 {
		t.Fatalf("%d calls, %d records, expected 3 and 3", b.total, n)
	}
}

func TestRefusedProposals(t *testing.T) {
	b := &bench{}
	s := &script{lists: [][]searchspace.Arch{{{}, several(t, 1)[0]}, {{}}}}
	run(t, newLoop(t, Strategy[struct{}](s), b.evaluate, Options{}), searchspace.StatusExhausted)
	if b.total != 1 || s.told[0][0].Measured() || s.told[0][0].Attempts != 0 || s.observed != 3 {
		t.Fatalf("%d calls, told %+v, observed %d", b.total, s.told, s.observed)
	}
}

func TestMeasureIsRemembered(t *testing.T) {
	archs := several(t, 3)
	b := &bench{fail: func(a searchspace.Arch, _ int) error {
		if a == archs[2] {
			return errDevice
		}
		return nil
	}}
	loop := newLoop(t, Strategy[struct{}](&script{lists: [][]searchspace.Arch{{archs[0], archs[1]}}}), b.evaluate, Options{})
	for range 2 {
		r, err := loop.Measure(t.Context(), archs[0])
		if err != nil || r.Measurement.Accuracy != score(archs[0]) {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if h := run(t, loop, searchspace.StatusExhausted); !h[0].Cached || h[1].Cached || b.total != 2 || loop.Distinct() != 2 {
		t.Fatalf("%+v after %d calls", h, b.total)
	}
	if s := loop.State(); len(s.Extra) != 1 || s.Extra[0].Arch != archs[0] {
		t.Errorf("extra %+v", s.Extra)
	}
	if _, err := loop.Measure(t.Context(), archs[2]); !errors.Is(err, errDevice) {
		t.Errorf("failed measurement: %v", err)
	}
}

func TestSaveRhythm(t *testing.T) {
	space := testSpace(t)
	for every, want := range map[int][]string{
		-1: {"5+0"},
		0:  {"0+1", "1+0", "1+1", "2+0", "2+1", "3+0", "3+1", "4+0", "4+1", "5+0", "5+0"},
		3:  {"1+1", "3+0", "4+1", "5+0"},
	} {
		var saved []string
		var loop *Loop[struct{}]
		loop = newLoop(t, Strategy[struct{}](List{Archs: several(t, 10), PerStep: 2}), (&bench{}).evaluate, Options{Steps: 5, SaveEvery: every,
			Save: func() error {
				done := 0
				for _, o := range loop.State().Open {
					if o.Done {
						done++
					}
				}
				saved = append(saved, fmt.Sprintf("%d+%d", loop.Step(), done))
				return nil
			}})
		run(t, loop, searchspace.StatusFinished)
		if !slices.Equal(saved, want) {
			t.Errorf("every %d: saved after %v, expected %v", every, saved, want)
		}
	}
	full := errors.New("disk full")
	calls := 0
	loop := newLoop(t, Strategy[struct{}](Uniform{Space: space}), (&bench{}).evaluate, Options{Steps: 10, SaveEvery: 4, Save: func() error { calls++; return full }})
	if status, err := loop.Run(t.Context()); !errors.Is(err, full) || status != searchspace.StatusFailed || loop.Step() != 4 || calls != 1 {
		t.Fatalf("step %d, %d calls, %v, error %v", loop.Step(), calls, status, err)
	}
}

func TestObserverStopsBehindTheStep(t *testing.T) {
	archs := several(t, 2)
	for _, stop := range []error{errors.New("enough"), ErrStop} {
		s := &script{lists: [][]searchspace.Arch{archs[:1], archs[1:]}, fail: stop}
		loop := newLoop(t, Strategy[struct{}](s), (&bench{}).evaluate, Options{})
		second := &script{}
		loop.Observe(second)
		status, err := loop.Run(t.Context())
		if status != searchspace.StatusStopped || loop.Step() != 1 || len(loop.History()) != 1 {
			t.Fatalf("%v after step %d, %d records", status, loop.Step(), len(loop.History()))
		}
		if want := stop != ErrStop; want != errors.Is(err, stop) || !want && err != nil {
			t.Fatalf("stopped by %v: error %v", stop, err)
		}
		s.fail = nil
		if run(t, loop, searchspace.StatusExhausted); s.observed != 2 || len(s.told) != 2 || second.observed != 1 {
			t.Fatalf("observed %d and %d, told %d", s.observed, second.observed, len(s.told))
		}
	}
}

func TestStatusOfCancelledSearch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	loop := newLoop(t, Strategy[struct{}](List{Archs: several(t, 3), PerStep: 1}), func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		cancel()
		return searchspace.Measurement{Arch: a}, nil, nil // finished all the same
	}, Options{})
	status, err := loop.Run(ctx)
	if status != searchspace.StatusCancelled || !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, %v", status, err)
	}
	if s := loop.State(); loop.Step()+len(s.Open) == 0 || len(s.Open) == 1 && !s.Open[0].Done {
		t.Errorf("the finished evaluation is lost: %+v", s)
	}
	if n := len(run(t, loop, searchspace.StatusExhausted)); n != 3 {
		t.Errorf("%d records", n)
	}
}

type failing struct {
	List
	askErr, tellErr error
	notes           int
}

func (f *failing) Ask(ctx context.Context, step int) ([]searchspace.Arch, error) {
	archs, err := f.List.Ask(ctx, step)
	return archs, errors.Join(err, f.askErr)
}

func (f *failing) Tell(context.Context, int, []Result) ([]struct{}, error) {
	return make([]struct{}, f.notes), f.tellErr
}

// An error of the strategy ends the search; the step's results wait for the strategy to be
// repaired.
func TestStrategyErrors(t *testing.T) {
	broken := errors.New("broken")
	for name, f := range map[string]*failing{"ask": {askErr: broken}, "tell": {tellErr: broken, notes: 2}, "notes": {notes: 1}} {
		f.Archs = several(t, 2)
		b := &bench{}
		loop := newLoop(t, Strategy[struct{}](f), b.evaluate, Options{})
		status, err := loop.Run(t.Context())
		if status != searchspace.StatusFailed || err == nil || loop.Step() != 0 || name != "notes" && !errors.Is(err, broken) {
			t.Errorf("%s: %v, %v", name, status, err)
		}
		f.askErr, f.tellErr, f.notes = nil, nil, 2
		if run(t, loop, searchspace.StatusExhausted); b.total != 2 {
			t.Errorf("%s: %d evaluations", name, b.total)
		}
	}
}

func TestUniform(t *testing.T) {
	space := testSpace(t)
	draw := func(seed uint64) []Record[struct{}] {
		return run(t, newLoop(t, Strategy[struct{}](Uniform{Space: space, Seed: seed, PerStep: 2}), (&bench{}).evaluate, Options{Steps: 20}), searchspace.StatusFinished)
	}
	first := draw(1)
	if len(first) != 40 {
		t.Fatalf("%d records", len(first))
	}
	if d := cmp.Diff(first, draw(1), compareArchs); d != "" {
		t.Errorf("same seed: %s", d)
	}
	if cmp.Equal(first, draw(2), compareArchs) {
		t.Error("another seed drew the same architectures")
	}
}

func TestList(t *testing.T) {
	archs := several(t, 5)
	for per, steps := range map[int]int{0: 1, 1: 5, 2: 3, 5: 1, 9: 1} {
		loop := newLoop(t, Strategy[struct{}](List{Archs: archs, PerStep: per}), (&bench{}).evaluate, Options{})
		for i, r := range run(t, loop, searchspace.StatusExhausted) {
			if r.Arch != archs[i] {
				t.Errorf("%d a step: record %d is %v, expected %v", per, i, r.Arch, archs[i])
			}
		}
		if loop.Step() != steps || len(loop.History()) != 5 {
			t.Errorf("%d a step: %d steps, expected %d", per, loop.Step(), steps)
		}
	}
	run(t, newLoop(t, Strategy[struct{}](List{}), (&bench{}).evaluate, Options{}), searchspace.StatusExhausted)
}

func TestNewRefuses(t *testing.T) {
	space := testSpace(t)
	if _, err := New[struct{}](nil, (&bench{}).measure, Options{}); err == nil {
		t.Error("no strategy: accepted")
	}
	if _, err := New[struct{}](List{}, nil, Options{}); err == nil {
		t.Error("no evaluator: accepted")
	}
	for _, o := range []Options{{Steps: -1}, {Workers: -1}, {Window: -1}, {Stale: 7}} {
		if _, err := New[struct{}](Uniform{Space: space}, (&bench{}).measure, o); err == nil {
			t.Errorf("%+v: accepted", o)
		}
	}
}
