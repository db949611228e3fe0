package adjuster

import (
	"fmt"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func TestObjective(t *testing.T) {
	m := searchspace.Measurement{Accuracy: 0.7, Loss: math.Log(4)}
	if v := Accuracy.Value(m); v != 0.7 {
		t.Errorf("accuracy %v", v)
	}
	if v := Likelihood.Value(m); math.Abs(v-0.25) > 1e-15 {
		t.Errorf("likelihood %v, expected a quarter", v)
	}
	if v := Likelihood.Value(searchspace.Measurement{Loss: math.Inf(1)}); v != 0 {
		t.Errorf("likelihood at an infinite loss %v", v)
	}
	if names := fmt.Sprint(Accuracy, Likelihood, Objective(7), Eq5, Published, PerDoubling, RewardForm(7)); names !=
		"accuracy likelihood Objective(7) eq5 published doubling RewardForm(7)" {
		t.Error(names)
	}
}

// The policy is rewarded, and the choice made, by what the objective says: here the two disagree.
func TestLikelihoodDecides(t *testing.T) {
	ks := []int{1, 3}
	s := chain(t, ks, ks)
	v := func(a searchspace.Arch) float64 { return 0.2 + 0.2*float64(a.At(0)+a.At(1)) }
	j := evaluatorFunc(func(a searchspace.Arch) (m searchspace.Measurement, err error) {
		return searchspace.Measurement{Arch: a, Accuracy: v(a), Loss: 1 + v(a)}, nil
	})
	for objective, want := range map[Objective]searchspace.Arch{Accuracy: s.Largest(), Likelihood: s.Smallest()} {
		a := newAdjuster(t, s, Options{Iterations: 40, Hidden: 4, Lambda: -1, Elites: 4, Objective: objective})
		res := adjust(t, a, s.Smallest(), 1, j)
		if res.Arch != want {
			t.Errorf("%v chose %s", objective, res.Text)
		}
		for _, p := range res.History {
			m, _ := j(p.Arch)
			before, _ := j(s.Smallest())
			if r := objective.Value(m) - objective.Value(before); math.Abs(p.Reward-r) > 1e-15 || p.Accuracy != m.Accuracy {
				t.Fatalf("%v: %+v, expected reward %v", objective, p, r)
			}
		}
	}
}

// A loss that is not a number says nothing about likelihood; an infinite one does.
func TestLossesThatAreNotFinite(t *testing.T) {
	s := small(t)
	for _, tc := range []struct {
		loss     float64
		o        Objective
		accepted bool
	}{{math.NaN(), Likelihood, false}, {-1, Likelihood, false}, {math.Inf(1), Likelihood, true}, {math.NaN(), Accuracy, true}} {
		j := evaluatorFunc(func(a searchspace.Arch) (searchspace.Measurement, error) {
			return searchspace.Measurement{Arch: a, Accuracy: 0.5, Loss: tc.loss}, nil
		})
		a := newAdjuster(t, s, Options{Iterations: 3, Hidden: 4, Retries: -1, Objective: tc.o})
		res, err := a.Adjust(t.Context(), s.Smallest(), 1, j, nil)
		if (err == nil) != tc.accepted {
			t.Errorf("%v of loss %v: %v", tc.o, tc.loss, err)
		}
		if err == nil && math.IsNaN(res.Best().Reward) {
			t.Errorf("%v of loss %v: reward %v", tc.o, tc.loss, res.Best().Reward)
		}
	}
}
