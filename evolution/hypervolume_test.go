package evolution

import (
	"fmt"
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

// The least contribution is the difference of two volumes.
func TestLeastContribution(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for m := 3; m <= 5; m++ {
		for _, n := range []int{2, 3, 12} {
			points := sphere(r, n, m)
			var front []*member[int]
			for _, p := range points {
				front = append(front, &member[int]{Outcome: Outcome[int]{Point: Point{Objectives: p}}})
			}
			reference := make([]float64, m)
			for j := range reference {
				low, high := math.Inf(1), math.Inf(-1)
				for _, p := range points {
					low, high = min(low, p[j]), max(high, p[j])
				}
				reference[j] = high + (high - low)
			}
			all, _ := Hypervolume(points, reference)
			var misses []float64
			for i := range points {
				v, _ := Hypervolume(slices.Delete(slices.Clone(points), i, i+1), reference)
				misses = append(misses, all-v)
			}
			if got := leastContribution(front); misses[got] > slices.Min(misses)+1e-12*all {
				t.Errorf("%d points of %d objectives: %d of contributions %v", n, m, got, misses)
			}
			// A copy adds nothing.
			front = append(front, &member[int]{Outcome: Outcome[int]{Point: Point{Objectives: points[1]}}})
			if got := leastContribution(front); got != n {
				t.Errorf("%d points of %d objectives and a copy: %d", n, m, got)
			}
		}
	}
}

func TestMeasuresOfNonsense(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		points    [][]float64
		reference []float64
	}{{nil, nil}, {nil, []float64{nan}}, {[][]float64{{1}}, []float64{1, 2}},
		{[][]float64{{nan}}, []float64{1}}} {
		if v, err := Hypervolume(c.points, c.reference); err == nil {
			t.Errorf("hypervolume of %v below %v is %g", c.points, c.reference, v)
		}
	}
	for _, c := range [][2][][]float64{{nil, {{1}}}, {{{1}}, nil}, {{{1}}, {{1, 2}}}, {{{nan}}, {{1}}}} {
		if d, err := IGD(c[0], c[1]); err == nil {
			t.Errorf("distance of %v and %v is %g", c[0], c[1], d)
		}
	}
	v, err := Hypervolume([][]float64{{0, 0}, {0, 0}, {2, 0}, {1, 0}}, []float64{1, 1})
	if v != 1 || err != nil {
		t.Errorf("%g, %v", v, err)
	}
	if d, err := IGD([][]float64{{0, 0}, {3, 4}}, [][]float64{{0, 0}}); d != 2.5 || err != nil {
		t.Errorf("%g, %v", d, err)
	}
}

// sphere has points of a front that is no plane.
func sphere(r *rand.Rand, n, m int) [][]float64 {
	points := make([][]float64, n)
	for i := range points {
		p := make([]float64, m)
		l := 0.0
		for j := range p {
			p[j] = math.Abs(r.NormFloat64())
			l += p[j] * p[j]
		}
		for j := range p {
			p[j] /= math.Sqrt(l)
		}
		points[i] = p
	}
	return points
}

func BenchmarkHypervolume(b *testing.B) {
	for _, size := range [][2]int{{1000, 2}, {1000, 3}, {200, 4}, {100, 5}} {
		points := sphere(rand.New(rand.NewPCG(7, 8)), size[0], size[1])
		reference := slices.Repeat([]float64{1.1}, size[1])
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			for b.Loop() {
				if _, err := Hypervolume(points, reference); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// One step of SMS-EMOA with a population of 100 that is one front.
func BenchmarkLeastContribution(b *testing.B) {
	for _, m := range []int{2, 3, 4} {
		var front []*member[int]
		for _, p := range sphere(rand.New(rand.NewPCG(9, 8)), 101, m) {
			front = append(front, &member[int]{Outcome: Outcome[int]{Point: Point{Objectives: p}}})
		}
		b.Run(fmt.Sprint(m), func(b *testing.B) {
			for b.Loop() {
				leastContribution(front)
			}
		})
	}
}

// What is infinite, or too large to be multiplied, has an infinite volume, not one that is no
// number; distances to it are infinite too.
func TestMeasuresOfInfinitePoints(t *testing.T) {
	inf := math.Inf(1)
	ones := []float64{1, 1, 1}
	for _, points := range [][][]float64{{{-inf, 0, 0}, {0, -1, 0}}, {{-1e200, -1e200, 0}, {-1e300, 0, 0}, {0, 0, -1}},
		{{-inf, -inf, -inf}}} {
		if v, err := Hypervolume(points, ones); err != nil || v != inf {
			t.Errorf("%v: volume %g, %v", points, v, err)
		}
	}
	if v, err := Hypervolume([][]float64{{inf, 0, 0}}, ones); err != nil || v != 0 {
		t.Errorf("a point that is not inside: %g, %v", v, err)
	}
	if d, err := IGD([][]float64{{1, 2}}, [][]float64{{inf, 2}, {1, 3}}); err != nil || d != 1 {
		t.Errorf("an infinite point beside another: %g, %v", d, err)
	}
	if d, err := IGD([][]float64{{inf, 2}}, [][]float64{{inf, 2}}); err == nil {
		t.Errorf("an infinite reference: %g", d)
	}
}
