package run

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// A search that is interrupted again and again ends in the history of one that was not, and
// measures nothing twice.
func TestSearchGoesOn(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16,
		Classes: 3})
	if err != nil {
		t.Fatal(err)
	}
	calls, stopAt := 0, 0
	over := errors.New("enough")
	random := func() *Search[struct{}] {
		return &Search[struct{}]{
			Phase: "random", Title: "random", Space: space,
			Strategy: search.Uniform{Space: space, Seed: 3, PerStep: 2},
			Options:  search.Options{Steps: 6, Retries: -1, Failures: -1},
			Evaluate: func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
				if calls++; calls == stopAt {
					return searchspace.Measurement{}, over
				}
				c, err := space.Cost(a)
				return searchspace.Measurement{Arch: a, Accuracy: 1 / float64(c.MAdds), Samples: 1}, err
			},
		}
	}
	want, err := random().Run(t.Context(), NewJob("", nil, nil))
	if err != nil || len(want) != 12 || calls > 12 {
		t.Fatalf("%d records, %d calls, %v", len(want), calls, err)
	}
	once := calls
	calls = 0
	dir := t.TempDir()
	for _, stopAt = range []int{1, 4, 9} {
		if _, err := random().Run(t.Context(), NewJob(dir, nil, nil)); !errors.Is(err, over) {
			t.Fatalf("stopped at call %d: %v", stopAt, err)
		}
	}
	stopAt = 0
	got, err := random().Run(t.Context(), NewJob(dir, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if calls != once+3 {
		t.Errorf("%d calls, three of which failed; expected %d", calls, once+3)
	}
	same := cmp.Comparer(func(a, b searchspace.Arch) bool { return a == b })
	for i := range got {
		got[i].Measurement.Text, got[i].Attempts, want[i].Attempts = want[i].Measurement.Text, 0, 0
	}
	if d := cmp.Diff(want, got, same); d != "" {
		t.Errorf("interrupted (-whole +interrupted):\n%s", d)
	}
}
