package evolution

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Hypervolume is the volume that points dominate below the reference point, all objectives
// minimised. Points that are not below the reference in every objective are ignored. It is exact:
// O(n log n) for up to three objectives, and one factor n more for each beyond. The error names
// lengths that differ, and NaN.
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
	return volume(points, reference), nil
}

// volume is Hypervolume without checks.
func volume(points [][]float64, reference []float64) float64 {
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
	return volumeBelow(inside, reference)
}

// volumeBelow sorts by the last objective and adds slices between one point and the next.
func volumeBelow(points [][]float64, reference []float64) float64 {
	last := len(reference) - 1
	if len(points) == 0 {
		return 0
	}
	if last == 0 {
		low := points[0][0]
		for _, p := range points {
			low = min(low, p[0])
		}
		return reference[0] - low
	}
	slices.SortStableFunc(points, func(a, b []float64) int {
		switch {
		case a[last] < b[last]:
			return -1
		case a[last] > b[last]:
			return 1
		}
		return 0
	})
	if last == 1 {
		return area(points, reference)
	}
	var sum float64
	var stairs stair
	var below [][]float64
	size := 0.0 // of the slice: what the points so far dominate in the other objectives
	for i, p := range points {
		if last == 2 {
			if !stairs.covers(p[0], p[1]) {
				size += gain(stairs, p[0], p[1], reference)
				stairs = stairs.with(p[0], p[1])
			}
		} else if !slices.ContainsFunc(below, func(q []float64) bool { return weaklyBelow(q, p[:last]) }) {
			below = slices.DeleteFunc(below, func(q []float64) bool { return weaklyBelow(p[:last], q) })
			below = append(below, p[:last])
			size = volumeBelow(slices.Clone(below), reference[:last])
		}
		top := reference[last]
		if i+1 < len(points) {
			top = points[i+1][last]
		}
		sum += float64(size * (top - p[last]))
	}
	return sum
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
// differ, NaN, and empty sets.
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
	for _, r := range reference {
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
