package searchspace

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// CostKind names a cost of a network.
type CostKind string

// Kinds of costs: the fields of Cost, the bytes of float32 weights (4·Params), the seconds of a
// LatencyTable, and a sum of tables of the caller's own. All but the peak of activations are sums
// over layers.
const (
	CostMAdds           CostKind = "madds"
	CostConvMAdds       CostKind = "conv_madds"
	CostParams          CostKind = "params"
	CostWeightBytes     CostKind = "weight_bytes"
	CostActivationTrain CostKind = "activation_train"
	CostActivationInfer CostKind = "activation_infer" // a peak
	CostSeconds         CostKind = "seconds"          // CostLimit.Table
	CostTerms           CostKind = "terms"            // CostLimit.Terms
)

// CostLimit bounds a cost of the architectures of a space, both ends included. It can be written as
// JSON.
type CostLimit struct {
	Of  CostKind `json:"of"`
	Max float64  `json:"max,omitempty"` // in units of the cost; 0 = no maximum
	Min float64  `json:"min,omitempty"` // 0 = no minimum
	// Table predicts the seconds of a batch, for CostSeconds.
	Table *LatencyTable `json:"table,omitempty"`
	// Terms, for CostTerms, is a cost as a sum of tables, as ChoiceGraph.Terms or CostModel.Terms
	// have it. It belongs to one number of classes and one image size, and stays as it is in
	// Space.WithClasses and Space.WithInput.
	Terms []Term `json:"terms,omitempty"`
}

// Limit is the space with limits on costs: Valid, New and Parse refuse architectures beyond them,
// Sample, Mutate, Neighbours and Walk stay within them. Limits add up, and Restrict, WithClasses,
// WithInput and Spec keep them; an Arch of the limited space is the same value in the wider one.
//
// Where the space has a choice graph, a check costs a few table lookups; for ET-NAS, the chained
// widths of EAT-NAS and CostActivationInfer the network is lowered.
//
// The error wraps ErrInfeasible where no architecture is found within all limits, and gives the
// lowest and highest cost that the space has without them. That is exact for one maximum or one
// minimum over tables; several limits, or both ends of one, may be refused although a few
// architectures meet them, since a bounded search looks for the first.
func (s *Space) Limit(limits ...CostLimit) (*Space, error) {
	if len(limits) == 0 {
		return s, nil
	}
	out := s.free()
	for _, l := range append(s.costLimits(), limits...) {
		c, err := s.resolveCost(l.clone())
		if err != nil {
			return nil, err
		}
		out.costs = append(out.costs, c)
	}
	if err := out.findWitness(); err != nil {
		return nil, err
	}
	return out, nil
}

// CostRange is the lowest and highest cost of the architectures of s that l is about, limits on
// costs aside; Max and Min of l may be 0. It is exact where Smallest is.
func (s *Space) CostRange(l CostLimit) (low, high float64, err error) {
	c, err := s.resolveCost(l.clone())
	if err != nil {
		return 0, 0, err
	}
	a, b := s.free().extremesOf(c.terms, c.value)
	return c.ends(a, b)
}

// CostOf is the cost of a that l is about; Max and Min of l may be 0. For many architectures
// ChoiceGraph.Model and LatencyTable.Model are faster. The error wraps ErrInvalid where a is not of
// the space.
func (s *Space) CostOf(a Arch, l CostLimit) (float64, error) {
	if err := s.Valid(a); err != nil {
		return 0, err
	}
	if err := l.check(s); err != nil {
		return 0, err
	}
	return s.lowering(l)(a.Choices())
}

// costLimits is a copy of the limits on costs.
func (s *Space) costLimits() []CostLimit {
	var out []CostLimit
	for i := range s.costs {
		out = append(out, s.costs[i].CostLimit.clone())
	}
	return out
}

func (l CostLimit) clone() CostLimit {
	if t := l.Table; t != nil {
		l.Table = &LatencyTable{CPU: t.CPU, Kernels: t.Kernels, Workers: t.Workers, Batch: t.Batch,
			Fixed: t.Fixed, Entries: slices.Clone(t.Entries)}
	}
	l.Terms = slices.Clone(l.Terms)
	for i := range l.Terms {
		t := &l.Terms[i]
		t.Decisions, t.Table = slices.Clone(t.Decisions), slices.Clone(t.Table)
	}
	return l
}

// check finds what makes no limit, and gives the terms the radices of s.
func (l *CostLimit) check(s *Space) error {
	for _, v := range []float64{l.Min, l.Max} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("searchspace: limit %v of %s, expected a finite number", v, l.Of)
		}
	}
	if l.Max != 0 && l.Min != 0 && l.Min > l.Max {
		return fmt.Errorf("searchspace: %s from %v to %v, expected a minimum below the maximum", l.Of, l.Min, l.Max)
	}
	if (l.Of == CostSeconds) != (l.Table != nil) || (l.Of == CostTerms) != (len(l.Terms) > 0) {
		return fmt.Errorf("searchspace: limit of %q: a latency table goes with %q, terms go with %q", l.Of,
			CostSeconds, CostTerms)
	}
	switch {
	case l.Table != nil:
		if err := l.Table.check(); err != nil {
			return fmt.Errorf("searchspace: latency table of a limit: %w", err)
		}
	case len(l.Terms) > 0:
		return l.resolveTerms(s)
	case costMeasures[l.Of].graph == nil:
		return fmt.Errorf("searchspace: limit of cost %q, which does not exist", l.Of)
	}
	return nil
}

// maxTerm keeps sums of terms finite.
const maxTerm = 1e100

func (l *CostLimit) resolveTerms(s *Space) error {
	terms := slices.Clone(l.Terms)
	for i := range terms {
		t := &terms[i]
		size := 1
		t.radix, t.first = nil, nil
		for k, d := range t.Decisions {
			if d < 0 || d >= len(s.decisions) || k > 0 && d <= t.Decisions[k-1] {
				return fmt.Errorf("searchspace: term %d over decisions %v, expected ascending ones below %d", i,
					t.Decisions, len(s.decisions))
			}
			if size *= s.decisions[d].Len(); size > maxTable {
				return fmt.Errorf("searchspace: term %d over %d decisions: %w", i, len(t.Decisions), ErrTooLarge)
			}
			t.radix, t.first = append(t.radix, s.decisions[d].Len()), append(t.first, s.decisions[d].Allowed[0])
		}
		if len(t.Table) != size {
			return fmt.Errorf("searchspace: term %d has %d entries, expected %d", i, len(t.Table), size)
		}
		for _, v := range t.Table {
			if !(math.Abs(v) <= maxTerm) {
				return fmt.Errorf("searchspace: term %d holds %v, expected numbers up to ±%g", i, v, maxTerm)
			}
		}
	}
	l.Terms = terms
	return nil
}

// costMeasure says how a kind of cost follows from a graph, and from its nodes if it is a sum.
type costMeasure struct {
	node  func(n *Node) float64
	graph func(c Cost) float64
}

var costMeasures = map[CostKind]costMeasure{
	CostMAdds: {func(n *Node) float64 { return float64(n.MAdds()) },
		func(c Cost) float64 { return float64(c.MAdds) }},
	CostConvMAdds: {func(n *Node) float64 {
		if n.Op == OpLinear {
			return 0
		}
		return float64(n.MAdds())
	}, func(c Cost) float64 { return float64(c.ConvMAdds) }},
	CostParams: {func(n *Node) float64 { return float64(n.Params()) },
		func(c Cost) float64 { return float64(c.Params) }},
	CostWeightBytes: {func(n *Node) float64 { return 4 * float64(n.Params()) },
		func(c Cost) float64 { return 4 * float64(c.Params) }},
	CostActivationTrain: {func(n *Node) float64 {
		if n.Op == OpFlatten {
			return 0
		}
		return 4 * float64(n.Out.Size())
	}, func(c Cost) float64 { return float64(c.ActivationTrain) }},
	CostActivationInfer: {nil, func(c Cost) float64 { return float64(c.ActivationInfer) }},
}

// resolveCost finds the fastest form of l.
func (s *Space) resolveCost(l CostLimit) (costLimit, error) {
	if err := l.check(s); err != nil {
		return costLimit{}, err
	}
	c := costLimit{CostLimit: l}
	terms, err := s.costTerms(l)
	switch {
	case err == nil && terms != nil:
		c.terms, c.value, c.bounds = terms, termsValue(terms), s.newBounds(terms)
	case err == nil || errors.Is(err, ErrNoChoiceGraph) || errors.Is(err, ErrTooLarge):
		c.value = s.lowering(l)
	default:
		return costLimit{}, err
	}
	return c, nil
}

// costTerms is the cost as a sum of tables; nil where it is no sum.
func (s *Space) costTerms(l CostLimit) ([]Term, error) {
	if l.Of == CostTerms {
		return l.Terms, nil
	}
	node := costMeasures[l.Of].node
	if node == nil && l.Table == nil {
		return nil, nil
	}
	g, err := s.LowerChoices()
	if err != nil {
		return nil, err
	}
	if l.Table == nil {
		return g.Terms(node)
	}
	m, err := l.Table.Model(g)
	if err != nil {
		return nil, err
	}
	return m.Terms, nil
}

// lowering is the cost from the network.
func (s *Space) lowering(l CostLimit) costFunc {
	switch l.Of {
	case CostTerms:
		return termsValue(l.Terms)
	case CostSeconds:
		return s.lowered(l.Table.Seconds)
	}
	return s.lowered(func(g *Graph) (float64, error) { return costMeasures[l.Of].graph(g.Cost()), nil })
}
