package searchspace

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Term is one summand of a cost that is a sum over layers: a table over the
// joint choices of the few decisions those layers depend on.
type Term struct {
	Decisions []int     // ascending decision indices
	Table     []float64 // one entry per joint choice of all choices, the last decision fastest
	radix     []int
}

// At is the term's value under choices (one per decision of the space).
func (t *Term) At(choices []int) float64 {
	return t.Table[t.index(choices)]
}

// Terms writes the sum over a network's nodes of measure as a short sum of
// tables, one per set of decisions that some node depends on. Entries of
// choices that restrictions removed are 0. measure may count multiply-adds, or
// look up a measured latency. The error wraps ErrTooLarge when a node depends
// on too many decisions.
func (g *ChoiceGraph) Terms(measure func(n *Node) float64) ([]Term, error) {
	index := map[string]int{}
	var terms []Term
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Op == OpSelect {
			continue
		}
		deps := n.Decisions()
		key := fmt.Sprint(deps)
		k, ok := index[key]
		if !ok {
			t := Term{Decisions: deps, radix: make([]int, len(deps))}
			size := 1
			for j, d := range deps {
				t.radix[j] = g.Decisions[d].Len()
				if size *= t.radix[j]; size > maxLayerTable {
					return nil, fmt.Errorf("searchspace: %s depends on %d decisions: %w", n.Name, len(deps), ErrTooLarge)
				}
			}
			t.Table = make([]float64, size)
			k = len(terms)
			index[key] = k
			terms = append(terms, t)
		}
		t := &terms[k]
		if err := g.each(deps, func(choices []int) {
			if n.Exists(choices) {
				node := n.At(choices)
				t.Table[t.index(choices)] += measure(&node)
			}
		}); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(terms, func(t Term) bool { return !slices.ContainsFunc(t.Table, func(v float64) bool { return v != 0 }) }), nil
}

func (t *Term) index(choices []int) int {
	i := 0
	for k, d := range t.Decisions {
		i = i*t.radix[k] + choices[d]
	}
	return i
}

// CostModel is a cost of a space's networks as a sum of tables: cheap to
// evaluate, and with an exact expectation under independent random decisions.
type CostModel struct {
	Terms     []Term
	decisions int
	choices   []int // number of choices per decision
}

// Model is the cost model of measure, see Terms.
func (g *ChoiceGraph) Model(measure func(n *Node) float64) (*CostModel, error) {
	terms, err := g.Terms(measure)
	if err != nil {
		return nil, err
	}
	m := &CostModel{Terms: terms, decisions: len(g.Decisions)}
	for i := range g.Decisions {
		m.choices = append(m.choices, g.Decisions[i].Len())
	}
	return m, nil
}

// At is the cost of a.
func (m *CostModel) At(a Arch) (float64, error) {
	if a.Len() != m.decisions {
		return 0, fmt.Errorf("searchspace: architecture with %d choices, expected %d: %w", a.Len(), m.decisions, ErrInvalid)
	}
	choices := a.Choices()
	for i, c := range choices {
		if c >= m.choices[i] {
			return 0, fmt.Errorf("searchspace: choice %d of decision %d, expected 0 to %d: %w", c, i, m.choices[i]-1, ErrInvalid)
		}
	}
	var sum float64
	for i := range m.Terms {
		sum += m.Terms[i].At(choices)
	}
	return sum, nil
}

// Expected is the expectation of the cost when decision i takes choice c with
// probability p[i][c], independently, and its gradient in p, of p's shape.
// Rows need not sum to 1: the result is the multilinear extension of the cost,
// so gates and mixtures (eq. C = Σ p·C of the pruning paper) are folds of it.
func (m *CostModel) Expected(p Relaxed) (float64, Relaxed, error) {
	if len(p) != m.decisions {
		return 0, nil, fmt.Errorf("searchspace: probabilities for %d decisions, expected %d", len(p), m.decisions)
	}
	grad := make(Relaxed, len(p))
	for i := range p {
		if len(p[i]) != m.choices[i] {
			return 0, nil, fmt.Errorf("searchspace: %d probabilities for decision %d, expected %d", len(p[i]), i, m.choices[i])
		}
		grad[i] = make([]float64, len(p[i]))
	}
	var sum float64
	for i := range m.Terms {
		sum += m.Terms[i].expected(p, grad)
	}
	return sum, grad, nil
}

// expected adds the term's gradient to grad.
func (t *Term) expected(p, grad Relaxed) float64 {
	var sum float64
	n := len(t.Decisions)
	digits := make([]int, n)
	for _, v := range t.Table {
		if v != 0 {
			prod := v
			for k, d := range t.Decisions {
				prod *= p[d][digits[k]]
			}
			sum += prod
			for k, d := range t.Decisions {
				g := v
				for j, e := range t.Decisions {
					if j != k {
						g *= p[e][digits[j]]
					}
				}
				grad[d][digits[k]] += g
			}
		}
		for k := n - 1; k >= 0; k-- {
			if digits[k]++; digits[k] < t.radix[k] {
				break
			}
			digits[k] = 0
		}
	}
	return sum
}

// newStream is a generator for internal choices that must always be the same.
func newStream(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
