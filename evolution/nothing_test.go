package evolution

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestNothing hands nothing to every call that needs something: an error, no panic.
func TestNothing(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 2})
	if err != nil {
		t.Fatal(err)
	}
	ctx, r, a := t.Context(), rand.New(rand.NewPCG(1, 2)), space.Smallest()
	genes, vectors := Architectures{Space: space}, Vectors{Low: []float64{0, 0}, High: []float64{1, 1}}
	g := []float64{0.25, 0.5}
	value := func(o Objective) error { _, _, err := o.Of(searchspace.Measurement{Arch: a}); return err }
	random, err := NewRandom(genes, nil)
	if err != nil {
		t.Fatal(err)
	}
	search := func(o Objective, options *SearchOptions) error {
		_, err := NewSearch(space, random, noJudge{}, []Objective{o}, options)
		return err
	}
	for name, call := range map[string]func() error{
		"cross":               func() error { _, _, err := genes.Cross(a, a, nil); return err },
		"mutate":              func() error { _, err := genes.Mutate(a, nil); return err },
		"random":              func() error { _, err := genes.Random(nil); return err },
		"no space":            func() error { _, err := (Architectures{}).Neighbours(a); return err },
		"cross vectors":       func() error { _, _, err := vectors.Cross(g, g, nil); return err },
		"mutate a vector":     func() error { _, err := vectors.Mutate(g, nil); return err },
		"random vector":       func() error { _, err := vectors.Random(nil); return err },
		"outcomes of nobody":  func() error { return new(NSGA2[int]).Tell(Outcome[int]{Failed: true}) },
		"vectors of nothing":  func() error { _, err := (Vectors{}).Mutate(nil, r); return err },
		"bounds that differ":  func() error { _, err := (Vectors{Low: []float64{0, 0}}).Mutate(g, r); return err },
		"crossed bounds":      func() error { _, _, err := (Vectors{Low: []float64{0, 0}}).Cross(g, g, r); return err },
		"offspring":           func() error { _, err := Offspring(space, a, 2, searchspace.MutateOptions{}, nil); return err },
		"offspring of none":   func() error { _, err := Offspring(nil, a, 2, searchspace.MutateOptions{}, r); return err },
		"alone":               func() error { return Alone(ctx, nil) },
		"cost":                func() error { return value(CostOf("cost", nil)) },
		"search by cost":      func() error { return search(CostOf("cost", nil), nil) },
		"multiply-adds":       func() error { return value(MAdds(nil)) },
		"at most nothing":     func() error { return value(AtMost(Objective{}, 1)) },
		"at most of no space": func() error { return value(AtMost(MAdds(nil), 1)) },
		"score":               func() error { _, err := Score(nil, nil); return err },
		"objective":           func() error { return search(Objective{}, nil) },
		"constraint":          func() error { return search(ErrorRate(), &SearchOptions{Constraints: []Constraint{{}}}) },
		"workers":             func() error { return search(ErrorRate(), &SearchOptions{Workers: 1 << 30}) },
		"genes":               func() error { _, err := NewNSGA2[searchspace.Arch](nil, nil); return err },
		"minimize":            func() error { _, err := Minimize(ctx, Strategy[searchspace.Arch](random), nil, nil); return err },
	} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%s: panic: %v", name, r)
				}
			}()
			if err := call(); err == nil {
				t.Errorf("%s: nothing was accepted", name)
			}
		}()
	}
}

// noJudge finds every architecture alike.
type noJudge struct{}

func (noJudge) Evaluate(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return searchspace.Measurement{Arch: a, Accuracy: 0.5, Samples: 100}, nil
}

// Who observes with nothing is not asked.
func TestObserveNothing(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 2})
	if err != nil {
		t.Fatal(err)
	}
	random, err := NewRandom(Architectures{Space: space}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := NewSearch(space, random, noJudge{}, []Objective{ErrorRate()}, &SearchOptions{Evaluations: 2})
	if err != nil {
		t.Fatal(err)
	}
	x.Observe(nil)
	if _, err := x.Run(t.Context()); err != nil || len(x.History()) != 2 {
		t.Errorf("%d records, error %v", len(x.History()), err)
	}
}
