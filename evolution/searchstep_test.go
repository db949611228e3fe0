package evolution

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

// chain is an evaluator each of whose measurements depends on all those whose steps had ended when
// its own began, as with shared weights.
type chain struct {
	mutex sync.Mutex
	state uint64
	ended int
	read  map[int]uint64             // by open step
	archs map[int][]searchspace.Arch // by open step
	log   []string
}

func (c *chain) clone() *chain {
	return &chain{state: c.state, ended: c.ended, read: maps.Clone(c.read), archs: maps.Clone(c.archs)}
}

func (c *chain) Evaluate(context.Context, searchspace.Arch) (searchspace.Measurement, error) {
	return searchspace.Measurement{}, errors.New("steps have methods of their own")
}

func (c *chain) BeginStep(step int, archs []searchspace.Arch) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.log = append(c.log, fmt.Sprint("begin ", step))
	if step < c.ended || c.archs[step] != nil {
		return nil // known from before
	}
	c.read[step], c.archs[step] = c.state, archs
	return nil
}

func (c *chain) EvaluateStep(
	_ context.Context, a searchspace.Arch, step int,
) (searchspace.Measurement, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	h := c.read[step]
	for _, x := range a.Choices() {
		h = h*31 + uint64(x)
	}
	return searchspace.Measurement{Arch: a, Accuracy: float64(h%1000) / 1000, Samples: 100,
		WeightVersion: uint64(step)}, nil
}

func (c *chain) EndStep(_ context.Context, step int) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.log = append(c.log, fmt.Sprint("end ", step))
	if step < c.ended {
		return nil
	}
	for _, a := range c.archs[step] {
		for _, x := range a.Choices() {
			c.state = c.state*17 + uint64(x) + 1
		}
	}
	c.ended = step + 1
	delete(c.archs, step)
	return nil
}

// Where evaluations build on each other, steps begin and end in a fixed order, and the history
// depends neither on workers nor on interruptions.
func TestSearchByStepsIsTheSameHoweverItIsRun(t *testing.T) {
	space := testSpace(t)
	for _, window := range []int{0, 5} {
		fresh := func(c *chain, o SearchOptions) *Search[searchspace.Arch] {
			s, err := NewTournament(Architectures{Space: space},
				&TournamentOptions[searchspace.Arch]{Population: 8, Sample: 3, Offspring: 3, Seed: 2})
			if err != nil {
				t.Fatal(err)
			}
			o.Window, o.Evaluations = window, 50
			x, err := NewSearch(space, s, c, []Objective{ErrorRate()}, &o)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		begin := func() *chain { return &chain{read: map[int]uint64{}, archs: map[int][]searchspace.Arch{}} }
		c := begin()
		x := fresh(c, SearchOptions{})
		if _, err := x.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		want, log := x.History(), c.log
		for step := range want[len(want)-1].Step + 1 {
			ended := max(1+step-max(window, 1), 0) // steps
			begun := slices.Index(log, fmt.Sprint("begin ", step))
			if ended > 0 && slices.Index(log, fmt.Sprint("end ", ended-1)) > begun ||
				slices.Index(log, fmt.Sprint("end ", ended)) < begun {
				t.Fatalf("window %d: step %d begins out of order: %v", window, step, log)
			}
		}
		c = begin()
		if x = fresh(c, SearchOptions{Workers: 4}); x.opts.Stale != StaleKeep || !x.opts.Repeat {
			t.Error("measurements are reused")
		}
		if _, err := x.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, x.History(), archs); d != "" || !slices.Equal(log, c.log) {
			t.Errorf("window %d, 4 workers: %s", window, d)
		}
		// A process that dies every 11 results leaves what was saved last.
		path := filepath.Join(t.TempDir(), "search")
		saved, crashed := begin(), begin()
		for run := 0; ; run++ {
			c = saved.clone()
			if run%3 == 2 {
				c = crashed.clone() // the crash came between the two files
			}
			saves := 0
			ctx, cancel := context.WithCancel(context.Background())
			x = fresh(c, SearchOptions{Workers: 2, Checkpoint: path, SaveFirst: func() error {
				if saves++; saves == 11 {
					crashed = c.clone()
					cancel()
					return errors.New("dead")
				} else if saves > 11 {
					return errors.New("dead")
				}
				saved = c.clone()
				return nil
			}})
			if run > 0 {
				if err := x.Resume(context.Background(), path); err != nil {
					t.Fatal(err)
				}
			}
			_, err := x.Run(ctx)
			cancel()
			if err == nil {
				break
			}
			if run > 50 {
				t.Fatal("it does not end")
			}
		}
		if d := cmp.Diff(want, x.History(), archs); d != "" {
			t.Errorf("window %d, interrupted: %s", window, d)
		}
	}
}

// Observers see every record once, and may end the search; the best are taken of all that was told.
func TestObserveAndBest(t *testing.T) {
	x := newTestSearch(t, &judge{}, SearchOptions{Window: 3})
	var seen []Record[searchspace.Arch]
	x.Observe(func(records []Record[searchspace.Arch]) error {
		if seen = append(seen, records...); len(seen) == 25 {
			return ErrStop
		}
		return nil
	})
	if status, err := x.Run(context.Background()); err != nil || status != searchspace.StatusStopped {
		t.Fatal(status, err)
	}
	if _, err := x.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(x.History(), seen, archs); d != "" || len(seen) != 60 {
		t.Errorf("%d seen, %s", len(seen), d)
	}
	var want []float64
	known := map[searchspace.Arch]bool{}
	for _, r := range seen {
		if !r.Failed && !known[r.Genome] {
			known[r.Genome] = true
			want = append(want, r.Objectives[0])
		}
	}
	slices.Sort(want)
	for _, k := range []int{0, 5, 1000} {
		best := x.Best(k)
		if len(best) != min(k, len(want)) {
			t.Fatalf("%d of %d best", len(best), k)
		}
		for i, o := range best {
			if o.Objectives[0] != want[i] {
				t.Errorf("best %d has %g, expected %g", i, o.Objectives[0], want[i])
			}
		}
	}
}

// Constraints that cannot be meant are refused before anything is measured; a limit of 0 or below
// counts in units of the objective.
func TestObjectivesThatAreNone(t *testing.T) {
	space := testSpace(t)
	s, err := NewRandom(Architectures{Space: space}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Objective{{Name: "empty"}, MAdds(nil), AtMost(MAdds(nil), 1),
		AtMost(ErrorRate(), math.NaN()), AtMost(ErrorRate(), math.Inf(1))} {
		if _, err := NewSearch(space, s, &judge{}, []Objective{o}, nil); err == nil {
			t.Errorf("a search for %q", o.Name)
		}
	}
	for limit, want := range map[float64]float64{0.1: 1, 0: 0.2, -0.4: 1.5} {
		v, _, err := AtMost(ErrorRate(), limit).Of(searchspace.Measurement{Accuracy: 0.8})
		if err != nil || math.Abs(v-want) > 1e-12 {
			t.Errorf("at most %g: violated by %g, %v, expected %g", limit, v, err, want)
		}
	}
}
