package evolution

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/tendril-nas/tendril/searchspace"
)

// Objective is one number of a measured architecture that a search minimises.
type Objective struct {
	// Name is for people: "error", "MAdds".
	Name string
	// Of is the value and its standard error, 0 when exact.
	Of func(m searchspace.Measurement) (value, standardError float64, err error)

	err error // why it cannot be used
}

// ErrorRate is 1 − accuracy, with the standard error of a proportion over so many images.
func ErrorRate() Objective {
	return Objective{Name: "error", Of: func(m searchspace.Measurement) (float64, float64, error) {
		p := 1 - m.Accuracy
		if m.Samples < 1 {
			return p, 0, nil
		}
		return p, math.Sqrt(max(p*(1-p), 0) / float64(m.Samples)), nil
	}}
}

// MAdds is the multiply-adds of an architecture of the space, in millions.
func MAdds(space *searchspace.Space) Objective {
	if space == nil {
		return unusable("MAdds", errors.New("evolution: multiply-adds of no space"))
	}
	tables := sync.OnceValue(func() *searchspace.CostModel {
		g, err := space.LowerChoices()
		if err != nil {
			return nil
		}
		m, err := g.Model(func(n *searchspace.Node) float64 { return float64(n.MAdds()) })
		if err != nil {
			return nil
		}
		return m
	})
	return CostOf("MAdds", func(a searchspace.Arch) (float64, error) {
		if m := tables(); m != nil {
			c, err := m.At(a)
			return c / 1e6, err
		}
		c, err := space.Cost(a) // there is no table form
		return float64(c.MAdds) / 1e6, err
	})
}

// CostOf makes an objective of anything that is known of an architecture without measuring it, such
// as CostModel.At or a latency table.
func CostOf(name string, cost func(a searchspace.Arch) (float64, error)) Objective {
	if cost == nil {
		return unusable(name, fmt.Errorf("evolution: cost %q without a function", name))
	}
	return Objective{Name: name, Of: func(m searchspace.Measurement) (float64, float64, error) {
		c, err := cost(m.Arch)
		return c, 0, err
	}}
}

// Constraint is a number of an architecture that is violated above 0.
type Constraint = Objective

// AtMost is a constraint on an objective, relative to the limit where that is not 0.
func AtMost(o Objective, limit float64) Constraint {
	if err := usable([]Objective{o}); err != nil {
		return unusable(o.Name, err)
	}
	c := Constraint{Name: o.Name}
	if math.IsNaN(limit) || math.IsInf(limit, 0) {
		c.err = fmt.Errorf("evolution: at most %g of %s, expected a finite number", limit, o.Name)
	}
	unit := math.Abs(limit)
	if unit == 0 {
		unit = 1
	}
	c.Of = func(m searchspace.Measurement) (float64, float64, error) {
		v, _, err := o.Of(m)
		return (v - limit) / unit, 0, err
	}
	return c
}

// unusable is an objective that every search refuses, and that has no value.
func unusable(name string, err error) Objective {
	return Objective{Name: name, err: err, Of: func(searchspace.Measurement) (float64, float64, error) {
		return math.NaN(), 0, err
	}}
}

// usable says what is wrong with objectives or constraints.
func usable(objectives []Objective) error {
	for _, o := range objectives {
		if o.err != nil {
			return o.err
		}
		if o.Of == nil {
			return fmt.Errorf("evolution: objective %q without a function", o.Name)
		}
	}
	return nil
}

// pointOf applies objectives and constraints to a measurement.
func pointOf(
	m searchspace.Measurement, objectives []Objective, constraints []Constraint,
) (p Point, err error) {
	exact := true
	for _, o := range objectives {
		v, se, err := o.Of(m)
		if err != nil {
			return Point{}, fmt.Errorf("objective %s: %w", o.Name, err)
		}
		p.Objectives, p.Errors = append(p.Objectives, v), append(p.Errors, se)
		exact = exact && se == 0
	}
	if exact {
		p.Errors = nil
	}
	for _, c := range constraints {
		v, _, err := c.Of(m)
		if err != nil {
			return Point{}, fmt.Errorf("constraint %s: %w", c.Name, err)
		}
		p.Violations = append(p.Violations, v)
	}
	return p, nil
}
