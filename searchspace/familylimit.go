package searchspace

import (
	"fmt"
	"math"
	"slices"
)

// limit is a Limit with its decisions resolved.
type limit struct {
	Limit
	decisions []int
}

// check says what is wrong with the values of the limit's decisions.
func (l *limit) check(values []int) error {
	switch {
	case l.Add != nil:
		sum := 0
		for i, v := range values {
			sum += l.Add(i, v)
		}
		if sum < l.Min || sum > l.Max {
			return fmt.Errorf("%d %s, expected %d to %d", sum, l.What, l.Min, l.Max)
		}
		return nil
	case l.Measure != nil:
		if v := l.Measure(values); !(v >= float64(l.Min) && v <= float64(l.Max)) {
			return fmt.Errorf("%s %.4g, expected %d to %d", l.What, v, l.Min, l.Max)
		}
		return nil
	}
	return l.Check(values)
}

// reaches is the least and greatest number that the limit is about, over the choices that
// restrictions of single decisions leave; ok is false where that is not known.
func (l *limit) reaches(s *Space) (low, high float64, ok bool) {
	domains := s.domains()
	switch {
	case l.Add != nil:
		for i, d := range l.decisions {
			var values []int
			for _, c := range domains[d] {
				values = append(values, l.Add(i, s.decisions[d].number(c)))
			}
			low, high = low+float64(slices.Min(values)), high+float64(slices.Max(values))
		}
		return low, high, true
	case l.Measure != nil:
		if _, err := (&network[bool]{domains: domains}).size(l.decisions); err != nil {
			return 0, 0, false
		}
		low, high = math.Inf(1), math.Inf(-1)
		assignments(len(domains), l.decisions, func(d int) []int { return domains[d] }, func(choices []int) bool {
			v := l.Measure(s.values(l.decisions, choices))
			low, high = min(low, v), max(high, v)
			return true
		})
		return low, high, true
	}
	return 0, 0, false
}

// reaches says for every limit of the family which numbers the space reaches, each after a
// semicolon.
func (s *Space) reaches() (text string) {
	for i := range s.limits {
		l := &s.limits[i]
		if low, high, ok := l.reaches(s); ok {
			text += fmt.Sprintf("; %s from %.4g to %.4g within reach, expected %d to %d", l.What, low, high,
				l.Min, l.Max)
		}
	}
	return text
}
