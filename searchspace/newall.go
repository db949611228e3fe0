package searchspace

import "fmt"

// Canonical turns choices, an index per decision, into those that an Arch has, where inactive
// decisions hold 0, and says in active, unless that is nil, which decisions have an effect. The
// error wraps ErrInvalid where New refuses the choices. Where the space has neither restricted
// combinations nor limits, nothing is allocated.
func (s *Space) Canonical(choices []int, active []bool) error {
	if n := len(s.decisions); len(choices) != n || active != nil && len(active) != n {
		return fmt.Errorf("searchspace: %d choices, expected %d: %w", len(choices), n, ErrInvalid)
	}
	for i, c := range choices {
		on := s.active(i, choices)
		if active != nil {
			active[i] = on
		}
		if !on {
			choices[i] = 0
		} else if c < 0 || c >= s.decisions[i].Len() {
			return fmt.Errorf("searchspace: choice %d of decision %s, expected 0 to %d: %w", c,
				s.decisions[i].Name, s.decisions[i].Len()-1, ErrInvalid)
		}
	}
	return s.obeys(choices)
}

// NewAll is New for many architectures, whose choices stand one after the other. It makes a few
// allocations, however many they are.
func (s *Space) NewAll(choices []int) ([]Arch, error) {
	n := len(s.decisions)
	if n == 0 || len(choices)%n != 0 {
		return nil, fmt.Errorf("searchspace: %d choices, expected a multiple of %d: %w", len(choices), n,
			ErrInvalid)
	}
	out, text := make([]Arch, len(choices)/n), make([]byte, len(choices))
	canon := make([]int, n)
	for i := range out {
		copy(canon, choices[i*n:])
		if err := s.Canonical(canon, nil); err != nil {
			return nil, fmt.Errorf("architecture %d: %w", i, err)
		}
		for k, c := range canon {
			text[i*n+k] = byte(c)
		}
	}
	all := string(text)
	for i := range out {
		out[i].choices = all[i*n : (i+1)*n]
	}
	return out, nil
}
