package generator

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// A Generator that nothing has made says so.
func TestNotMade(t *testing.T) {
	for _, g := range []*Generator{nil, {}} {
		_, generate := g.Generate(t.Context(), nil, nil)
		_, probabilities := g.Probabilities(Scenario{})
		_, train := g.Train(t.Context(), nil, nil)
		for _, err := range []error{generate, probabilities, train, g.Save(t.Context(), t.TempDir()+"/g")} {
			if err == nil || !strings.Contains(err.Error(), "neither New nor Load") {
				t.Error(err)
			}
		}
	}
	if _, err := New(&searchspace.Space{}, &Options{Superclasses: []string{"a"}}); err == nil {
		t.Error("a space that nothing has made: no error")
	}
}

// When the context ends between two evaluations, so does Generate.
func TestCancelledWhileEvaluating(t *testing.T) {
	g := newTrained(t, paper(t), 2, 0, false)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := g.Generate(ctx, scenarios(g, 4, 1), &GenerateOptions{Evaluate: func(_ context.Context, _ Scenario,
		a searchspace.Arch) (searchspace.Measurement, error) {
		calls++
		cancel()
		return searchspace.Measurement{Arch: a, Accuracy: 0.5}, nil
	}})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("%d evaluations, %v", calls, err)
	}
}

// The range that an error tells can be asked for.
func TestRangeOfErrors(t *testing.T) {
	space := small(t)
	for _, low := range []float64{0, 612345.678901} {
		g := must[*Generator](t)(New(space, &Options{Superclasses: []string{"a"}, Low: low}))
		_, err := g.Generate(t.Context(), []Scenario{{[]string{"a"}, math.Inf(1)}}, nil)
		if !errors.Is(err, ErrBudget) {
			t.Fatal(err)
		}
		var least, most float64
		_, text, _ := strings.Cut(err.Error(), "expected ")
		if _, err := fmt.Sscanf(text, "%g to %g:", &least, &most); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		_, err = g.Generate(t.Context(), []Scenario{{[]string{"a"}, least}, {[]string{"a"}, most}}, nil)
		if err != nil || least != g.Options().Low || most != g.Options().High {
			t.Errorf("%v to %v: %v", least, most, err)
		}
	}
}
