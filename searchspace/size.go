package searchspace

import "math/big"

// Size is the number of different architectures of the space. It is exact, restrictions and limits
// included, unless restrictions and limits tie so many decisions together that counting would need
// a table of more than a million entries: then limits are left out and Size is an upper bound.
// Limits on costs (Space.Limit) count where the space without them has at most 65536 architectures,
// and are left out in larger ones.
func (s *Space) Size() *big.Int {
	if len(s.costs) > 0 {
		free := s.free().Size()
		if free.Cmp(big.NewInt(maxListed)) > 0 {
			return free
		}
		return s.countListed()
	}
	n, err := s.count()
	if err == nil {
		return n
	}
	free := &Space{fam: s.fam, decisions: s.decisions, activity: s.activity, index: s.index}
	n, err = free.count()
	if err == nil {
		return n
	}
	n = big.NewInt(1)
	for i := range s.decisions {
		n.Mul(n, big.NewInt(int64(s.decisions[i].Len())))
	}
	return n
}

func (s *Space) count() (*big.Int, error) {
	n := network[*big.Int]{domains: s.domains(), ring: semiring[*big.Int]{
		one:   big.NewInt(1),
		times: func(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) },
		reduce: func(values []*big.Int) (*big.Int, int) {
			sum := new(big.Int)
			for _, v := range values {
				sum.Add(sum, v)
			}
			return sum, 0
		},
	}}
	if err := constrain(s, &n, big.NewInt(1), new(big.Int)); err != nil {
		return nil, err
	}
	total, _, err := n.solve()
	return total, err
}

// maxListed bounds the spaces whose architectures are listed to be counted.
const maxListed = 1 << 16

// countListed counts the architectures one by one.
func (s *Space) countListed() *big.Int {
	n := int64(0)
	choices := make([]int, len(s.decisions))
	var list func(i int)
	list = func(i int) {
		switch {
		case i == len(choices):
			if s.obeys(choices) == nil {
				n++
			}
			return
		case !s.active(i, choices):
			choices[i] = 0
			list(i + 1)
			return
		}
		for _, c := range s.decisions[i].Allowed {
			choices[i] = c
			list(i + 1)
		}
		choices[i] = 0
	}
	list(0)
	return big.NewInt(n)
}
