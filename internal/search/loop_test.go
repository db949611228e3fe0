package search

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

var compareArchs = cmp.Comparer(func(a, b searchspace.Arch) bool { return a == b })

func testSpace(t *testing.T) *searchspace.Space {
	t.Helper()
	s, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 4, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expands: []int{3, 4}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// climber proposes neighbours of the best so far; what it saves is the best.
type climber struct {
	space *searchspace.Space
	per   int
	best  searchspace.Measurement
	seen  []int // steps told
}

func (c *climber) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	r := rand.New(rand.NewPCG(7, uint64(step)))
	out := make([]searchspace.Arch, c.per)
	for i := range out {
		var err error
		if c.best.Arch.IsZero() {
			out[i], err = c.space.Sample(r)
		} else {
			out[i], err = c.space.Mutate(c.best.Arch, r, searchspace.MutateOptions{})
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *climber) Tell(_ context.Context, step int, results []Result) ([]float64, error) {
	c.seen = append(c.seen, step)
	notes := make([]float64, len(results))
	for i, r := range results {
		if r.Measurement.Accuracy > c.best.Accuracy {
			c.best = r.Measurement
		}
		notes[i] = r.Measurement.Accuracy
	}
	return notes, nil
}

func score(a searchspace.Arch) float64 {
	sum := 0
	for i, c := range a.Choices() {
		sum += (i%3 + 1) * c
	}
	return float64(sum) / 100
}

func evaluator(calls *atomic.Int64) Evaluate {
	return func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
		calls.Add(1)
		return searchspace.Measurement{Arch: a, Accuracy: score(a), WeightVersion: 3, Stage: 2}, nil
	}
}

func TestMeasuresEachArchitectureOnce(t *testing.T) {
	space := testSpace(t)
	for _, workers := range []int{0, 1, 4} {
		var calls atomic.Int64
		c := &climber{space: space, per: 8}
		loop, err := New[float64](c, evaluator(&calls), Options{Steps: 40, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if err := loop.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		distinct := map[searchspace.Arch]bool{}
		for i, r := range loop.History() {
			if r.Step != i/8 || r.Note != score(r.Arch) || r.Measurement.Accuracy != score(r.Arch) {
				t.Fatalf("record %d is %+v", i, r)
			}
			if r.Cached != distinct[r.Arch] || (r.Attempts == 1) == r.Cached {
				t.Fatalf("record %d: cached %v after %d attempts, seen before: %v", i, r.Cached, r.Attempts, distinct[r.Arch])
			}
			distinct[r.Arch] = true
		}
		if len(loop.History()) != 320 || int(calls.Load()) != len(distinct) || loop.Distinct() != len(distinct) {
			t.Fatalf("%d records, %d calls, %d distinct, loop says %d", len(loop.History()), calls.Load(), len(distinct), loop.Distinct())
		}
		if !loop.Done() || loop.Step() != 40 {
			t.Fatalf("done %v after %d steps", loop.Done(), loop.Step())
		}
	}
}

func TestRepeatMeasuresEveryProposal(t *testing.T) {
	var calls atomic.Int64
	a := testSpace(t).Smallest()
	loop, err := New[struct{}](&script{lists: [][]searchspace.Arch{{a, a}, {a}}}, evaluator(&calls), Options{Repeat: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 3 || len(loop.History()) != 3 {
		t.Fatalf("%d calls, %d records, expected 3 and 3", calls.Load(), len(loop.History()))
	}
}

// script asks for given lists, then ends.
type script struct {
	lists    [][]searchspace.Arch
	told     []Result
	observed int
	fail     error
}

func (s *script) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	if step == len(s.lists) {
		return nil, nil
	}
	return s.lists[step], nil
}

func (s *script) Tell(_ context.Context, _ int, results []Result) ([]struct{}, error) {
	s.told = append(s.told, results...)
	return make([]struct{}, len(results)), nil
}

func (s *script) Observe(records []Record[struct{}]) error {
	s.observed += len(records)
	return s.fail
}

func TestRefusedProposals(t *testing.T) {
	var calls atomic.Int64
	s := &script{lists: [][]searchspace.Arch{{{}, testSpace(t).Smallest()}}}
	loop, err := New[struct{}](s, evaluator(&calls), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 1 || !s.told[0].Arch.IsZero() || s.told[0].Attempts != 0 || s.observed != 2 {
		t.Fatalf("%d calls, told %+v, observed %d", calls.Load(), s.told, s.observed)
	}
}

func TestRetries(t *testing.T) {
	space := testSpace(t)
	broken := errors.New("device lost")
	for _, tc := range []struct{ retries, failures, attempts int }{{0, 2, 3}, {0, 3, 3}, {5, 5, 6}, {-1, 1, 1}} {
		calls := 0
		e := func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
			if calls++; calls <= tc.failures {
				return searchspace.Measurement{}, broken
			}
			return searchspace.Measurement{Arch: a}, nil
		}
		s := &script{lists: [][]searchspace.Arch{{space.Smallest()}}}
		loop, err := New[struct{}](s, e, Options{Retries: tc.retries})
		if err != nil {
			t.Fatal(err)
		}
		err = loop.Run(t.Context())
		if calls != tc.attempts {
			t.Errorf("%+v: %d calls", tc, calls)
		}
		if fails := tc.failures >= tc.attempts; fails != errors.Is(err, broken) || fails != (loop.Step() == 0) {
			t.Errorf("%+v: %d steps, error %v", tc, loop.Step(), err)
		}
		// The failed step is taken again.
		if err := loop.Run(t.Context()); err != nil || len(loop.History()) != 1 {
			t.Errorf("%+v: second run: %d records, %v", tc, len(loop.History()), err)
		}
	}
}

func TestNoticesMovedWeights(t *testing.T) {
	space := testSpace(t)
	for name, change := range map[string]func(*searchspace.Measurement){
		"weights": func(m *searchspace.Measurement) { m.WeightVersion++ },
		"stage":   func(m *searchspace.Measurement) { m.Stage++ },
	} {
		n := 0
		e := func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
			m := searchspace.Measurement{Arch: a, WeightVersion: 1, Stage: 1}
			if n++; n > 1 {
				change(&m)
			}
			return m, nil
		}
		s := &script{lists: [][]searchspace.Arch{{space.Smallest()}, {space.Largest()}}}
		loop, err := New[struct{}](s, e, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := loop.Run(t.Context()); !errors.Is(err, ErrStale) {
			t.Errorf("%s: %v, expected ErrStale", name, err)
		}
	}
	wrong := func(context.Context, searchspace.Arch) (searchspace.Measurement, error) {
		return searchspace.Measurement{Arch: space.Largest()}, nil
	}
	loop, err := New[struct{}](&script{lists: [][]searchspace.Arch{{space.Smallest()}}}, wrong, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(t.Context()); err == nil {
		t.Error("a measurement of another architecture was accepted")
	}
}

// Interrupted anywhere, saved, read back and continued, a search ends as if nothing had happened.
func TestContinuesToTheSameHistory(t *testing.T) {
	space := testSpace(t)
	run := func(stops ...int) []Record[float64] {
		var calls atomic.Int64
		var state State[float64]
		var best searchspace.Measurement
		stops = append(stops, -1)
		for i, stop := range stops {
			ctx, cancel := context.WithCancel(t.Context())
			c := &climber{space: space, per: 3, best: best}
			e := func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
				if n := calls.Add(1); int(n) == stop {
					cancel()
					return searchspace.Measurement{}, ctx.Err()
				}
				return searchspace.Measurement{Arch: a, Accuracy: score(a)}, nil
			}
			loop, err := New[float64](c, e, Options{Steps: 30})
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				if err := loop.Restore(state, space.Valid); err != nil {
					t.Fatal(err)
				}
			}
			err = loop.Run(ctx)
			cancel()
			if stop < 0 {
				if err != nil {
					t.Fatal(err)
				}
				return loop.History()
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("stop at %d: %v", stop, err)
			}
			text, err := json.Marshal(loop.State())
			if err != nil {
				t.Fatal(err)
			}
			state = State[float64]{}
			if err := json.Unmarshal(text, &state); err != nil {
				t.Fatal(err)
			}
			best = c.best
		}
		return nil
	}
	want := run()
	for _, stops := range [][]int{{1}, {2}, {10}, {5, 12, 13}} {
		if d := cmp.Diff(want, run(stops...), compareArchs); d != "" {
			t.Errorf("stopped at calls %v: %s", stops, d)
		}
	}
}

func TestSaveRhythm(t *testing.T) {
	space := testSpace(t)
	var calls atomic.Int64
	var saved []int
	var loop *Loop[float64]
	loop, err := New[float64](&climber{space: space, per: 1}, evaluator(&calls), Options{Steps: 10, SaveEvery: 4,
		Save: func() error { saved = append(saved, loop.Step()); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(saved, []int{4, 8, 10}) {
		t.Fatalf("saved after %v", saved)
	}
	full := errors.New("disk full")
	loop, err = New[float64](&climber{space: space, per: 1}, evaluator(&calls), Options{Steps: 10, SaveEvery: 4, Save: func() error { return full }})
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(t.Context()); !errors.Is(err, full) || loop.Step() != 4 {
		t.Fatalf("step %d, error %v", loop.Step(), err)
	}
}

func TestObserverStopsBehindTheStep(t *testing.T) {
	space := testSpace(t)
	var calls atomic.Int64
	s := &script{lists: [][]searchspace.Arch{{space.Smallest()}, {space.Largest()}}, fail: errors.New("enough")}
	loop, err := New[struct{}](s, evaluator(&calls), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(t.Context()); !errors.Is(err, s.fail) || loop.Step() != 1 || len(loop.History()) != 1 {
		t.Fatalf("step %d, %d records, error %v", loop.Step(), len(loop.History()), err)
	}
	s.fail = nil
	if err := loop.Run(t.Context()); err != nil || s.observed != 2 || len(s.told) != 2 {
		t.Fatalf("observed %d, told %d, error %v", s.observed, len(s.told), err)
	}
}

func TestRestoreRefusesBadStates(t *testing.T) {
	space := testSpace(t)
	a := space.Smallest()
	m := searchspace.Measurement{Arch: a}
	good := Record[float64]{Step: 0, Result: Result{Arch: a, Measurement: m}}
	for name, s := range map[string]State[float64]{
		"negative steps": {Steps: -1},
		"late record":    {Steps: 1, Records: []Record[float64]{{Step: 1, Result: good.Result}}},
		"disorder":       {Steps: 2, Records: []Record[float64]{{Step: 1, Result: good.Result}, good}},
		"other arch":     {Steps: 1, Records: []Record[float64]{{Result: Result{Arch: space.Largest(), Measurement: m}}}},
		"no arch":        {Steps: 1, Records: []Record[float64]{good}, Extra: []searchspace.Measurement{{}}},
		"moved weights":  {Steps: 1, Records: []Record[float64]{good}, Extra: []searchspace.Measurement{{Arch: space.Largest(), WeightVersion: 1}}},
	} {
		loop, err := New[float64](&climber{space: space, per: 1}, evaluator(new(atomic.Int64)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := loop.Restore(s, space.Valid); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if loop.Step() != 0 || loop.Distinct() != 0 {
			t.Errorf("%s: left %d steps behind", name, loop.Step())
		}
	}
}

func TestUniform(t *testing.T) {
	space := testSpace(t)
	var calls atomic.Int64
	run := func(seed uint64) []Record[struct{}] {
		loop, err := New[struct{}](Uniform{Space: space, Seed: seed, PerStep: 2}, evaluator(&calls), Options{Steps: 20})
		if err != nil {
			t.Fatal(err)
		}
		if err := loop.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return loop.History()
	}
	first := run(1)
	if len(first) != 40 {
		t.Fatalf("%d records", len(first))
	}
	if d := cmp.Diff(first, run(1), compareArchs); d != "" {
		t.Errorf("same seed: %s", d)
	}
	if cmp.Equal(first, run(2), compareArchs) {
		t.Error("another seed drew the same architectures")
	}
}

func TestNewRefuses(t *testing.T) {
	space := testSpace(t)
	if _, err := New[float64](nil, evaluator(new(atomic.Int64)), Options{}); err == nil {
		t.Error("no strategy: accepted")
	}
	for _, o := range []Options{{Steps: -1}, {Workers: -1}, {SaveEvery: -1}} {
		if _, err := New[float64](&climber{space: space}, evaluator(new(atomic.Int64)), o); err == nil {
			t.Errorf("%+v: accepted", o)
		}
	}
}
