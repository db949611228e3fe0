package evolution

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

func testSpace(t testing.TB) *searchspace.Space {
	t.Helper()
	space, err := searchspace.MobileNetV3(
		searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// judge makes up accuracies, and fails for some architectures and now and then.
type judge struct{ calls atomic.Int64 }

func (j *judge) Evaluate(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	j.calls.Add(1)
	sum := 0
	for i, c := range a.Choices() {
		sum += c * (i%5 + 1)
	}
	if sum%11 == 3 {
		return searchspace.Measurement{}, errors.New("failed")
	}
	return searchspace.Measurement{Arch: a, Accuracy: 0.5 + float64(sum%97)/200, Samples: 1000}, nil
}

func newTestSearch(t testing.TB, j *judge, o SearchOptions) *Search[searchspace.Arch] {
	t.Helper()
	space := testSpace(t)
	s, err := NewNSGA2(Architectures{Space: space}, &NSGA2Options[searchspace.Arch]{
		BreedOptions: BreedOptions[searchspace.Arch]{Population: 10, Offspring: 4, Seed: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if o.Failures = 60; o.Evaluations == 0 {
		o.Evaluations = 60
	}
	x, err := NewSearch(space, s, j, []Objective{ErrorRate(), MAdds(space)}, &o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

var archs = cmp.Comparer(func(a, b searchspace.Arch) bool { return a == b })

// The history depends on the window, not on workers, and not on interruptions after any number of
// evaluations, none of which is repeated.
func TestSearchIsTheSameHoweverItIsRun(t *testing.T) {
	for _, window := range []int{0, 5} {
		reference := newTestSearch(t, &judge{}, SearchOptions{Window: window})
		if status, err := reference.Run(context.Background()); err != nil || status != searchspace.StatusFinished {
			t.Fatal(status, err)
		}
		want := reference.History()
		if len(want) != 60 {
			t.Errorf("window %d: %d records", window, len(want))
		}
		for _, every := range []int64{0, 7, 23} {
			path := filepath.Join(t.TempDir(), "search")
			o := SearchOptions{Window: window, Workers: 3, Checkpoint: path, SaveEvery: 9}
			j := &judge{}
			var x *Search[searchspace.Arch]
			for run := 0; ; run++ {
				x = newTestSearch(t, j, o)
				if run > 0 {
					if err := x.Resume(context.Background(), path); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithCancel(context.Background())
				if every > 0 {
					stopAfter(x, every, cancel)
				}
				_, err := x.Run(ctx)
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				if run > 50 {
					t.Fatal("it does not end")
				}
			}
			if d := cmp.Diff(want, x.History(), archs); d != "" {
				t.Errorf("window %d, interrupted every %d: %s", window, every, d)
			}
			if d := cmp.Diff(reference.Population(), x.Population(), archs); d != "" {
				t.Errorf("window %d, interrupted every %d: population %s", window, every, d)
			}
		}
	}
}

// A search that is over goes on when it is resumed with more evaluations, more than once, also
// where they had cut its last generation. (It is another search than one that never ended: what it
// asks first it asks when all before is told.)
func TestSearchGoesOnWithMoreEvaluations(t *testing.T) {
	for _, window := range []int{0, 4} {
		path := filepath.Join(t.TempDir(), "search")
		run := func(evaluations int, resume bool) []Record[searchspace.Arch] {
			x := newTestSearch(t, &judge{}, SearchOptions{Window: window, Checkpoint: path, Evaluations: evaluations})
			if resume {
				if err := x.Resume(context.Background(), path); err != nil {
					t.Fatal(err)
				}
			}
			if status, err := x.Run(context.Background()); err != nil || status != searchspace.StatusFinished {
				t.Fatal(status, err)
			}
			return x.History()
		}
		first := run(37, false)
		for _, more := range []int{37, 49, 75} {
			all := run(more, true)
			if len(all) != more {
				t.Errorf("window %d: %d records, expected %d", window, len(all), more)
			}
			if d := cmp.Diff(first, all[:len(first)], archs); d != "" {
				t.Errorf("window %d: %s", window, d)
			}
			first = all
		}
	}
}

// stopAfter cancels once so many steps more are told.
func stopAfter(x *Search[searchspace.Arch], every int64, cancel func()) {
	left := every
	tell := x.point
	x.point = func(r search.Result) (Point, error) {
		if left--; left == 0 {
			cancel()
		}
		return tell(r)
	}
}

// Genomes of any kind are searched in the same way.
func TestSearchOfVectors(t *testing.T) {
	p := problems["bnh"]
	run := func(workers, stops int) []Record[[]float64] {
		path := filepath.Join(t.TempDir(), "search")
		for run := 0; ; run++ {
			s := strategies["NSGA-II"](t, "bnh", 5)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			calls := atomic.Int64{}
			f := PointFunc[[]float64](func(ctx context.Context, x []float64) (Point, error) {
				if calls.Add(1) == 120 && run < stops {
					cancel()
				}
				return p.of(x), ctx.Err()
			})
			x, err := NewSearchOf(p.genes, s, f, &SearchOptions{Evaluations: 300, Workers: workers,
				Window: 6, Checkpoint: path, SaveEvery: 50})
			if err != nil {
				t.Fatal(err)
			}
			if run > 0 {
				if err := x.Resume(context.Background(), path); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := x.Run(ctx); err == nil {
				return x.History()
			} else if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
	}
	want := run(1, 0)
	if len(want) != 300 {
		t.Errorf("%d records", len(want))
	}
	if d := cmp.Diff(want, run(4, 2), archs); d != "" {
		t.Error(d)
	}
}
