package evolution

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// dominatesPlainly is the definition.
func dominatesPlainly(a, b []float64) bool {
	somewhere := false
	for i, x := range a {
		if x > b[i] {
			return false
		}
		somewhere = somewhere || x < b[i]
	}
	return somewhere
}

// bruteFronts peels fronts off.
func bruteFronts(points [][]float64) [][]int {
	var fronts [][]int
	gone := make([]bool, len(points))
	for left := len(points); left > 0; {
		var front []int
	next:
		for i, p := range points {
			if gone[i] {
				continue
			}
			for j, q := range points {
				if !gone[j] && dominatesPlainly(q, p) {
					continue next
				}
			}
			front = append(front, i)
		}
		for _, i := range front {
			gone[i] = true
		}
		left -= len(front)
		fronts = append(fronts, front)
	}
	return fronts
}

func randomPoints(r *rand.Rand, n, m, grid int) [][]float64 {
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, m)
		for j := range points[i] {
			if grid > 0 {
				points[i][j] = float64(r.IntN(grid)) - float64(grid/2)
			} else {
				points[i][j] = r.Float64() - 0.3
			}
		}
	}
	return points
}

func TestFrontsAreThoseOfBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 3, 10, 60, 191, 192, 260} {
		for m := 1; m <= 6; m++ {
			for _, grid := range []int{0, 2, 5} {
				points := randomPoints(r, n, m, grid)
				if n > 3 {
					points[1], points[2] = points[0], slices.Clone(points[0])
					points[3][0] = math.Inf(1)
					points[n-1][m-1] = math.Inf(-1)
				}
				got, err := Fronts(points)
				if err != nil {
					t.Fatal(err)
				}
				if want := bruteFronts(points); !slices.EqualFunc(got, want, slices.Equal[[]int]) {
					t.Errorf("%d points, %d objectives, grid %d: %v, expected %v", n, m, grid, got, want)
				}
			}
		}
	}
}

// Rows of bits made for a few points at a time give what those of all at once do.
func TestFrontsByPartsOfRows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, grid := range []int{0, 4} {
		points := randomPoints(r, 300, 4, grid)
		var whole, parts sorter
		want := whole.ranks(points, nil)
		for _, most := range []int{1, 64, 100, 299, 300} {
			parts.dominators.most = most
			if got := parts.ranks(points, nil); !slices.Equal(got, want) {
				t.Errorf("grid %d, %d rows at a time: %v, expected %v", grid, most, got, want)
			}
		}
	}
}

func TestFrontsAndCrowdingAreThoseOfTheReference(t *testing.T) {
	for _, set := range readGolden(t).Sets {
		fronts, err := Fronts(set.Points)
		if err != nil {
			t.Fatal(err)
		}
		for f, front := range fronts {
			points := make([][]float64, len(front))
			for i, j := range front {
				points[i] = set.Points[j]
				if set.Front[j] != f {
					t.Errorf("%s: point %d in front %d, expected %d", set.Name, j, f, set.Front[j])
				}
			}
			for _, zero := range []bool{false, true} {
				got, err := Crowding(points, zero)
				if err != nil {
					t.Fatal(err)
				}
				for i, j := range front {
					want := distance(set.Crowding[j])
					if zero {
						want = distance(set.Zero[j])
					}
					if got[i] != want && !(math.Abs(got[i]-want) <= 1e-12*want) {
						t.Errorf("%s, zero %v: crowding of point %d is %g, expected %g", set.Name, zero, j, got[i], want)
					}
				}
			}
		}
	}
}

func TestCrowdingOfInfinitePoints(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		points [][]float64
		want   []float64
	}{
		{[][]float64{{-inf, 3}, {0, 2}, {1, 1}, {2, 0}}, []float64{inf, (1 + 2./3) / 2, (0 + 2./3) / 2, inf}},
		{[][]float64{{inf, 3}, {inf, 2}, {inf, 1}}, []float64{inf, 0.5, inf}},
		{[][]float64{{-1.7e308, 3}, {0, 2}, {1.7e308, 0}}, []float64{inf, 1, inf}},
	} {
		got, err := Crowding(c.points, false)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.want {
			if got[i] != want && !(math.Abs(got[i]-want) <= 1e-15) {
				t.Errorf("%v: crowding %v, expected %v", c.points, got, c.want)
				break
			}
		}
	}
}

func TestPointsThatAreNone(t *testing.T) {
	for _, points := range [][][]float64{{{}}, {{1, 2}, {1}}, {{1, math.NaN()}}} {
		if _, err := Fronts(points); err == nil {
			t.Errorf("fronts of %v", points)
		}
		if _, err := Crowding(points, false); err == nil {
			t.Errorf("crowding of %v", points)
		}
	}
}

// −0 and 0 are the same value, in every objective.
func TestSignOfZero(t *testing.T) {
	minus := math.Copysign(0, -1)
	points := [][]float64{{0, 1}, {minus, 1}, {0, 1}, {minus, 2}, {0, 2}}
	if got, _ := Fronts(points); !slices.EqualFunc(got, bruteFronts(points), slices.Equal[[]int]) {
		t.Errorf("%v", got)
	}
}

func BenchmarkFronts(b *testing.B) {
	for _, size := range [][2]int{{2000, 2}, {5000, 3}, {2000, 4}} {
		points := randomPoints(rand.New(rand.NewPCG(3, 4)), size[0], size[1], 0)
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			for b.Loop() {
				if _, err := Fronts(points); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
