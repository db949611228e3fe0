package searchspace

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/stream"
)

// reach answers whether a space has an architecture with given choices of a few decisions, limits
// on costs aside.
type reach struct {
	space *Space
	base  *network[bool] // nil: restrictions of single decisions say it all
	some  []Arch         // a few architectures to start from
	known map[string]bool
}

func newReach(s *Space) *reach {
	if s != nil && len(s.costs) > 0 {
		s = s.free()
	}
	r := &reach{space: s, known: map[string]bool{}}
	if s == nil || len(s.groups) == 0 && len(s.limits) == 0 {
		return r
	}
	n := &network[bool]{domains: s.domains(), ring: semiring[bool]{
		one:   true,
		times: func(a, b bool) bool { return a && b },
		reduce: func(values []bool) (bool, int) {
			for k, v := range values {
				if v {
					return true, k
				}
			}
			return false, 0
		},
	}}
	if constrain(s, n, true, false) == nil {
		r.base = n
	}
	random := stream.New(0, "searchspace.reach")
	for range 32 {
		if a, err := s.Sample(random); err == nil {
			r.some = append(r.some, a)
		}
	}
	return r
}

// possible reports whether some architecture agrees with choices in those of deps that are active
// in it. The choices must be allowed one by one. Where the question is too large it says yes.
func (r *reach) possible(deps, choices []int) bool {
	if r.base == nil {
		return true
	}
	key := make([]byte, 0, 64)
	for _, d := range deps {
		key = fmt.Appendf(key, "%d=%d ", d, choices[d])
	}
	yes, ok := r.known[string(key)]
	if !ok {
		yes = r.near(deps, choices) || r.solve(deps, choices)
		r.known[string(key)] = yes
	}
	return yes
}

// near reports whether one of a few architectures stays valid when it is given the choices of deps,
// which answers most questions quickly.
func (r *reach) near(deps, choices []int) bool {
	for _, a := range r.some {
		changed := a.Choices()
		for _, d := range deps {
			changed[d] = choices[d]
		}
		r.space.settle(a, changed, nil)
		if r.space.obeys(changed) == nil {
			return true
		}
	}
	return false
}

// solve answers exactly.
func (r *reach) solve(deps, choices []int) bool {
	n := *r.base
	n.factors = n.factors[:len(n.factors):len(n.factors)]
	for _, d := range deps {
		want := choices[d]
		if err := n.add(withDeps(r.space.activity[d], d), func(c []int) bool {
			return c[d] == want || !r.space.active(d, c)
		}); err != nil {
			return true
		}
	}
	yes, _, err := n.solve()
	return err != nil || yes
}
