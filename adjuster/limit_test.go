package adjuster

import (
	"math"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestLimitedSpace adjusts in a space with limits on costs: nothing beyond them is proposed.
func TestLimitedSpace(t *testing.T) {
	wide := small(t)
	low, high, err := wide.CostRange(searchspace.CostLimit{Of: searchspace.CostParams})
	if err != nil {
		t.Fatal(err)
	}
	params := searchspace.CostLimit{Of: searchspace.CostParams, Min: low + 0.1*(high-low), Max: low + 0.3*(high-low)}
	s := must(t)(wide.Limit(params))
	cost := func(s *searchspace.Space, a searchspace.Arch) (float64, error) { return s.CostOf(a, params) }
	lambda, err := ScaledLambdaOf(s, cost)
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(s, &Options{Iterations: 60, Lambda: lambda, Cost: cost})
	if err != nil {
		t.Fatal(err)
	}
	res, err := a.Adjust(t.Context(), searchspace.Arch{}, 1, saturating(t, s), nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, p := range res.History {
		if p.Arch.IsZero() {
			refused++
		} else if err := s.Valid(p.Arch); err != nil {
			t.Errorf("proposal outside the limit: %v", err)
		}
	}
	if refused > len(res.History)/10 {
		t.Errorf("%d of %d proposals refused", refused, len(res.History))
	}
	if c := res.Best().Cost; c < params.Min || c > params.Max {
		t.Errorf("adapted to %v parameters, expected %v to %v", c, params.Min, params.Max)
	}
}

// TestScaledLambdaOf has a cost in another unit, for which λ changes in inverse proportion.
func TestScaledLambdaOf(t *testing.T) {
	s := small(t)
	l, err := ScaledLambda(s)
	if err != nil {
		t.Fatal(err)
	}
	single, err := ScaledLambdaOf(s, func(s *searchspace.Space, a searchspace.Arch) (float64, error) {
		c, err := MAdds(s, a)
		return 1e6 * c, err
	})
	if err != nil || math.Abs(single*1e6/l-1) > 1e-12 {
		t.Errorf("λ %v per multiply-add, %v, expected %v", single, err, l/1e6)
	}
	for _, c := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := ScaledLambdaOf(s, func(*searchspace.Space, searchspace.Arch) (float64, error) { return c, nil }); err == nil {
			t.Errorf("largest cost %v accepted", c)
		}
	}
	if _, err := ScaledLambdaOf(nil, MAdds); err == nil {
		t.Error("no space accepted")
	}
	if _, err := ScaledLambdaOf(s, nil); err == nil {
		t.Error("no cost accepted")
	}
}
