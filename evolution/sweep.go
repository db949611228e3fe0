package evolution

import (
	"slices"
	"sort"
)

// Points come in lexicographic order, so that none is dominated by one behind it, and a point is
// dominated by some front exactly when it is by the fronts before that too: the front of a point is
// found by halving. Of equal points the later take the front of the first.

// ranks1 counts different values.
func (s *sorter) ranks1(points [][]float64, k []keyed, out []int32) {
	rank := int32(0)
	for i, x := range k {
		if i > 0 && points[k[i-1].index][0] != points[x.index][0] {
			rank++
		}
		out[x.index] = rank
	}
}

// ranks2 keeps the least second objective of every front, which dominates a point of this sweep
// when anything in the front does.
func (s *sorter) ranks2(points [][]float64, k []keyed, out []int32) {
	tails := s.tails[:0]
	var before []float64
	last := int32(0)
	for _, e := range k {
		p := points[e.index]
		x, y := p[0], p[1]
		if before != nil && before[0] == x && before[1] == y {
			out[e.index] = last
			continue
		}
		low, high := 0, len(tails)
		for low < high {
			if mid := int(uint(low+high) >> 1); tails[mid] <= y {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low == len(tails) {
			tails = append(tails, y)
		} else {
			tails[low] = y
		}
		before, last = p, int32(low)
		out[e.index] = last
	}
	s.tails = tails
}

// corner is a step of a stair.
type corner struct{ y, z float64 }

// stair is the lower left border of a front seen along the first objective: y ascends, z descends.
type stair []corner

// covers reports that some corner is in both coordinates at most (y, z).
func (s stair) covers(y, z float64) bool {
	low, high := 0, len(s)
	for low < high {
		if mid := int(uint(low+high) >> 1); s[mid].y <= y {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low > 0 && s[low-1].z <= z
}

// with is the stair after (y, z), which it does not cover.
func (s stair) with(y, z float64) stair {
	from := sort.Search(len(s), func(i int) bool { return s[i].y >= y })
	to := from
	for to < len(s) && s[to].z >= z {
		to++
	}
	if to > from {
		s[from] = corner{y, z}
		return slices.Delete(s, from+1, to)
	}
	return slices.Insert(s, from, corner{y, z})
}

// ranks3 keeps for every front its stair in the second and third objective.
func (s *sorter) ranks3(points [][]float64, k []keyed, out []int32) {
	used := 0
	var before []float64
	last := int32(0)
	for _, e := range k {
		p := points[e.index]
		if before != nil && before[0] == p[0] && before[1] == p[1] && before[2] == p[2] {
			out[e.index] = last
			continue
		}
		low, high := 0, used
		for low < high {
			if mid := int(uint(low+high) >> 1); s.stairs[mid].covers(p[1], p[2]) {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low == used {
			if used == len(s.stairs) {
				s.stairs = append(s.stairs, nil)
			}
			s.stairs[used] = s.stairs[used][:0]
			used++
		}
		s.stairs[low] = s.stairs[low].with(p[1], p[2])
		before, last = p, int32(low)
		out[e.index] = last
	}
}
