package pruning

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
)

// The published schedule, and its cost by arithmetic.
func TestSchedule(t *testing.T) {
	ranking := rand.New(rand.NewPCG(1, 1)).Perm(100)
	phases, err := Schedule{Ranking: ranking}.Phases()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{10, 30, 60, 100} {
		p := phases[i]
		sorted := slices.Sorted(slices.Values(ranking[:want]))
		if !slices.Equal(p.Classes, sorted) || p.Learn != (i > 0) || p.Prune != (i > 0) {
			t.Errorf("phase %d is %+v, expected the %d easiest classes", i, p, want)
		}
	}
	none, err := Schedule{Ranking: ranking, NoPruning: true}.Phases()
	if err != nil {
		t.Fatal(err)
	}
	all, err := Schedule{Ranking: ranking, Order: AllClasses}.Phases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		phases []Phase
		want   float64
	}{{phases, 150.0 / 420}, {none, 39.0 / 70}, {all, 320.0 / 420}} {
		if got := RelativeWork(c.phases, 100, 6, 0); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("relative work %v, expected %v", got, c.want)
		}
	}
	hard, err := Schedule{Ranking: ranking, Order: HardToAll, Warmup: -1}.Phases()
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Sorted(slices.Values(ranking[70:])); len(hard) != 3 || !slices.Equal(hard[0].Classes,
		want) {
		t.Errorf("hard first: %+v, expected %v", hard[0], want)
	}
	for _, s := range []Schedule{{}, {Ranking: []int{1, 1}}, {Ranking: []int{-1}}, {Ranking: ranking,
		Order: "x"},
		{Ranking: ranking, Shares: []float64{1}}, {Ranking: ranking, Shares: []float64{0.5, 0.2}},
		{Ranking: ranking, Shares: []float64{0.5, math.NaN()}}, {Ranking: ranking, Epochs: -1}} {
		if p, err := s.Phases(); err == nil {
			t.Errorf("%+v gives %+v, expected an error", s, p)
		}
	}
}

// Every schedule has phases of known classes that only grow, but for SmallOnly and AllClasses.
func TestScheduleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "classes")
		s := Schedule{Ranking: rapid.Permutation(slices.Collect(upTo(n))).Draw(t, "ranking"),
			Order: rapid.SampledFrom(Orders()).Draw(t, "order"), Seed: rapid.Uint64().Draw(t, "seed")}
		phases, err := s.Phases()
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range phases {
			if !slices.IsSorted(p.Classes) || len(p.Classes) == 0 || p.Classes[len(p.Classes)-1] >= n {
				t.Fatalf("classes %v of %d", p.Classes, n)
			}
			for _, c := range phases[max(i-1, 0)].Classes {
				if !slices.Contains(p.Classes, c) {
					t.Fatalf("class %d is gone in %s", c, p.Name)
				}
			}
		}
		if last := phases[len(phases)-1]; s.Order != SmallOnly && len(last.Classes) != n {
			t.Fatalf("%d classes at the end, expected %d", len(last.Classes), n)
		}
	})
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Slopes of the factor against differences.
func TestCostForm(t *testing.T) {
	for _, f := range CostForms() {
		for _, gamma := range []float64{1, 2} {
			for _, c := range []float64{1.2e6, 3.9e6, 4.1e6, 9e6} {
				_, slope := f.factor(c, 4e6, gamma)
				up, _ := f.factor(c+1, 4e6, gamma)
				down, _ := f.factor(c-1, 4e6, gamma)
				if want := (up - down) / 2; math.Abs(slope-want) > 1e-5*math.Abs(want)+1e-15 {
					t.Errorf("%s at %g: slope %v, of differences %v", f, c, slope, want)
				}
			}
		}
	}
}

// On an accuracy curve that rises with cost the default form is least at the target, the quotient
// at the same cost for all targets.
func TestWhereFormsAreLeast(t *testing.T) {
	least := func(f CostForm, target float64) float64 {
		best, at := math.Inf(1), 0.0
		for c := 1e6; c < 16e6; c += 1e4 {
			loss := 1 + 1.2*math.Pow(1e6/c, 0.5)
			if v, _ := f.factor(c, target, 1); v*loss < best {
				best, at = v*loss, c
			}
		}
		return at
	}
	for _, target := range []float64{2e6, 4e6, 8e6} {
		if got := least(Absolute, target); math.Abs(got/target-1) > 0.03 {
			t.Errorf("absolute: least at %v, expected %v", got, target)
		}
		if got := least(LogQuotient, target); got != least(LogQuotient, 4e6) {
			t.Errorf("quotient: least at %v for target %v, at %v for 4e6", got, target, least(LogQuotient,
				4e6))
		}
	}
}

// someLogits is random ones of a toy space with some candidates removed.
func someLogits(t *testing.T, r *rand.Rand) *logits {
	t.Helper()
	space, err := toySpace(t, 3).Restrict(searchspace.Restriction{Decisions: []string{"*layer1*"},
		Keep: []int{1, 2, 4}})
	if err != nil {
		t.Fatal(err)
	}
	l := newLogits(space)
	for i, allowed := range l.allow {
		for _, c := range allowed {
			l.values[i][c] = r.NormFloat64()
		}
	}
	return l
}

// The gradient in a against differences, with noise and temperature.
func TestBackward(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	l := someLogits(t, r)
	noise, slope := l.space.Zeros(), l.space.Zeros()
	gumbel(noise, r)
	for _, row := range slope {
		for c := range row {
			row[c] = r.NormFloat64()
		}
	}
	const temperature, scale = 0.7, 1.3
	value := func() (sum float64) {
		rows := l.space.Zeros()
		l.softmax(rows, noise, temperature)
		for i, row := range rows {
			for c, v := range row {
				sum += scale * slope[i][c] * v
			}
		}
		return sum
	}
	rows, grad := l.space.Zeros(), l.space.Zeros()
	l.softmax(rows, noise, temperature)
	backward(grad, rows, slope, scale, temperature)
	for i, row := range l.values {
		for c := range row {
			const h = 1e-5
			row[c] += h
			up := value()
			row[c] -= 2 * h
			down := value()
			row[c] += h
			if want := (up - down) / (2 * h); math.Abs(grad[i][c]-want) > 1e-8 {
				t.Errorf("decision %d, choice %d: %v, of differences %v", i, c, grad[i][c], want)
			}
		}
	}
}

// Arg maxima of a + Gumbel noise, and pairs without replacement, are drawn by softmax(a).
func TestDraw(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	l := someLogits(t, r)
	p, noise := l.space.Zeros(), l.space.Zeros()
	l.softmax(p, nil, 1)
	const n = 20000
	count := map[[3]int]float64{}
	for range n {
		gumbel(noise, r)
		for i, pair := range l.draw(noise) {
			count[[3]int{i, pair[0], pair[1]}]++
		}
	}
	for i, allowed := range l.allow {
		for _, a := range allowed {
			for _, b := range allowed {
				if a >= b {
					continue
				}
				pa, pb := p[i][a], p[i][b]
				want := pa*pb/(1-pa) + pa*pb/(1-pb)
				if got := count[[3]int{i, a, b}] / n; math.Abs(got-want) > 5*math.Sqrt(want/n) {
					t.Errorf("decision %d: pair %d, %d drawn with %v, expected %v", i, a, b, got, want)
				}
			}
		}
	}
}

// A step on a pair leaves its probability, and those of the others.
func TestPairsKeep(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	l := someLogits(t, r)
	noise, before := l.space.Zeros(), l.space.Zeros()
	gumbel(noise, r)
	l.softmax(before, nil, 1)
	old, drawn := copyRows(l.values), l.draw(noise)
	rows := l.space.Zeros()
	drawn.rows(l, rows)
	for i, pair := range drawn {
		if s := rows[i][pair[0]] + rows[i][pair[1]]; math.Abs(s-1) > 1e-12 {
			t.Errorf("rows of a pair sum to %v", s)
		}
		l.values[i][pair[0]] += r.NormFloat64()
		l.values[i][pair[1]] += r.NormFloat64()
	}
	drawn.keep(l, old)
	after := l.space.Zeros()
	l.softmax(after, nil, 1)
	for i, pair := range drawn {
		together := before[i][pair[0]] + before[i][pair[1]]
		if got := after[i][pair[0]] + after[i][pair[1]]; math.Abs(got-together) > 1e-12 {
			t.Errorf("pair of decision %d has %v, before %v", i, got, together)
		}
		for c, p := range before[i] {
			if !slices.Contains(pair, c) && math.Abs(after[i][c]-p) > 1e-12 {
				t.Errorf("choice %d of decision %d has %v, before %v", c, i, after[i][c], p)
			}
		}
	}
}

// Adam with β₁ = 0: the first step is the learning rate, whatever the gradient.
func TestAdam(t *testing.T) {
	space := toySpace(t, 1)
	a, values, grad := newAdam(0.01, space), space.Zeros(), space.Zeros()
	second := 0.0
	for n := 1; n <= 5; n++ {
		g := float64(n * n)
		grad[0][2], grad[0][3] = g, -g
		before := values[0][2]
		a.step(values, grad, [][]int{{2, 3}})
		second = 0.999*second + 0.001*g*g
		want := before - 0.01*g/(math.Sqrt(second/(1-math.Pow(0.999, float64(n))))+1e-8)
		if math.Abs(values[0][2]-want) > 1e-15 || values[0][3] != -values[0][2] || values[0][1] != 0 {
			t.Errorf("step %d: %v, expected %v", n, values[0], want)
		}
	}
	a.step(values, grad, [][]int{{4}})
	if values[0][4] != 0 || a.steps[0][4] != 0 {
		t.Error("the only candidate of a decision has moved")
	}
}
