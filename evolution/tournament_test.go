package evolution

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
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

// A child of two parents, each the best of a sample, has the bits that they agree in when it does
// not mutate, which it does only when it is known.
func TestTournamentCrosses(t *testing.T) {
	s := newTournament(t, TournamentOptions[int]{Population: 30, Sample: 4, Crossover: 1, Mutation: -1, Seed: 1})
	fresh := 0
	for cycle := range 60 {
		if cycle < 30 {
			x := ask(t, Strategy[int](s))
			tell(t, s, x, hills(x))
			continue
		}
		r := stream.New(s.opts.Seed, s.purpose, s.drawn)
		p, leaves := s.ends(s.sample(r))
		r.Float64()
		q, _ := s.ends(s.sample(r))
		a, b, born := p.Genome, q.Genome, leaves.born
		child, _, err := s.genes.Cross(a, b, r)
		if err != nil {
			t.Fatal(err)
		}
		known := s.find(child) != nil
		x := ask(t, Strategy[int](s))
		if known == (x == child) {
			t.Errorf("%08b and %08b have %08b, known: %v, and %08b was proposed", a, b, child, known, x)
		}
		if !known {
			if fresh++; (x^a)&^(a^b) != 0 {
				t.Errorf("%08b is no child of %08b and %08b", x, a, b)
			}
		}
		if got := s.losers[bitString{}.Key(x)]; got != born {
			t.Errorf("a child in place of arrival %d, the worst of the sample is %d", got, born)
		}
		tell(t, s, x, hills(x))
	}
	if fresh < 5 {
		t.Errorf("%d of 30 children did not mutate", fresh)
	}
}
