package evolution

import (
	"math"
	"slices"
)

// Crowding is the crowding distance of the points of one front, as Deb's NSGA-II has it: for every
// objective the points are sorted, equal ones in their order, the two ends get +Inf and every other
// the distance between its neighbours over the range of the front; the sum is divided by the number
// of objectives. An objective in which all agree adds nothing. Fronts of one or two points are all
// +Inf. zero gives 0 to exact copies of an earlier point, which then do not count as neighbours.
// The error is that of Fronts.
func Crowding(front [][]float64, zero bool) ([]float64, error) {
	if err := checkPoints(front); err != nil {
		return nil, err
	}
	var s sorter
	out := make([]float64, len(front))
	s.crowding(front, zero, out)
	return out, nil
}

// crowding is Crowding into out.
func (s *sorter) crowding(front [][]float64, zero bool, out []float64) {
	n := len(front)
	if n <= 2 {
		for i := range out {
			out[i] = math.Inf(1)
		}
		return
	}
	clear(out)
	if zero {
		if first := s.distinct(front); len(first) < n {
			some := make([][]float64, len(first))
			for i, j := range first {
				some[i] = front[j]
			}
			part := make([]float64, len(first))
			s.distances(some, part)
			for i, j := range first {
				out[j] = part[i]
			}
			return
		}
	}
	s.distances(front, out)
}

// distinct gives the first of all equal points, in ascending order.
func (s *sorter) distinct(points [][]float64) []int {
	k := s.lexicographic(points)
	first := make([]int, 0, len(points))
	for i, e := range k {
		if i == 0 || !slices.Equal(points[e.index], points[k[i-1].index]) {
			first = append(first, int(e.index))
		}
	}
	slices.Sort(first)
	return first
}

// distances adds the distances of all objectives to out, which is zero.
func (s *sorter) distances(points [][]float64, out []float64) {
	m := len(points[0])
	for at := range m {
		if at == 1 && len(points) < radixFrom {
			s.loadReversed(points, at)
		} else {
			s.load(points, at)
		}
		k := s.order(len(points))
		end := len(k) - 1
		low, high := points[k[0].index][at], points[k[end].index][at]
		span := high - low
		out[k[0].index], out[k[end].index] = math.Inf(1), math.Inf(1)
		if low == high {
			continue
		}
		for i := 1; i < end; i++ {
			out[k[i].index] += share(points[k[i-1].index][at], points[k[i+1].index][at], span)
		}
	}
	for i := range out {
		out[i] /= float64(m)
	}
}

// share is the distance from low to high as a part of span, the distance between the ends. Where
// that is infinite, so is the distance that makes it so: then it is all of it, and others nothing.
func share(low, high, span float64) float64 {
	switch {
	case low == high:
		return 0
	case !math.IsInf(span, 1):
		return (high - low) / span
	case math.IsInf(high-low, 1):
		return 1
	}
	return 0
}
