package evolution

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Hypervolume is the volume that points dominate below the reference point, all objectives
// minimised. Points that are not below the reference in every objective are ignored. It is exact:
// O(n log n) for two objectives, O(n²) at worst and mostly less for three, and one factor n more
// for each beyond, in the manner of
//
//	L. While, L. Bradstreet, L. Barone: A fast way of calculating exact hypervolumes. IEEE
//	Transactions on Evolutionary Computation 16, 2012:
//
// what a point adds to those before it is its own box without their boxes cut to it. Where numbers
// are infinite, or too large to be multiplied, it is +Inf. The error names lengths that differ, and
// NaN.
func Hypervolume(points [][]float64, reference []float64) (float64, error) {
	if len(reference) == 0 || slices.ContainsFunc(reference, math.IsNaN) {
		return 0, fmt.Errorf("evolution: reference point %v, expected numbers", reference)
	}
	if err := checkPoints(points); err != nil {
		return 0, err
	}
	if len(points) > 0 && len(points[0]) != len(reference) {
		return 0, fmt.Errorf("evolution: points of %d objectives, a reference of %d",
			len(points[0]), len(reference))
	}
	inside := make([][]float64, 0, len(points))
next:
	for _, p := range points {
		for i, x := range p {
			if x >= reference[i] {
				continue next
			}
		}
		inside = append(inside, p)
	}
	var v volumes
	sum := v.below(inside, reference)
	if math.IsNaN(sum) { // infinite boxes were multiplied by flat ones, or subtracted
		sum = math.Inf(1)
	}
	return sum, nil
}

// volumes keeps the memory of one volume for the next.
type volumes struct{ stair stair }

// below is the volume of points that are all below the reference. It changes their order.
func (v *volumes) below(points [][]float64, reference []float64) float64 {
	last := len(reference) - 1
	if len(points) == 0 {
		return 0
	}
	slices.SortFunc(points, func(a, b []float64) int { return cmp.Compare(a[last], b[last]) })
	switch last {
	case 0:
		return reference[0] - points[0][0]
	case 1:
		return area(points, reference)
	case 2:
		return v.below3(points, reference)
	}
	var sum float64
	var before [][]float64 // in all objectives but the last none dominates another; by the third
	for _, p := range points {
		p, depth := p[:last], reference[last]-p[last]
		if slices.ContainsFunc(before, func(q []float64) bool { return weaklyBelow(q, p) }) {
			continue
		}
		sum += float64(v.exclusive(p, before, reference[:last], math.Inf(1)) * depth)
		before = slices.DeleteFunc(before, func(q []float64) bool { return weaklyBelow(p, q) })
		at, _ := slices.BinarySearchFunc(before, p, func(q, p []float64) int { return cmp.Compare(q[2], p[2]) })
		before = slices.Insert(before, at, p)
	}
	return sum
}

// exclusive is the volume that p, of three objectives or more, has for itself beside others sorted
// by the third; of volumes above enough it need not be more than that.
func (v *volumes) exclusive(p []float64, others [][]float64, reference []float64, enough float64) float64 {
	if len(p) == 3 {
		return v.exclusive3(p, others, reference, enough)
	}
	box := 1.0
	for i, x := range p {
		box *= reference[i] - x
	}
	cut := make([][]float64, 0, len(others))
	flat := make([]float64, len(p)*len(others))
next:
	for k, q := range others {
		c := flat[k*len(p):][:len(p)]
		for i, x := range q {
			c[i] = max(x, p[i])
		}
		for _, o := range cut {
			if weaklyBelow(o, c) {
				continue next
			}
		}
		cut = append(slices.DeleteFunc(cut, func(o []float64) bool { return weaklyBelow(c, o) }), c)
	}
	return max(box-v.below(cut, reference), 0)
}

// below3 adds slices between the third objective of one point and that of the next.
func (v *volumes) below3(points [][]float64, reference []float64) float64 {
	stairs := v.stair[:0]
	sum, size := 0.0, 0.0 // of the slice
	for i, p := range points {
		if !stairs.covers(p[0], p[1]) {
			size += gain(stairs, p[0], p[1], reference)
			stairs = stairs.with(p[0], p[1])
		}
		top := reference[2]
		if i+1 < len(points) {
			top = points[i+1][2]
		}
		sum += float64(size * (top - p[2]))
	}
	v.stair = stairs
	return sum
}

// exclusive3 adds slices of what p has for itself beside points sorted by the third objective.
func (v *volumes) exclusive3(p []float64, others [][]float64, reference []float64, enough float64) float64 {
	stairs := v.stair[:0]
	sum, z := 0.0, p[2]
	own := (reference[0] - p[0]) * (reference[1] - p[1]) // of the slice
	for _, q := range others {
		if q[2] > z {
			sum += float64(max(own, 0) * (q[2] - z))
			if z = q[2]; sum > enough {
				break
			}
		}
		x, y := max(q[0], p[0]), max(q[1], p[1])
		if x == p[0] && y == p[1] {
			own = 0
			break
		}
		if !stairs.covers(x, y) {
			own -= gain(stairs, x, y, reference)
			stairs = stairs.with(x, y)
		}
	}
	v.stair = stairs
	return sum + float64(max(own, 0)*(reference[2]-z))
}

// weaklyBelow reports that a is nowhere above b.
func weaklyBelow(a, b []float64) bool {
	for i, x := range a {
		if x > b[i] {
			return false
		}
	}
	return true
}

// area is the volume of points sorted by the second objective.
func area(points [][]float64, reference []float64) float64 {
	sum, left := 0.0, reference[0]
	for _, p := range points {
		if p[0] < left {
			sum += float64((left - p[0]) * (reference[1] - p[1]))
			left = p[0]
		}
	}
	return sum
}

// gain is the area that (y, z) adds to what a stair covers.
func gain(s stair, y, z float64, reference []float64) float64 {
	sum := 0.0
	roof := reference[1]
	i := 0
	for ; i < len(s) && s[i].y <= y; i++ {
		roof = s[i].z
	}
	for at := y; ; i++ {
		next := reference[0]
		if i < len(s) {
			next = min(next, s[i].y)
		}
		sum += float64((next - at) * (roof - z))
		if i == len(s) || s[i].z <= z {
			return sum
		}
		at, roof = next, s[i].z
	}
}

// IGD is the inverted generational distance: the mean Euclidean distance from a point of the
// reference front to the nearest of points. Nothing is normalised. The error names lengths that
// differ, NaN, empty sets, and a reference that is not finite.
func IGD(reference, points [][]float64) (float64, error) {
	if len(reference) == 0 || len(points) == 0 {
		return 0, errors.New("evolution: distance between fronts without points")
	}
	for _, set := range [...][][]float64{reference, points} {
		if err := checkPoints(set); err != nil {
			return 0, err
		}
	}
	if len(reference[0]) != len(points[0]) {
		return 0, fmt.Errorf("evolution: points of %d objectives, a reference front of %d",
			len(points[0]), len(reference[0]))
	}
	sum := 0.0
	for k, r := range reference {
		if slices.ContainsFunc(r, func(x float64) bool { return math.IsInf(x, 0) }) {
			return 0, fmt.Errorf("evolution: point %d of the reference front is %v", k, r)
		}
		best := math.Inf(1)
		for _, p := range points {
			d := 0.0
			for i, x := range r {
				e := x - p[i]
				d += float64(e * e)
			}
			best = min(best, d)
		}
		sum += math.Sqrt(best)
	}
	return sum / float64(len(reference)), nil
}
