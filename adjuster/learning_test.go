package adjuster

import (
	"fmt"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// brisk is options for runs of a few hundred iterations.
func brisk(iterations int, seed uint64) Options {
	return Options{Iterations: iterations, Baseline: 0.9, Hidden: 32, Seed: seed}
}

func adjust(t testing.TB, a *Adjuster, prev searchspace.Arch, d float64, j Evaluator) *Result {
	t.Helper()
	res, err := a.Adjust(t.Context(), prev, d, j, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// peaked rewards agreement with a target that is neither end of the space.
func peaked(target []int) *judge {
	return &judge{v: func(a searchspace.Arch) float64 {
		score := 0.2
		for i, c := range target {
			score += 0.7 / float64(len(target)) * (1 - math.Abs(float64(a.At(i)-c))/2)
		}
		return score
	}}
}

// The optimum of eq. (5) is found by listing all architectures; the policy must find the same one.
func TestPolicyFindsTheOptimum(t *testing.T) {
	ks := []int{1, 3, 5}
	s := chain(t, ks, ks, ks, ks, ks)
	j := peaked([]int{2, 0, 1, 1, 2})
	prev := s.Smallest()
	for _, form := range []RewardForm{Eq5, Published} {
		for _, d := range []float64{0.1, 1} {
			o := brisk(300, 1)
			o.Lambda, o.Form = 0.02, form
			a := newAdjuster(t, s, o)
			res := adjust(t, a, prev, d, j)
			var best searchspace.Arch
			top, prevCost := math.Inf(-1), cost(t, s, prev)
			r := Reward{Lambda: o.Lambda, Form: form}
			for _, arch := range every(t, s) {
				if v := r.Value(j.v(arch), j.v(prev), cost(t, s, arch), prevCost, d); v > top {
					best, top = arch, v
				}
			}
			if math.Abs(res.Best().Reward-top) > 1e-12 {
				t.Errorf("%v at %v: found %s worth %v, best is %s worth %v", form, d, s.Format(res.Arch), res.Best().Reward, s.Format(best), top)
			}
		}
	}
}

func cost(t testing.TB, s *searchspace.Space, a searchspace.Arch) float64 {
	t.Helper()
	c, err := MAdds(s, a)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func meanCost(ps []Proposal) float64 {
	sum := 0.0
	for _, p := range ps {
		sum += p.Cost
	}
	return sum / float64(len(ps))
}

func TestLargerDistanceGivesLargerNetworks(t *testing.T) {
	s := must(t)(searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10, Depths: []int{1, 2, 3}}))
	lambda, err := ScaledLambda(s)
	if err != nil {
		t.Fatal(err)
	}
	last := 0.0
	for _, d := range []float64{0.1, 0.4, 3} {
		o := brisk(200, 4)
		o.Lambda = lambda
		res := adjust(t, newAdjuster(t, s, o), s.Smallest(), d, saturating(t, s))
		chosen, late := res.Best().Cost, meanCost(res.History[150:])
		if chosen < 1.1*last || late < 1.1*last {
			t.Errorf("distance %v: chosen %.3f M, late proposals %.3f M, the distance before gave %.3f M", d, chosen, late, last)
		}
		last = max(chosen, late)
	}
}

// An adjustment can take away as well as add: at a small distance from the largest architecture it
// shrinks.
func TestAdjustmentShrinksToo(t *testing.T) {
	s := small(t)
	lambda, err := ScaledLambda(s)
	if err != nil {
		t.Fatal(err)
	}
	o := brisk(150, 2)
	o.Lambda = lambda
	res := adjust(t, newAdjuster(t, s, o), s.Largest(), 0.06, saturating(t, s))
	if b := res.Best(); b.Cost >= res.Previous.Cost || b.Reward <= 0 {
		t.Errorf("from %.3f M to %.3f M with reward %v", res.Previous.Cost, b.Cost, b.Reward)
	}
}

// Five seeds: rewards rise by more than two standard errors, entropy falls, and on average the
// choice beats the best of as many random draws.
func TestPolicyLearns(t *testing.T) {
	s := small(t)
	target := s.Largest().Choices()
	for i := range target {
		target[i] = (i/2 + 1) % 2
	}
	j := peaked(target)
	learnt, drawn := 0.0, 0.0
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			o := brisk(200, seed)
			o.Lambda = 0.1
			res := adjust(t, newAdjuster(t, s, o), s.Smallest(), 1, j)
			n := len(res.History) / 10
			m0, v0, e0 := moments(res.History[:n])
			m1, v1, e1 := moments(res.History[len(res.History)-n:])
			if se := math.Sqrt((v0 + v1) / float64(n)); m1-m0 <= 2*se {
				t.Errorf("mean reward %v → %v, standard error %v", m0, m1, se)
			}
			if e1 >= 0.8*e0 {
				t.Errorf("entropy %v → %v", e0, e1)
			}
			learnt += res.Best().Reward / 5
			drawn += bestOfRandom(t, s, seed, res.Distinct, o.Lambda, j) / 5
		})
	}
	if learnt <= drawn {
		t.Errorf("policy chooses %v on average, random search %v", learnt, drawn)
	}
}

// bestOfRandom is the best reward at distance 1 from the smallest architecture among n uniform
// draws.
func bestOfRandom(t testing.TB, s *searchspace.Space, seed uint64, n int, lambda float64, j *judge) float64 {
	t.Helper()
	loop, err := search.New[struct{}](search.Uniform{Space: s, Seed: seed}, j.Evaluate, search.Options{Steps: n})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loop.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	best := math.Inf(-1)
	prev := s.Smallest()
	for _, r := range loop.History() {
		best = max(best, Reward{Lambda: lambda}.Value(r.Measurement.Accuracy, j.v(prev), cost(t, s, r.Arch), cost(t, s, prev), 1))
	}
	return best
}

func moments(ps []Proposal) (reward, variance, entropy float64) {
	n := float64(len(ps))
	for _, p := range ps {
		reward += p.Reward / n
		entropy += p.Entropy / n
	}
	for _, p := range ps {
		variance += (p.Reward - reward) * (p.Reward - reward) / (n - 1)
	}
	return reward, variance, entropy
}

// What the policy learnt on one snapshot serves the next: it starts where it ended.
func TestPolicyCarriesOver(t *testing.T) {
	ks := []int{1, 3, 5}
	s := chain(t, ks, ks, ks, ks)
	j := peaked([]int{2, 0, 2, 0})
	a := newAdjuster(t, s, brisk(300, 1))
	first := adjust(t, a, s.Smallest(), 1, j)
	second := adjust(t, a, first.Arch, 1, j)
	// Rewards count from α_{t−1}; compare accuracies.
	acc := func(ps []Proposal) (sum float64) {
		for _, p := range ps {
			sum += p.Accuracy
		}
		return sum / float64(len(ps))
	}
	if x, y := acc(first.History[:30]), acc(second.History[:30]); y < x+0.1 {
		t.Errorf("first proposals have accuracy %.3f on the first snapshot and %.3f on the second", x, y)
	}
	if first.History[0].Arch == second.History[0].Arch && first.History[1].Arch == second.History[1].Arch && first.History[2].Arch == second.History[2].Arch {
		t.Error("the second snapshot draws the random numbers of the first")
	}
}
