package evolution

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Volumes of points on a grid are counts of its cells.
func TestHypervolumeCountsCells(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const side = 6
	for m := 1; m <= 5; m++ {
		for _, n := range []int{0, 1, 2, 7, 20} {
			points := randomPoints(r, n, m, side+1) // from -3 to 3; 3 is outside
			reference := slices.Repeat([]float64{side / 2}, m)
			want := 0
			cell := make([]float64, m)
			for c := range int(math.Pow(side, float64(m))) {
				for j := range cell {
					cell[j] = float64(c%side) - side/2
					c /= side
				}
				if slices.ContainsFunc(points, func(p []float64) bool { return weaklyBelow(p, cell) }) {
					want++
				}
			}
			got, err := Hypervolume(points, reference)
			if err != nil || got != float64(want) {
				t.Errorf("%d points, %d objectives: %g, %v, expected %d", n, m, got, err, want)
			}
		}
	}
}

func TestMeasuresOfNonsense(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		points    [][]float64
		reference []float64
	}{{nil, nil}, {nil, []float64{nan}}, {[][]float64{{1}}, []float64{1, 2}}, {[][]float64{{nan}}, []float64{1}}} {
		if v, err := Hypervolume(c.points, c.reference); err == nil {
			t.Errorf("hypervolume of %v below %v is %g", c.points, c.reference, v)
		}
	}
	for _, c := range [][2][][]float64{{nil, {{1}}}, {{{1}}, nil}, {{{1}}, {{1, 2}}}, {{{nan}}, {{1}}}} {
		if d, err := IGD(c[0], c[1]); err == nil {
			t.Errorf("distance of %v and %v is %g", c[0], c[1], d)
		}
	}
	if v, err := Hypervolume([][]float64{{0, 0}, {0, 0}, {2, 0}, {1, 0}}, []float64{1, 1}); v != 1 || err != nil {
		t.Errorf("%g, %v", v, err)
	}
	if d, err := IGD([][]float64{{0, 0}, {3, 4}}, [][]float64{{0, 0}}); d != 2.5 || err != nil {
		t.Errorf("%g, %v", d, err)
	}
}
