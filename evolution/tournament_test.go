package evolution

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// hills is one objective with ties: 64 genomes of 256 share each value.
func hills(g int) Point {
	return Point{Objectives: []float64{float64(bits.OnesCount8(uint8(g*37)) % 5)}}
}

func newTournament(t testing.TB, o TournamentOptions[int]) *Tournament[int] {
	t.Helper()
	s, err := NewTournament(bitString{}, &o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask takes one candidate, which has to be there.
func ask[G any](t testing.TB, s Strategy[G]) G {
	t.Helper()
	xs, err := s.Ask(1)
	if err != nil || len(xs) != 1 {
		t.Fatal(xs, err)
	}
	return xs[0]
}

// Every cycle is that of Algorithm 1: out of a sample of the population, drawn without replacement,
// the best has a mutant, and it takes the place of the worst; with ageing, of the oldest.
func TestTournamentIsAlgorithm1(t *testing.T) {
	for _, ageing := range []bool{false, true} {
		const size, sample = 20, 6
		s := newTournament(t, TournamentOptions[int]{Population: size, Sample: sample, Ageing: ageing, Seed: 3})
		var lives []int // in the order of arrival
		for cycle := range 200 {
			var places []int
			if cycle >= size { // the sample that the next child is from
				places = slices.Clone(s.sample(stream.New(s.opts.Seed, s.purpose, s.drawn)))
			}
			x := ask(t, Strategy[int](s))
			if cycle < size {
				lives = append(lives, x)
				tell(t, s, x, hills(x))
				continue
			}
			var among []int
			for i, m := range s.population {
				if m.Genome != lives[i] {
					t.Fatalf("cycle %d: member %d is %d, expected %d", cycle, i, m.Genome, lives[i])
				}
			}
			for _, at := range places {
				among = append(among, lives[at])
			}
			if len(slices.Compact(slices.Sorted(slices.Values(among)))) != sample {
				t.Fatalf("cycle %d: sample %v", cycle, among)
			}
			value := func(g int) float64 { return hills(g).Objectives[0] }
			best, worst := slices.Min(apply(among, value)), slices.Max(apply(among, value))
			if !slices.ContainsFunc(among, func(p int) bool {
				return value(p) == best && bits.OnesCount(uint(p^x)) >= 1
			}) || slices.Contains(lives, x) {
				t.Fatalf("cycle %d: %08b is no new mutant of the best of %v", cycle, x, among)
			}
			if cycle == size { // nothing around it is known yet: a single bit differs
				near := slices.ContainsFunc(among, func(p int) bool {
					return value(p) == best && bits.OnesCount(uint(p^x)) <= 2
				})
				if !near {
					t.Errorf("%08b is far from the best of %08b", x, among)
				}
			}
			leaves := lives[0]
			if !ageing {
				leaves = among[slices.IndexFunc(among, func(p int) bool { return value(p) == worst })]
			}
			lives = append(slices.DeleteFunc(lives, func(p int) bool { return p == leaves }), x)
			tell(t, s, x, hills(x))
		}
	}
}

func apply(xs []int, f func(int) float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = f(x)
	}
	return out
}

func tell[G any](t testing.TB, s Strategy[G], g G, p Point) {
	t.Helper()
	if err := s.Tell(Outcome[G]{Genome: g, Point: p}); err != nil {
		t.Fatal(err)
	}
}

// A sample holds every set of members with the same probability.
func TestSamplesAreUniform(t *testing.T) {
	s := newTournament(t, TournamentOptions[int]{Population: 6, Sample: 3})
	for range 6 {
		x := ask(t, Strategy[int](s))
		tell(t, s, x, hills(x))
	}
	counts := map[string]int{}
	r := rand.New(rand.NewPCG(1, 2))
	const draws = 20000
	for range draws {
		places := slices.Clone(s.sample(r))
		slices.Sort(places)
		counts[fmt.Sprint(places)]++
	}
	const sets = 20 // 3 of 6
	chi := 0.0
	for _, n := range counts {
		d := float64(n) - draws/sets
		chi += d * d / (draws / sets)
	}
	if len(counts) != sets || chi > 50 { // 19 degrees of freedom: 0.01 % lie above
		t.Errorf("%d sets, χ² = %g", len(counts), chi)
	}
}

// Children that come out of order, fail, or are told together keep the population at its size, and
// feasible candidates drive out infeasible ones.
func TestTournamentOutOfOrder(t *testing.T) {
	s := newTournament(t, TournamentOptions[int]{Population: 12, Sample: 4, Offspring: 9, Crossover: 0.5,
		Mutation: -1, Seed: 5})
	r := rand.New(rand.NewPCG(3, 3))
	seen := map[int]bool{}
	var flying []int
	for range 40 {
		xs, err := s.Ask(5)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range xs {
			if seen[x] {
				t.Fatalf("%d again", x)
			}
			seen[x] = true
		}
		flying = append(flying, xs...)
		r.Shuffle(len(flying), func(i, j int) { flying[i], flying[j] = flying[j], flying[i] })
		n := r.IntN(len(flying) + 1)
		var outcomes []Outcome[int]
		for _, x := range flying[:n] {
			p := hills(x)
			p.Violations = []float64{float64(x%3) - 1}
			outcomes = append(outcomes, Outcome[int]{Genome: x, Point: p, Failed: x%7 == 0})
		}
		flying = flying[n:]
		if err := s.Tell(outcomes...); err != nil {
			t.Fatal(err)
		}
		if len(s.population) > 12 || len(s.losers) > len(flying) || len(s.Pending()) != len(flying) {
			t.Fatalf("%d members, %d losers, %d in flight", len(s.population), len(s.losers), len(flying))
		}
	}
	population := s.Population()
	violated := 0
	for i, o := range population {
		if o.Violation() > 0 {
			violated++
		}
		if o.Genome%7 == 0 {
			t.Errorf("member %d is %v, which failed", i, o)
		}
		if i == 0 {
			continue
		}
		if p := population[i-1]; o.Violation() < p.Violation() ||
			o.Violation() == p.Violation() && o.Objectives[0] < p.Objectives[0] {
			t.Errorf("member %d is better than the one before", i)
		}
	}
	if len(population) != 12 || violated > 2 {
		t.Errorf("%d members, %d of them violate a constraint that one in three does", len(population), violated)
	}
}

// A child of two parents has the bits that they agree in, when it does not mutate.
func TestTournamentCrosses(t *testing.T) {
	s := newTournament(t, TournamentOptions[int]{Population: 30, Sample: 1, Crossover: 1, Mutation: -1, Seed: 1})
	for cycle := range 60 {
		x := ask(t, Strategy[int](s))
		if cycle >= 30 && s.losers[bitString{}.Key(x)] >= s.arrived {
			t.Error("a child in place of none")
		}
		tell(t, s, x, hills(x))
	}
}

func TestQualityIsEquation3(t *testing.T) {
	// Accuracies 0.6 and 0.8: mean 0.7, standard deviation 0.1, twice the target.
	for _, c := range []struct {
		accuracies []float64
		o          *QualityOptions
		want       float64
	}{
		{[]float64{0.6, 0.8}, nil, 0.7 * math.Pow(2, -0.07)},
		{[]float64{0.6, 0.8}, &QualityOptions{Exponent: -1, Spread: 0.2}, 1.4},
		{[]float64{0.5}, nil, 0.5 * math.Pow(1e-4/0.05, -0.07)}, // the floor
		{[]float64{0.5, 0.5, 0.5}, &QualityOptions{Exponent: -0.5, Spread: 0.01}, 5},
	} {
		if got, err := Quality(c.accuracies, c.o); err != nil || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %g, %v, expected %g", c.accuracies, got, err, c.want)
		}
	}
	for _, o := range []QualityOptions{{Spread: -1}, {Exponent: math.NaN()}, {Window: -1},
		{Tolerance: math.NaN()}, {Spread: math.Inf(1)}} {
		if q, err := Quality([]float64{1}, &o); err == nil {
			t.Errorf("%+v gives %g", o, q)
		}
		if _, err := NewTournament(bitString{}, &TournamentOptions[int]{Quality: &o}); err == nil {
			t.Errorf("a tournament with %+v", o)
		}
	}
}

// The qualities are those of the populations as they were, the best population is kept although the
// search has gone on, and the search ends when they have stayed the same for the window.
func TestQualityOfAPopulation(t *testing.T) {
	// Accuracy in the second objective; what counts for selection is another thing.
	point := func(g int) Point { return Point{Objectives: []float64{float64(g % 7), 1 - float64(g%11)/20}} }
	s := newTournament(t, TournamentOptions[int]{Population: 10, Sample: 3,
		Quality: &QualityOptions{Tolerance: -1}})
	var want []float64
	best := math.Inf(-1)
	var bestPopulation []Outcome[int]
	for cycle := range 150 {
		x := ask(t, Strategy[int](s))
		tell(t, s, x, point(x))
		if cycle < 9 {
			continue
		}
		var accuracies []float64
		for _, m := range s.population {
			accuracies = append(accuracies, 1-m.Objectives[1])
		}
		q, err := Quality(accuracies, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want = append(want, q); q > best {
			best, bestPopulation = q, s.Population()
		}
	}
	if !slices.Equal(want, s.Qualities()) {
		t.Errorf("qualities %v, expected %v", s.Qualities(), want)
	}
	same := func(a, b Outcome[int]) bool {
		return a.Genome == b.Genome && slices.Equal(a.Objectives, b.Objectives)
	}
	if p, q := s.BestPopulation(); q != best || !slices.EqualFunc(p, bestPopulation, same) {
		t.Errorf("best population %v of %g, expected %v of %g", p, q, bestPopulation, best)
	}
	if s.Converged() {
		t.Error("converged against its tolerance")
	}

	flat := newTournament(t, TournamentOptions[int]{Population: 10, Quality: &QualityOptions{Window: 7}})
	told := 0
	for {
		xs, err := flat.Ask(0)
		if err != nil {
			t.Fatal(err)
		}
		if len(xs) == 0 {
			break
		}
		for _, x := range xs {
			told++
			p := point(x)
			if p.Objectives[1] = 0.5; told < 20 {
				p.Objectives[1] = float64(told%2) / 2
			}
			tell(t, flat, x, p)
		}
	}
	qualities := flat.Qualities()
	for i := 8; i <= len(qualities); i++ {
		last := qualities[i-8 : i]
		still := slices.Max(last)-slices.Min(last) <= 0.01*last[7]
		if still != (i == len(qualities)) {
			t.Errorf("still %v after %d of %d qualities", still, i, len(qualities))
		}
	}
	if !flat.Converged() || told > 120 {
		t.Errorf("converged %v after %d", flat.Converged(), told)
	}
}

func TestScoreIsEquations1And2(t *testing.T) {
	cost := 0.0
	o := ScoreOptions{Target: 4, Alpha: -0.5, Beta: -1,
		Cost: CostOf("cost", func(searchspace.Arch) (float64, error) { return cost, nil })}
	m := searchspace.Measurement{Accuracy: 0.8, Samples: 400}
	score, err := Score(nil, &o)
	if err != nil {
		t.Fatal(err)
	}
	for c, weight := range map[float64]float64{1: 2, 4: 1, 8: 0.5} {
		cost = c
		v, se, err := score.Of(m)
		if err != nil || math.Abs(v+0.8*weight) > 1e-15 || math.Abs(se-0.02*weight) > 1e-15 {
			t.Errorf("cost %g: %g ± %g, %v", c, v, se, err)
		}
	}
	cost = 0
	if v, _, err := score.Of(m); err == nil {
		t.Errorf("score %g at no cost", v)
	}
	for _, bad := range []ScoreOptions{{Cost: o.Cost}, {Target: -1}, {Target: 1, Beta: math.NaN()}, {}} {
		if _, err := Score(nil, &bad); err == nil {
			t.Errorf("a score with %+v", bad)
		}
	}
	// The default: the median of the space, and −0.07.
	space, err := searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, StemChannels: 8, StemStride: 2})
	if err != nil {
		t.Fatal(err)
	}
	median, err := space.MedianMAdds(1000, 7)
	if err != nil {
		t.Fatal(err)
	}
	if score, err = Score(space, &ScoreOptions{Seed: 7}); err != nil {
		t.Fatal(err)
	}
	if m.Arch, err = space.Sample(rand.New(rand.NewPCG(1, 1))); err != nil {
		t.Fatal(err)
	}
	c, err := space.Cost(m.Arch)
	if err != nil {
		t.Fatal(err)
	}
	want := -0.8 * math.Pow(float64(c.MAdds)/median, -0.07)
	if v, _, err := score.Of(m); err != nil || math.Abs(v-want) > 1e-12 {
		t.Errorf("score %g, %v, expected %g", v, err, want)
	}
}
