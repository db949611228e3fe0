package evolution

import (
	"errors"
	"math"
	"slices"
)

// member is a candidate of a population.
type member[G any] struct {
	Outcome[G]
	key       string
	entry     *entry[G]
	violation float64
	rank      int
	crowd     float64
	count     int // measurements that the point is the mean of
	born      int // place in the order of arrival, where that matters
}

// better reports that x goes before y where there is one objective: the smaller violation, then the
// smaller objective, the first of several.
func (x *member[G]) better(y *member[G]) bool {
	if x.violation != y.violation {
		return x.violation < y.violation
	}
	return x.Objectives[0] < y.Objectives[0]
}

// sorted are the members as callers see them, the best first.
func sorted[G any](members []*member[G]) []Outcome[G] {
	order := slices.Clone(members)
	slices.SortStableFunc(order, func(x, y *member[G]) int {
		switch {
		case x.better(y):
			return -1
		case y.better(x):
			return 1
		}
		return 0
	})
	out := make([]Outcome[G], len(order))
	for i, x := range order {
		out[i] = x.Outcome
	}
	return out
}

// admit checks outcomes and returns those measured as members, new ones and those whose
// measurements another of the same genome joins. average says that measurements of one candidate
// are pooled; otherwise the last one counts. The slice is lent until the next call.
func (b *breeder[G]) admit(outcomes []Outcome[G], average bool) ([]*member[G], error) {
	if b.genes == nil {
		return nil, errors.New("evolution: a strategy needs genes")
	}
	m := b.objectives
	for _, o := range outcomes {
		if err := o.check(m); err != nil {
			return nil, err
		}
		if !o.Failed {
			m = len(o.Objectives)
		}
	}
	b.objectives = m
	b.fresh = b.fresh[:0]
	for _, o := range outcomes {
		e, _ := b.entry(o.Genome)
		b.forget(e)
		e.known = e.known || b.opts.Mutants
		switch old := e.member; {
		case o.failed():
			b.release(e)
		case old == nil:
			b.fresh = append(b.fresh, b.join(o, e))
		case average:
			old.pool(o.Point)
		default:
			old.Point, old.violation = o.Point, o.Violation()
		}
	}
	return b.fresh, nil
}

// keep adds members to an archive.
func (b *breeder[G]) keep(fresh []*member[G]) {
	for _, x := range fresh {
		x.born = len(b.population)
		b.population = append(b.population, x)
	}
}

// Population is what the strategy goes on from, the best first.
func (b *breeder[G]) Population() []Outcome[G] { return b.outcomes() }

// outcomes are the members as callers see them.
func (b *breeder[G]) outcomes() []Outcome[G] {
	out := make([]Outcome[G], len(b.population))
	for i, x := range b.population {
		out[i] = x.Outcome
	}
	return out
}

// pool makes a member's point the mean of its measurements. All count alike: weights by the
// standard errors would prefer measurements that were lucky, where the error depends on the value.
func (x *member[G]) pool(p Point) {
	k := float64(x.count)
	mean := func(a, b []float64) []float64 {
		out := make([]float64, min(len(a), len(b)))
		for i := range out {
			out[i] = a[i] + (b[i]-a[i])/(k+1)
		}
		return out
	}
	var errs []float64
	if len(x.Errors) == len(x.Objectives) && len(p.Errors) == len(x.Objectives) {
		errs = make([]float64, len(p.Errors))
		for i, e := range p.Errors {
			errs[i] = math.Hypot(k*x.Errors[i], e) / (k + 1)
		}
	}
	x.Point = Point{mean(x.Objectives, p.Objectives), mean(x.Violations, p.Violations), errs}
	x.violation = x.Violation()
	x.count++
}
