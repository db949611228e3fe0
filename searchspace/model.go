package searchspace

import (
	"fmt"
	"math"
	"slices"
)

// Term is one summand of a cost that is a sum over layers: a table over the joint choices of the
// few decisions those layers depend on.
type Term struct {
	Decisions []int     `json:"decisions"` // ascending decision indices
	Table     []float64 `json:"table"`     // one entry per joint choice of all choices, the last decision fastest
	radix     []int
	first     []int // first allowed choice of each decision
}

// At is the term's value under choices (one per decision of the space). The error wraps ErrInvalid
// where choices is too short for the term, or has a choice that a decision does not have, and where
// the term was not made by Terms.
func (t *Term) At(choices []int) (float64, error) {
	if len(t.radix) != len(t.Decisions) {
		return 0, fmt.Errorf("searchspace: a term that Terms has not made: %w", ErrInvalid)
	}
	for k, d := range t.Decisions {
		if d < 0 || d >= len(choices) || choices[d] < 0 || choices[d] >= t.radix[k] {
			return 0, fmt.Errorf("searchspace: choices %v for a term of decision %d with %d choices: %w", choices,
				d, t.radix[k], ErrInvalid)
		}
	}
	return t.at(choices), nil
}

func (t *Term) at(choices []int) float64 { return t.Table[t.index(choices)] }

// Terms writes the sum over a network's nodes of measure as a short sum of tables, one per set of
// decisions that some node depends on. Entries of choices that restrictions removed are 0. measure
// may count multiply-adds or parameters; times are for LatencyTable.Model, because layers run
// fused. The error wraps ErrTooLarge when a node depends on too many decisions.
func (g *ChoiceGraph) Terms(measure func(n *Node) float64) ([]Term, error) {
	if measure == nil {
		return nil, errNoMeasure
	}
	sum := termSum{graph: g}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Op == OpSelect {
			continue
		}
		if err := sum.add(n.Name, n.Decisions(), func(choices []int) float64 {
			if !n.exists(choices) {
				return 0
			}
			node := n.at(choices)
			return measure(&node)
		}); err != nil {
			return nil, err
		}
	}
	return sum.done(), nil
}

// termSum collects summands in terms, one for every set of decisions.
type termSum struct {
	graph *ChoiceGraph
	index map[string]int
	terms []Term
}

// add adds value, a function of the choices of deps, which are ascending.
func (s *termSum) add(name string, deps []int, value func(choices []int) float64) error {
	key := fmt.Sprint(deps)
	k, ok := s.index[key]
	if !ok {
		t, err := s.graph.newTerm(name, deps)
		if err != nil {
			return err
		}
		k = len(s.terms)
		if s.index == nil {
			s.index = map[string]int{}
		}
		s.index[key] = k
		s.terms = append(s.terms, t)
	}
	t := &s.terms[k]
	return s.graph.each(deps, func(choices []int) { t.Table[t.index(choices)] += value(choices) })
}

// done is the terms that are not 0 everywhere.
func (s *termSum) done() []Term {
	return slices.DeleteFunc(s.terms, func(t Term) bool {
		return !slices.ContainsFunc(t.Table, func(v float64) bool { return v != 0 })
	})
}

// newTerm is a table over the choices of deps that holds 0.
func (g *ChoiceGraph) newTerm(name string, deps []int) (Term, error) {
	size, err := g.tableSize(name, deps)
	if err != nil {
		return Term{}, err
	}
	t := Term{Decisions: deps, Table: make([]float64, size), radix: make([]int, len(deps)),
		first: make([]int, len(deps))}
	for j, d := range deps {
		t.radix[j], t.first[j] = g.Decisions[d].Len(), g.Decisions[d].Allowed[0]
	}
	return t, nil
}

// tableSize is the number of joint choices of deps, removed ones included.
func (g *ChoiceGraph) tableSize(name string, deps []int) (int, error) {
	size := 1
	for _, d := range deps {
		if size *= g.Decisions[d].Len(); size > maxLayerTable {
			return 0, fmt.Errorf("searchspace: %s depends on %d decisions: %w", name, len(deps), ErrTooLarge)
		}
	}
	return size, nil
}

// index is the entry of choices. An inactive decision holds choice 0; where a restriction removed
// that, the first choice that it left has the same entry, because the decision has no effect.
func (t *Term) index(choices []int) int {
	i := 0
	for k, d := range t.Decisions {
		i = i*t.radix[k] + max(choices[d], t.first[k])
	}
	return i
}

// CostModel is a cost of a space's networks as a sum of tables: cheap to evaluate, and with an
// exact expectation under independent random decisions.
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
	return g.model(terms), nil
}

// model is the cost model of terms.
func (g *ChoiceGraph) model(terms []Term) *CostModel {
	m := &CostModel{Terms: terms, decisions: len(g.Decisions)}
	for i := range g.Decisions {
		m.choices = append(m.choices, g.Decisions[i].Len())
	}
	return m
}

// At is the cost of a.
func (m *CostModel) At(a Arch) (float64, error) {
	if a.Len() != m.decisions {
		return 0, fmt.Errorf("searchspace: architecture with %d choices, expected %d: %w", a.Len(),
			m.decisions, ErrInvalid)
	}
	choices := a.Choices()
	for i, c := range choices {
		if c >= m.choices[i] {
			return 0, fmt.Errorf("searchspace: choice %d of decision %d, expected 0 to %d: %w", c, i,
				m.choices[i]-1, ErrInvalid)
		}
	}
	var sum float64
	for i := range m.Terms {
		sum += m.Terms[i].at(choices)
	}
	return sum, nil
}

// Expected is the expectation of the cost when decision i takes choice c with probability p[i][c],
// independently, and its gradient in p, of p's shape. Rows need not sum to 1: the result is the
// multilinear extension of the cost, so gates and mixtures (eq. C = Σ p·C of the pruning paper) are
// folds of it. Choices that restrictions removed count as 0, whatever p holds for them. At
// Space.Relax of an architecture it is At.
func (m *CostModel) Expected(p Relaxed) (float64, Relaxed, error) {
	if len(p) != m.decisions {
		return 0, nil, fmt.Errorf("searchspace: probabilities for %d decisions, expected %d", len(p),
			m.decisions)
	}
	grad := make(Relaxed, len(p))
	for i := range p {
		if len(p[i]) != m.choices[i] {
			return 0, nil, fmt.Errorf("searchspace: %d probabilities for decision %d, expected %d", len(p[i]),
				i, m.choices[i])
		}
		for c, v := range p[i] {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return 0, nil, fmt.Errorf("searchspace: %v for choice %d of decision %d, expected a finite number", v, c, i)
			}
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
