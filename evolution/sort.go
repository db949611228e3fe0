package evolution

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Fronts sorts points into fronts by domination, all objectives minimised: a point dominates
// another when it is nowhere worse and somewhere better; those that nobody dominates are front 0,
// those that only front 0 dominates front 1, and so on. Equal points share a front. Each front
// holds indices in ascending order. The error names a point that holds NaN or is of another length
// than the first.
//
// One and two objectives take O(n log n), three O(n log² n) and more O(m·n²) at worst, 64
// comparisons at a time.
func Fronts(points [][]float64) ([][]int, error) {
	if err := checkPoints(points); err != nil {
		return nil, err
	}
	var s sorter
	var fronts [][]int
	ranks := s.ranks(points, nil)
	sizes := make([]int, 0, 16)
	for _, r := range ranks {
		for int(r) >= len(sizes) {
			sizes = append(sizes, 0)
		}
		sizes[r]++
	}
	all := make([]int, len(points))
	for _, n := range sizes {
		fronts = append(fronts, all[:0:n])
		all = all[n:]
	}
	for i, r := range ranks {
		fronts[r] = append(fronts[r], i)
	}
	return fronts, nil
}

func checkPoints(points [][]float64) error {
	for i, p := range points {
		if len(p) == 0 || len(p) != len(points[0]) {
			return fmt.Errorf("evolution: point %d has %d objectives, expected %d and at least one",
				i, len(p), len(points[0]))
		}
		for _, x := range p {
			if math.IsNaN(x) {
				return fmt.Errorf("evolution: point %d is %v", i, p)
			}
		}
	}
	return nil
}

// sorter keeps the memory of one sorting for the next.
type sorter struct {
	keys, spare []keyed
	tails       []float64
	stairs      []stair
	dominators  dominators
}

// keyed is an index with a number whose order is that of a float.
type keyed struct {
	key   uint64
	index int32
}

// keyOf maps floats to numbers of the same order; −0 is 0.
func keyOf(x float64) uint64 {
	b := math.Float64bits(x + 0)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// order sorts the first n elements of s.keys, equal ones in their order.
func (s *sorter) order(n int) []keyed {
	k := s.keys[:n]
	if n < radixFrom {
		slices.SortFunc(k, func(a, b keyed) int {
			if c := cmp.Compare(a.key, b.key); c != 0 {
				return c
			}
			return cmp.Compare(a.index, b.index)
		})
		return k
	}
	return s.radix(k)
}

// radixFrom is the number from which sorting by digits is faster than by comparison (ours).
const radixFrom = 192

// radix sorts by eight digits of eight bits, from the last; digits in which all agree are passed
// over.
func (s *sorter) radix(k []keyed) []keyed {
	var counts [8][256]int32
	for _, x := range k {
		for d := range counts {
			counts[d][uint8(x.key>>(8*d))]++
		}
	}
	s.spare = slices.Grow(s.spare[:0], len(k))
	from, to := k, s.spare[:len(k)]
	for d := range counts {
		c := &counts[d]
		if c[uint8(k[0].key>>(8*d))] == int32(len(k)) {
			continue
		}
		at := int32(0)
		for i, n := range c {
			c[i] = at
			at += n
		}
		for _, x := range from {
			p := &c[uint8(x.key>>(8*d))]
			to[*p] = x
			*p++
		}
		from, to = to, from
	}
	s.keys, s.spare = from[:len(k)], to
	return from
}

// load makes keys of one coordinate.
func (s *sorter) load(points [][]float64, at int) {
	s.keys = slices.Grow(s.keys[:0], len(points))[:len(points)]
	for i, p := range points {
		s.keys[i] = keyed{keyOf(p[at]), int32(i)}
	}
}

// loadReversed is load in the reverse of the present order. In a front of two objectives that is
// the order by the other one, which sorting by comparison finds in one pass.
func (s *sorter) loadReversed(points [][]float64, at int) {
	slices.Reverse(s.keys)
	for i, k := range s.keys {
		s.keys[i].key = keyOf(points[k.index][at])
	}
}

// lexicographic is the order of points by their first objective, equal ones by the second, and so
// on.
func (s *sorter) lexicographic(points [][]float64) []keyed {
	s.load(points, 0)
	k := s.order(len(points))
	for i := 0; i < len(k); {
		j := i + 1
		for j < len(k) && k[j].key == k[i].key {
			j++
		}
		if j-i > 1 {
			slices.SortFunc(k[i:j], func(a, b keyed) int {
				if c := slices.Compare(points[a.index], points[b.index]); c != 0 {
					return c
				}
				return cmp.Compare(a.index, b.index)
			})
		}
		i = j
	}
	return k
}

// ranks gives the front of every point, in out's memory if that is large enough. Points hold no NaN
// and are of one length.
func (s *sorter) ranks(points [][]float64, out []int32) []int32 {
	out = slices.Grow(out[:0], len(points))[:len(points)]
	if len(points) == 0 {
		return out
	}
	switch k := s.lexicographic(points); len(points[0]) {
	case 1:
		s.ranks1(points, k, out)
	case 2:
		s.ranks2(points, k, out)
	case 3:
		s.ranks3(points, k, out)
	default:
		s.ranksN(points, k, out)
	}
	return out
}
