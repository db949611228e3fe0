package searchspace

import (
	"fmt"
	"math"
)

// Relaxed is an architecture whose choices have become real numbers: one row per decision of a
// space, one number per choice of the decision (removed choices included). At 0 and 1 it is an
// Arch. Rows need not sum to 1: gates and mixtures are both rows.
//
// What a row means for the cost of a network says CostModel.Expected, what it means for its output
// package supernet.
type Relaxed [][]float64

// Relax is a as a Relaxed: 1 for the choice taken, 0 for the others. An inactive decision, whose
// choice has no effect, holds 1 at its first allowed choice. The error wraps ErrInvalid when a is
// not of s.
func (s *Space) Relax(a Arch) (Relaxed, error) {
	if err := s.Valid(a); err != nil {
		return nil, err
	}
	r := s.Zeros()
	for i, active := range s.Active(a) {
		c := s.decisions[i].Allowed[0]
		if active {
			c = a.At(i)
		}
		r[i][c] = 1
	}
	return r, nil
}

// Zeros is a Relaxed of the shape that s needs, all 0.
func (s *Space) Zeros() Relaxed {
	r := make(Relaxed, len(s.decisions))
	for i := range r {
		r[i] = make([]float64, s.decisions[i].Len())
	}
	return r
}

// CheckRelaxed says whether r has the rows that s needs, all numbers are finite, and choices that
// restrictions removed hold 0.
func (s *Space) CheckRelaxed(r Relaxed) error {
	if len(r) != len(s.decisions) {
		return fmt.Errorf("searchspace: %d rows for %d decisions", len(r), len(s.decisions))
	}
	for i, row := range r {
		d := &s.decisions[i]
		if len(row) != d.Len() {
			return fmt.Errorf("searchspace: row of decision %s has %d numbers, expected %d", d.Name, len(row),
				d.Len())
		}
		allowed := 0
		for c, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("searchspace: row of decision %s holds %v for %s, expected a finite number",
					d.Name, v, d.Labels[c])
			}
			if allowed < len(d.Allowed) && d.Allowed[allowed] == c {
				allowed++
			} else if v != 0 {
				return fmt.Errorf("searchspace: row of decision %s holds %v for %s, which a restriction "+
					"removed, expected 0",
					d.Name, v, d.Labels[c])
			}
		}
	}
	return nil
}
