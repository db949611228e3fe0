package evolution

import (
	"math"
	"slices"
	"testing"
)

// problem is one of those on which multi-objective algorithms are judged:
//
//	E. Zitzler, K. Deb, L. Thiele: Comparison of multiobjective evolutionary algorithms: empirical
//	results. Evolutionary Computation 8, 2000 (ZDT).
//	K. Deb, L. Thiele, M. Laumanns, E. Zitzler: Scalable multi-objective optimization test problems.
//	CEC 2002 (DTLZ).
//	T. T. Binh, U. Korn: MOBES: a multiobjective evolution strategy for constrained optimization
//	problems. MENDEL 1997 (BNH).
type problem struct {
	genes Vectors
	of    func(x []float64) Point
	front func() [][]float64
}

func box(n int, high float64) Vectors {
	return Vectors{Low: make([]float64, n), High: slices.Repeat([]float64{high}, n)}
}

// zdt has f1 = x1, f2 = g·h(f1, g) with g = 1 + 9·mean of the others.
func zdt(h func(f, g float64) float64, front func() [][]float64) problem {
	return problem{box(30, 1), func(x []float64) Point {
		sum := 0.0
		for _, v := range x[1:] {
			sum += v
		}
		g := 1 + float64(9*sum/float64(len(x)-1))
		return Point{Objectives: []float64{x[0], g * h(x[0], g)}}
	}, front}
}

func curve(low, high float64, n int, f func(x float64) float64) [][]float64 {
	out := make([][]float64, n+1)
	for i := range out {
		x := low + float64((high-low)*float64(i)/float64(n))
		out[i] = []float64{x, f(x)}
	}
	return out
}

var problems = map[string]problem{
	"zdt1": zdt(func(f, g float64) float64 { return 1 - math.Sqrt(f/g) },
		func() [][]float64 { return curve(0, 1, 1000, func(x float64) float64 { return 1 - math.Sqrt(x) }) }),
	"zdt2": zdt(func(f, g float64) float64 { return 1 - float64((f/g)*(f/g)) },
		func() [][]float64 { return curve(0, 1, 1000, func(x float64) float64 { return 1 - float64(x*x) }) }),
	"zdt3": zdt(func(f, g float64) float64 { return 1 - math.Sqrt(f/g) - float64(f/g*math.Sin(10*math.Pi*f)) },
		func() (out [][]float64) {
			for _, s := range [][2]float64{{0, 0.0830015349}, {0.18222878, 0.2577623634}, {0.4093136748, 0.4538821041},
				{0.6183967944, 0.6525117038}, {0.8233317983, 0.8518328654}} {
				out = append(out, curve(s[0], s[1], 200, func(x float64) float64 {
					return 1 - math.Sqrt(x) - float64(x*math.Sin(10*math.Pi*x))
				})...)
			}
			return out
		}),
	"dtlz2": {box(12, 1), func(x []float64) Point {
		g := 0.0
		for _, v := range x[2:] {
			g += float64((v - 0.5) * (v - 0.5))
		}
		sa, ca := math.Sincos(x[0] * math.Pi / 2)
		sb, cb := math.Sincos(x[1] * math.Pi / 2)
		return Point{Objectives: []float64{(1 + g) * ca * cb, (1 + g) * ca * sb, (1 + g) * sa}}
	}, func() (out [][]float64) {
		for i := 0; i <= 40; i++ {
			for j := 0; i+j <= 40; j++ {
				x, y, z := float64(i), float64(j), float64(40-i-j)
				l := math.Sqrt(float64(x*x) + float64(y*y) + float64(z*z))
				out = append(out, []float64{x / l, y / l, z / l})
			}
		}
		return out
	}},
	"bnh": {Vectors{Low: []float64{0, 0}, High: []float64{5, 3}}, func(x []float64) Point {
		sq := func(v float64) float64 { return v * v }
		a, b := x[0], x[1]
		return Point{
			Objectives: []float64{4*sq(a) + 4*sq(b), sq(a-5) + sq(b-5)},
			Violations: []float64{(sq(a-5) + sq(b) - 25) / 25, (7.7 - sq(a-8) - sq(b+3)) / 7.7},
		}
	}, func() (out [][]float64) {
		for i := range 501 {
			x := 3 * float64(i) / 500
			out = append(out, []float64{8 * x * x, 2 * (x - 5) * (x - 5)})
		}
		for i := 1; i <= 500; i++ {
			x := 3 + 2*float64(i)/500
			out = append(out, []float64{4*x*x + 36, (x-5)*(x-5) + 4})
		}
		return out
	}},
}

func TestProblemsAndMeasuresAreThoseOfTheReference(t *testing.T) {
	near := func(a, b []float64) bool {
		return slices.EqualFunc(a, b, func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(b)) })
	}
	for name, want := range readGolden(t).Problems {
		p, ok := problems[name]
		if !ok {
			t.Fatalf("no problem %s", name)
		}
		if got := p.of(want.Check.X); !near(got.Objectives, want.Check.F) || !near(got.Violations, want.Check.G) {
			t.Errorf("%s: %v, expected %v and %v", name, got, want.Check.F, want.Check.G)
		}
		v, err := Hypervolume(p.front(), want.Reference)
		if err != nil || !near([]float64{v}, []float64{want.FrontVolume}) {
			t.Errorf("%s: hypervolume of the front %g, %v, expected %g", name, v, err, want.FrontVolume)
		}
	}
}
