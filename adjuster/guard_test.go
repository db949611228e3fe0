package adjuster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

func TestDefaultsAreThePapers(t *testing.T) {
	o := newAdjuster(t, chain(t, []int{1, 3}), Options{}).Options()
	if o.Iterations != 10000 || o.LearningRate != 2e-4 || o.Beta1 != 0.5 || o.Beta2 != 0.999 || o.weightDecay() != 5e-4 || o.entropy() != 2e-4 ||
		o.Hidden != 64 || o.InitRange != 0.1 || o.GridStep != 0.05 || o.GridSize != 100 || o.Candidates != 10 || o.Form != Eq5 || o.Baseline != 0 {
		t.Errorf("%+v", o)
	}
	for m, lr := range map[int]float64{20000: 2e-4, 2000: 1e-3, 400: 5e-3, 10: 5e-3} {
		if o, err := (Options{Iterations: m}).resolved(); err != nil || math.Abs(o.LearningRate-lr) > 1e-12 {
			t.Errorf("%d iterations: learning rate %v, %v", m, o.LearningRate, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	s := chain(t, []int{1, 3})
	if _, err := ScaledLambda(nil); err == nil {
		t.Error("lambda of no space")
	}
	if _, err := MAdds(nil, searchspace.Arch{}); err == nil {
		t.Error("cost in no space")
	}
	if _, err := new(Expert).Advance(t.Context(), nil); err == nil {
		t.Error("advance without a learner")
	}
	if _, err := new(Expert).Adjust(t.Context(), nil, Reading{}); err == nil {
		t.Error("adjust without a learner")
	}
	if _, err := New(nil, nil); err == nil {
		t.Error("no space: accepted")
	}
	nan := math.NaN()
	for name, o := range map[string]Options{
		"iterations": {Iterations: -1}, "learning rate": {LearningRate: -1}, "beta1": {Beta1: 1}, "beta2": {Beta2: -0.1}, "baseline": {Baseline: 1},
		"hidden": {Hidden: -3}, "grid step": {GridStep: nan}, "grid size": {GridSize: -1}, "candidates": {Candidates: -1}, "elites": {Elites: -1},
		"lambda": {Lambda: nan}, "weight decay": {WeightDecay: math.Inf(1)}, "entropy": {Entropy: nan}, "form": {Form: 7}, "floor": {DistanceFloor: nan},
		"init range": {InitRange: -1}, "rhythm": {CheckpointEvery: -1},
	} {
		if _, err := New(s, &o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	fixed := must(t)(searchspace.NewSpace(chainFamily(nil, nil)))
	if _, err := New(fixed, nil); err == nil {
		t.Error("a space without decisions: accepted")
	}
}

func TestAdjustRefuses(t *testing.T) {
	s := small(t)
	j := saturating(t, s)
	o := Options{Iterations: 3, Hidden: 4}
	for name, call := range map[string]func(a *Adjuster) error{
		"no evaluator":   func(a *Adjuster) error { _, err := a.Adjust(t.Context(), s.Smallest(), 1, nil, nil); return err },
		"negative d":     func(a *Adjuster) error { _, err := a.Adjust(t.Context(), s.Smallest(), -1, j, nil); return err },
		"d is no number": func(a *Adjuster) error { _, err := a.Adjust(t.Context(), s.Smallest(), math.NaN(), j, nil); return err },
		"infinite d": func(a *Adjuster) error {
			_, err := a.Adjust(t.Context(), s.Smallest(), math.Inf(1), j, nil)
			return err
		},
		"foreign previous": func(a *Adjuster) error {
			_, err := a.Adjust(t.Context(), chain(t, []int{1, 3}).Largest(), 1, j, nil)
			return err
		},
		"other decisions": func(a *Adjuster) error { return a.SetSpace(chain(t, []int{1, 3})) },
		"no space":        func(a *Adjuster) error { return a.SetSpace(nil) },
		"wider policy":    func(a *Adjuster) error { return a.SetOptions(Options{Hidden: 8}) },
		"finer grid":      func(a *Adjuster) error { return a.SetOptions(Options{GridStep: 0.01}) },
	} {
		a := newAdjuster(t, s, o)
		if err := call(a); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, _, _, ok := a.Pending(); ok {
			t.Errorf("%s: left an adjustment pending", name)
		}
	}
	a := newAdjuster(t, s, Options{Iterations: 3, Hidden: 4, FreshBatches: true})
	if _, err := a.Adjust(t.Context(), s.Smallest(), 1, struct{ Evaluator }{j}, nil); err == nil {
		t.Error("fresh batches from an evaluator without batches")
	}
}

func TestBadMeasurements(t *testing.T) {
	s := small(t)
	for name, v := range map[string]float64{"percent": 73.2, "negative": -0.1, "not a number": math.NaN()} {
		a := newAdjuster(t, s, Options{Iterations: 3, Hidden: 4, Retries: -1})
		if _, err := a.Adjust(t.Context(), s.Smallest(), 1, &judge{v: func(searchspace.Arch) float64 { return v }}, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	// The final judgement must be of the weights that the rewards came from.
	a := newAdjuster(t, s, Options{Iterations: 3, Hidden: 4})
	if _, err := a.Adjust(t.Context(), s.Smallest(), 1, saturating(t, s), moved{saturating(t, s)}); !errors.Is(err, search.ErrStale) {
		t.Errorf("other weights in the final choice: %v", err)
	}
	for name, f := range map[string]func(*searchspace.Space, searchspace.Arch) (float64, error){
		"infinite": func(*searchspace.Space, searchspace.Arch) (float64, error) { return math.Inf(1), nil },
		"failing":  func(*searchspace.Space, searchspace.Arch) (float64, error) { return 0, errors.New("no such device") },
	} {
		a := newAdjuster(t, s, Options{Iterations: 3, Hidden: 4, Cost: f})
		if _, err := a.Adjust(t.Context(), s.Smallest(), 1, saturating(t, s), nil); err == nil {
			t.Errorf("%s cost: accepted", name)
		}
	}
}

type moved struct{ *judge }

func (m moved) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	res, err := m.judge.Evaluate(ctx, a)
	res.WeightVersion++
	return res, err
}

func TestPendingGuards(t *testing.T) {
	s := small(t)
	j := saturating(t, s)
	j.fail = func(call int) error {
		if call > 4 {
			return errors.New("gone")
		}
		return nil
	}
	a := newAdjuster(t, s, Options{Iterations: 9, Hidden: 4})
	if _, err := a.Adjust(t.Context(), s.Smallest(), 1, j, nil); err == nil || errors.Is(err, ErrPending) {
		t.Fatalf("failing evaluator: %v", err)
	}
	wider, err := s.WithClasses(6)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Adjust(t.Context(), s.Smallest(), 2, j, nil); !errors.Is(err, ErrPending) {
		t.Errorf("another distance: %v", err)
	}
	if _, err := a.Adjust(t.Context(), s.Largest(), 1, j, nil); !errors.Is(err, ErrPending) {
		t.Errorf("another architecture: %v", err)
	}
	if err := a.SetSpace(wider); !errors.Is(err, ErrPending) {
		t.Errorf("another space: %v", err)
	}
	if err := a.SetSpace(s); err != nil {
		t.Errorf("the same space: %v", err)
	}
	if err := a.SetOptions(Options{}); !errors.Is(err, ErrPending) {
		t.Errorf("other options: %v", err)
	}
	a.Abandon()
	if err := errors.Join(a.SetSpace(wider), a.SetOptions(Options{Iterations: 2})); err != nil {
		t.Error(err)
	}
	res, err := a.Adjust(t.Context(), s.Smallest(), 2, saturating(t, wider), nil)
	if err != nil || res.Iterations != 2 || a.Space() != wider {
		t.Errorf("after giving up: %d iterations, %v", res.Iterations, err)
	}
}

// A space may refuse what no prefix shows. Such proposals are neither measured nor chosen, and the
// policy learns to avoid them.
func TestRefusedProposals(t *testing.T) {
	ks := []int{1, 3, 5}
	limit := searchspace.Limit{Decisions: []string{"conv0.kernel", "conv1.kernel", "conv2.kernel"}, Check: func(v []int) error {
		if v[0]+v[1]+v[2] > 7 {
			return errors.New("kernels sum to more than 7")
		}
		return nil
	}}
	s := must(t)(searchspace.NewSpace(chainFamily([][]int{ks, ks, ks}, []searchspace.Limit{limit})))
	j := &judge{v: func(a searchspace.Arch) float64 { return 0.5 + float64(a.At(0)+a.At(1)+a.At(2))/20 }}
	o := brisk(150, 3)
	o.Lambda = -1
	res := adjust(t, newAdjuster(t, s, o), s.Smallest(), 1, j)
	refused := func(ps []Proposal) (n int) {
		for _, p := range ps {
			if p.Arch.IsZero() {
				n++
				if p.Reward != refusedReward || p.Cost != 0 {
					t.Fatalf("refused proposal %+v", p)
				}
			}
		}
		return n
	}
	if early, late := refused(res.History[:15]), refused(res.History[135:]); early < 4 || late > early/2 {
		t.Errorf("%d of the first 15 proposals refused, %d of the last", early, late)
	}
	if a := res.Arch; a.At(0)+a.At(1)+a.At(2) != 2 {
		t.Errorf("chose %v", a)
	}
	none := searchspace.Limit{Decisions: limit.Decisions, Check: func(v []int) error {
		if v[0]+v[1]+v[2] != 3 {
			return errors.New("only the smallest")
		}
		return nil
	}}
	s = must(t)(searchspace.NewSpace(chainFamily([][]int{ks, ks, ks}, []searchspace.Limit{none})))
	a := newAdjuster(t, s, Options{Iterations: 2, Hidden: 4, Candidates: 1, Seed: 1})
	if _, err := a.Adjust(t.Context(), s.Smallest(), 1, j, nil); !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("all candidates refused: %v", err)
	}
}

func TestDistanceBeyondTheGridIsLogged(t *testing.T) {
	s := chain(t, []int{1, 3})
	for d, want := range map[float64]int{4.9: 0, 5.2: 1} {
		var out bytes.Buffer
		a := newAdjuster(t, s, Options{Iterations: 1, Hidden: 4, Logger: slog.New(slog.NewTextHandler(&out, nil))})
		adjust(t, a, s.Smallest(), d, &judge{v: func(searchspace.Arch) float64 { return 0.5 }})
		if got := strings.Count(out.String(), "beyond"); got != want {
			t.Errorf("distance %v: logged %q", d, out.String())
		}
	}
}

func TestSearchFromScratch(t *testing.T) {
	s := small(t)
	j := saturating(t, s)
	o := Options{Iterations: 5, Hidden: 4, Lambda: 0.01}
	res := adjust(t, newAdjuster(t, s, o), searchspace.Arch{}, 1, j)
	for _, p := range res.History {
		if want := p.Accuracy - 0.01*p.Cost; math.Abs(p.Reward-want) > 1e-12 {
			t.Errorf("reward %v, expected V − λ·C = %v", p.Reward, want)
		}
	}
	if !res.Previous.Arch.IsZero() || res.Distinct != j.calls-len(res.Candidates) {
		t.Errorf("previous %+v, %d distinct, %d calls", res.Previous, res.Distinct, j.calls)
	}
}

// Every architecture is measured once, the ranking is in order, and rewards are those of eq. (5).
func TestResult(t *testing.T) {
	ks := []int{1, 3}
	s := chain(t, ks, ks, ks)
	j, whole := saturating(t, s), saturating(t, s)
	o := Options{Iterations: 60, Hidden: 4, Lambda: 0.01, Elites: 3, KeepPrevious: true}
	a := newAdjuster(t, s, o)
	res, err := a.Adjust(t.Context(), s.Largest(), 0.5, j, whole)
	if err != nil {
		t.Fatal(err)
	}
	if res.Distinct > 8 || j.calls != res.Distinct || whole.calls > len(res.Candidates)+1 || whole.calls < len(res.Candidates) {
		t.Errorf("%d distinct, %d calls, %d calls for %d candidates", res.Distinct, j.calls, whole.calls, len(res.Candidates))
	}
	r := Reward{Lambda: 0.01}
	seen := map[searchspace.Arch]bool{s.Largest(): true}
	for i, p := range res.History {
		if want := r.Value(p.Accuracy, j.v(s.Largest()), p.Cost, cost(t, s, s.Largest()), 0.5); p.Reward != want || p.Iteration != i || p.Cost != cost(t, s, p.Arch) {
			t.Errorf("proposal %d: %+v, expected reward %v", i, p, want)
		}
		if p.Cached != seen[p.Arch] && !(p.Arch == s.Largest()) {
			t.Errorf("proposal %d cached: %v", i, p.Cached)
		}
		seen[p.Arch] = true
		if p.LogProb >= 0 || p.Entropy <= 0 || p.Entropy > 3*math.Log(2)+1e-6 {
			t.Errorf("proposal %d: log π %v, entropy %v", i, p.LogProb, p.Entropy)
		}
	}
	kept := false
	for i, c := range res.Candidates {
		kept = kept || c.Arch == s.Largest() && c.Reward == 0
		if i > 0 && c.Reward > res.Candidates[i-1].Reward {
			t.Errorf("candidate %d is better than the one before", i)
		}
	}
	if !kept || res.Arch != res.Best().Arch || res.Previous.Arch != s.Largest() {
		t.Errorf("%+v", res.Candidates)
	}
	if (&Result{}).Best() != (Candidate{}) {
		t.Error("best of nothing")
	}
}

func TestLoadRefuses(t *testing.T) {
	s := small(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "a.ckpt")
	own := func(sp *searchspace.Space, a searchspace.Arch) (float64, error) { return 2, nil }
	if err := newAdjuster(t, s, Options{Hidden: 4, Cost: own}).Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "cost") {
		t.Errorf("without its cost function: %v", err)
	}
	if _, err := Load(path, &Options{Cost: own}); err != nil {
		t.Errorf("with its cost function: %v", err)
	}
	if _, err := LoadExpert(path, nil, nil); !errors.Is(err, checkpoint.ErrKind) {
		t.Errorf("an adjuster as expert: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, &Options{Cost: own}); !errors.Is(err, checkpoint.ErrCorrupt) {
		t.Errorf("damaged file: %v", err)
	}
	if err := newAdjuster(t, s, Options{Hidden: 4}).Save(t.Context(), filepath.Join(dir, "no", "such", "folder")); err == nil {
		t.Error("saved into a folder that does not exist")
	}
}

// A program's own family comes back through its Maker.
func TestLoadOwnFamily(t *testing.T) {
	ks := [][]int{{1, 3}, {3, 5}}
	s := must(t)(searchspace.NewSpace(chainFamily(ks, nil)))
	path := filepath.Join(t.TempDir(), "a.ckpt")
	if err := newAdjuster(t, s, Options{Hidden: 4}).Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); err == nil {
		t.Error("rebuilt a family that nobody described")
	}
	maker := searchspace.Maker{Family: "chain", Make: func(json.RawMessage) (*searchspace.Space, error) { return searchspace.NewSpace(chainFamily(ks, nil)) }}
	a, err := Load(path, &Options{Makers: []searchspace.Maker{maker}})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Space().Decisions()) != 2 {
		t.Errorf("%d decisions", len(a.Space().Decisions()))
	}
}
