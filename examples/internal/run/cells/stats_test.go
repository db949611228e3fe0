package cells

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

// Quantiles of Student's t, from tables: 12.706 for one degree of freedom, 2.776 for four.
func TestInterval(t *testing.T) {
	m, h := Interval([]float64{1, 3})
	if m != 2 || math.Abs(h-12.706205) > 1e-5 {
		t.Errorf("two values: %v ± %v", m, h)
	}
	m, h = Interval([]float64{1, 2, 3, 4, 5})
	if m != 3 || math.Abs(h-2.776445*math.Sqrt(2.5/5)) > 1e-5 {
		t.Errorf("five values: %v ± %v", m, h)
	}
	if _, h = IntervalAt([]float64{1, 2, 3, 4, 5}, 0.975); math.Abs(h-3.495406*math.Sqrt(2.5/5)) > 1e-5 {
		t.Errorf("five values, 97.5 %%: ± %v", h)
	}
	if _, h = Interval([]float64{1}); !math.IsInf(h, 1) {
		t.Errorf("one value: ± %v", h)
	}
	if m, e := MeanAndError([]float64{1, 2, 3, 4}); m != 2.5 || math.Abs(e-math.Sqrt(5.0/3)/2) > 1e-12 {
		t.Errorf("got %v ± %v", m, e)
	}
	for want, got := range map[string]string{
		NotRun:                Contrast("%+.1f", nil, 3),
		"+1.5 (one seed)":     Contrast("%+.1f", []float64{1.5}, 1),
		"+1.5 (1 of 3 seeds)": Contrast("%+.1f", []float64{1.5}, 3),
		"+2.0 (95 % interval -10.7 to +14.7, 2 seeds)":      Contrast("%+.1f", []float64{1, 3}, 2),
		"+2.0 (95 % interval -10.7 to +14.7, 2 of 3 seeds)": Contrast("%+.1f", []float64{1, 3}, 3),
		"+2.0 ± 1.4": Spread("%+.1f", []float64{1, 3}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSign(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want int
	}{
		{nil, 0}, {[]float64{5}, 0}, {[]float64{1, 3}, 0}, {[]float64{2, 2.1, 2.2}, 1},
		{[]float64{-2, -2.1, -2.2}, -1}, {[]float64{0, 0, 0}, 0}, {[]float64{-1, 0.1, 1}, 0},
	} {
		if got := Sign(c.x); got != c.want {
			t.Errorf("%v: %d, want %d", c.x, got, c.want)
		}
	}
}

// Two groups {1, 2, 3} and {3, 4, 5}: mean squares 6 and 1, F = 6 with 1 and 4 degrees of freedom,
// whose p is that of Student's t of √6 with 4, both sides: 0.0705.
func TestOneWay(t *testing.T) {
	v := OneWay([]float64{1, 2, 3}, nil, []float64{3, 4, 5})
	if math.Abs(v.F-6) > 1e-12 || math.Abs(v.Within-1) > 1e-12 || math.Abs(v.Between-math.Sqrt(5.0/3)) > 1e-12 ||
		math.Abs(v.P-0.070484) > 1e-6 {
		t.Errorf("%+v", v)
	}
	// Unequal groups: the size is (5 − 13/5)/1 = 2.4; mean squares 10.8 and 2/3.
	v = OneWay([]float64{1, 3}, []float64{5, 5, 5})
	if math.Abs(v.F-16.2) > 1e-12 || math.Abs(v.Between-math.Sqrt((10.8-2.0/3)/2.4)) > 1e-12 {
		t.Errorf("unequal groups: %+v", v)
	}
	// Groups that differ less than their values: no component of variance.
	if v = OneWay([]float64{0, 4}, []float64{1, 3.5}); v.Between != 0 || v.F >= 1 || v.P < 0.5 {
		t.Errorf("equal groups: %+v", v)
	}
	if v = OneWay([]float64{1, 1}, []float64{2, 2}); !math.IsInf(v.F, 1) || v.P != 0 {
		t.Errorf("no spread within: %+v", v)
	}
	for _, groups := range [][][]float64{nil, {{1, 2}}, {{1}, {2}}, {{}, {1, 2}}} {
		if v = OneWay(groups...); !math.IsNaN(v.P) || !math.IsNaN(v.Between) {
			t.Errorf("%v: %+v", groups, v)
		}
	}
}

// Of two groups F is the square of Student's t of their means, and neither shift nor scale matters.
func TestOneWayOfTwoGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-10, 10), 2, 6)
		a, b := values.Draw(t, "a"), values.Draw(t, "b")
		v := OneWay(a, b)
		if v.Within < 1e-6 {
			return
		}
		na, nb := float64(len(a)), float64(len(b))
		student := (stat.Mean(a, nil) - stat.Mean(b, nil)) / (v.Within * math.Sqrt(1/na+1/nb))
		if math.Abs(v.F-student*student) > 1e-9*(1+v.F) {
			t.Fatalf("F %v, t² %v", v.F, student*student)
		}
		for _, g := range [][]float64{a, b} {
			for i := range g {
				g[i] = 3*g[i] + 7
			}
		}
		if w := OneWay(a, b); math.Abs(w.F-v.F) > 1e-6*(1+v.F) || math.Abs(w.Between-3*v.Between) > 1e-6 {
			t.Fatalf("%+v of 3·x + 7, %+v of x", w, v)
		}
	})
}

// Of two groups F is the square of Student's t of their differences by place, whatever is added to
// a place of both; with that of OneWay as noise it would vanish.
func TestBlocked(t *testing.T) {
	a, b := []float64{1, 12, 23.5}, []float64{2, 14, 25}
	v := Blocked(a, b)
	mean, err := MeanAndError([]float64{1, 2, 1.5})
	if student := mean / err; math.Abs(v.F-student*student) > 1e-9 || math.Abs(v.P-0.035099) > 1e-6 {
		t.Errorf("%+v, t² %v", v, student*student)
	}
	if w := Blocked([]float64{1, 2, 3.5}, []float64{2, 4, 5}); math.Abs(w.F-v.F) > 1e-9 ||
		math.Abs(w.Between-v.Between) > 1e-9 || math.Abs(w.Within-v.Within) > 1e-9 {
		t.Errorf("%+v, with 10 and 20 added to places %+v", w, v)
	}
	if one := OneWay(a, b); !(one.P > 0.5) {
		t.Errorf("without blocks %+v", one)
	}
	// Three groups, two places: mean squares 14/3 and 2/3.
	v = Blocked([]float64{1, 3}, []float64{2, 6}, []float64{4, 6})
	if math.Abs(v.Within*v.Within-2.0/3) > 1e-9 || math.Abs(v.Between*v.Between-2) > 1e-9 ||
		math.Abs(v.F-7) > 1e-9 {
		t.Errorf("three groups: %+v", v)
	}
	for _, groups := range [][][]float64{nil, {{1, 2}}, {{1}, {2}}, {{1, 2}, {3}}} {
		if v = Blocked(groups...); !math.IsNaN(v.P) || !math.IsNaN(v.Between) {
			t.Errorf("%v: %+v", groups, v)
		}
	}
}

// What is left beside a line is the residual of a regression: of means 1, 3 and 8 over 0, 1 and 2
// that of the line 0.5 + 3.5x, squares 1.5 in all with one degree of freedom, twice for two places.
func TestBlockedOver(t *testing.T) {
	groups := [][]float64{{0, 2}, {3, 3}, {6, 10}}
	v, flat := BlockedOver([]float64{0, 1, 2}, groups...), Blocked(groups...)
	if math.Abs(v.Within-flat.Within) > 1e-9 || math.Abs(v.F-3/(v.Within*v.Within)) > 1e-9 ||
		!(v.P > flat.P) {
		t.Errorf("%+v, without a line %+v", v, flat)
	}
	for _, x := range [][]float64{nil, {0, 1}, {1, 1, 1}} {
		if v = BlockedOver(x, groups...); !math.IsNaN(v.P) || !math.IsNaN(v.F) {
			t.Errorf("over %v: %+v", x, v)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		differences []float64
		want        string
	}{
		{nil, ""}, {[]float64{3}, ""}, {[]float64{1, 1.1}, "above"}, {[]float64{-1, -1.1}, "below"},
		{[]float64{-1, 1}, "neither"},
	} {
		if got := Verdict(c.differences, "above", "below", "neither"); got != c.want {
			t.Errorf("%v: %q, expected %q", c.differences, got, c.want)
		}
	}
}
