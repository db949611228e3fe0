package pruning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// Removal is one candidate that was removed, or with Kept one that the rule would have removed.
type Removal struct {
	Decision string `json:"decision"`
	Choice   string `json:"choice"`
	// Probability is what it was removed for, Next that of the least probable one that stays:
	// softmax(a), or its mean over the steps with Options.Significance.
	Probability float64 `json:"probability"`
	Next        float64 `json:"next"`
	// Error is the standard error of Next − Probability, 0 without Options.Significance, and −1
	// where there were too few steps for one.
	Error float64 `json:"error,omitempty"`
	// Kept says why it stays, "" if it does not.
	Kept Reason `json:"kept,omitempty"`
}

// Reason says why a candidate stays that the rule would have removed.
type Reason string

// Reasons.
const (
	NotSignificant Reason = "not significant"
	// NoSpace: without it the space has no architecture, or none around Target.
	NoSpace Reason = "space"
)

// removal is a Removal by numbers.
type removal struct {
	decision, choice int
	Removal
}

// propose lists the candidates to be removed, the least probable first.
func (w *walk) propose(p *plan) []removal {
	probabilities := w.space.Zeros()
	w.softmax(probabilities, nil, 1)
	decisions := w.space.Decisions()
	var out []removal
	first := 0
	for i, allowed := range w.allow {
		row := probabilities[i]
		if p.Significance > 0 && len(w.means.full()) > 0 {
			row = make([]float64, len(row))
			for _, c := range allowed {
				row[c] = w.means.mean(first + c)
			}
		}
		order := slices.Clone(allowed)
		slices.SortStableFunc(order, func(a, b int) int {
			switch { // of equal ones the later first
			case row[a] < row[b], row[a] == row[b] && a > b:
				return -1
			}
			return 1
		})
		n := removals(len(allowed), p.Prune)
		for _, c := range order[:n] {
			next := order[n]
			r := removal{decision: i, choice: c, Removal: Removal{Decision: decisions[i].Name,
				Choice: decisions[i].Labels[c], Probability: row[c], Next: row[next]}}
			if p.Significance > 0 {
				mean, standard := w.means.difference(first+next, first+c)
				if !(mean > p.Significance*standard) {
					r.Kept = NotSignificant
				}
				r.Error = finiteOr(standard, -1)
			}
			out = append(out, r)
		}
		first += len(row)
	}
	return out
}

// clearest is the decisions that lose something, those first whose candidates are least probable.
func clearest(list []removal) (order []int) {
	most := map[int]float64{}
	for _, r := range list {
		if r.Kept == "" {
			if _, ok := most[r.decision]; !ok {
				order = append(order, r.decision)
			}
			most[r.decision] = max(most[r.decision], r.Probability)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(most[a], most[b]) })
	return order
}

// remove narrows the space by what is to be removed, all at once if it can, else decision by
// decision, the clearest first, where that leaves the target within reach.
func (s *search) remove(ctx context.Context, list []removal) (left [][]int, space *searchspace.Space,
	err error) {
	without := func(left [][]int, only int) [][]int {
		out := slices.Clone(left)
		for _, r := range list {
			if r.Kept == "" && (only < 0 || r.decision == only) {
				out[r.decision] = slices.DeleteFunc(slices.Clone(out[r.decision]),
					func(c int) bool { return c == r.choice })
			}
		}
		return out
	}
	left = without(s.left, -1)
	if space, err = s.narrowed(ctx, left); err == nil || !errors.Is(err, searchspace.ErrInfeasible) {
		return left, space, err
	}
	left, space = s.left, s.walk.space
	for _, i := range clearest(list) {
		one := without(left, i)
		narrower, err := s.narrowed(ctx, one)
		switch {
		case err == nil:
			left, space = one, narrower
		case !errors.Is(err, searchspace.ErrInfeasible):
			return nil, nil, err
		default:
			for k := range list {
				if list[k].decision == i && list[k].Kept == "" {
					list[k].Kept = NoSpace
				}
			}
		}
	}
	return left, space, nil
}

// narrowed is the whole space with the choices left. The error wraps ErrInfeasible where it has no
// architecture around the target.
func (s *search) narrowed(ctx context.Context, left [][]int) (*searchspace.Space, error) {
	var rs []searchspace.Restriction
	for i, d := range s.space.Decisions() {
		if len(left[i]) < len(d.Allowed) {
			rs = append(rs, searchspace.Restriction{Decisions: []string{d.Name}, Keep: left[i]})
		}
	}
	space, err := s.space.Restrict(rs...)
	if err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	if s.plan.Form == NoCost {
		return space, nil
	}
	low, high, err := space.CostRange(s.plan.Cost)
	if err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	if least, most := s.band(); low > most || high < least {
		return nil, fmt.Errorf("pruning: %s from %.6g to %.6g, the space has %.6g to %.6g: %w",
			s.plan.Cost.Of,
			least, most, low, high, searchspace.ErrInfeasible)
	}
	if space.Size().BitLen() > 20 {
		return space, nil // so many hardly leave a gap in the range
	}
	_, _, err = space.MostProbable(ctx, newLogits(space).likely(), s.limits()...)
	if errors.Is(err, searchspace.ErrInfeasible) {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	return space, nil
}

// band is the costs between which the final architecture lies.
func (s *search) band() (least, most float64) {
	least, most = s.plan.Target*(1-s.plan.Band), s.plan.Target*(1+s.plan.Band)
	if s.plan.Form == OneSided {
		least = 0
	}
	return least, most
}
