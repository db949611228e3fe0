package evolution

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// bitString is a genome of 8 bits, so that everything can be known.
type bitString struct{}

func (bitString) Random(r *rand.Rand) (int, error)        { return r.IntN(256), nil }
func (bitString) Mutate(g int, r *rand.Rand) (int, error) { return g ^ 1<<r.IntN(8), nil }
func (bitString) Cross(a, b int, r *rand.Rand) (int, int, error) {
	mask := r.IntN(256)
	return a&mask | b&^mask, b&mask | a&^mask, nil
}
func (bitString) Key(g int) string { return strconv.Itoa(g) }
func (bitString) Neighbours(g int) ([]int, error) {
	var out []int
	for i := range 8 {
		out = append(out, g^1<<i)
	}
	return out, nil
}
func (bitString) Encode(g int) []float64 {
	out := make([]float64, 8)
	for i := range out {
		out[i] = float64(g >> i & 1)
	}
	return out
}

// twoSums has the lower half of the bits against the upper half.
func twoSums(g int) Point {
	return Point{Objectives: []float64{float64(g & 15), 15 - float64(g>>4) + float64(g&15)/8}}
}

// Strategies that propose nothing twice go through a whole space and end.
func TestStrategiesThatNeverRepeat(t *testing.T) {
	for _, name := range []string{"mutants", "tournament", "ageing", "random", "local", "predicted"} {
		s, err := savers[name]()
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := s.(*Tournament[int]); ok && w.Converged() {
			t.Errorf("%s: converged before it began", name)
		}
		seen := map[int]bool{}
		best := math.Inf(1)
		for {
			xs, err := s.Ask(3)
			if err != nil {
				t.Fatal(err)
			}
			if len(xs) == 0 {
				break
			}
			for _, x := range xs {
				if seen[x] {
					t.Fatalf("%s: %d again", name, x)
				}
				seen[x] = true
				p := Point{Objectives: twoSums(x).Objectives[1:]}
				best = min(best, p.Objectives[0])
				tell(t, Strategy[int](s), x, p)
			}
		}
		if len(seen) < 200 {
			t.Errorf("%s: ended after %d of 256", name, len(seen))
		}
		if o := s.Population()[0]; name != "ageing" && o.Objectives[0] != best {
			t.Errorf("%s: the first of the population has %g, the best was %g", name, o.Objectives[0], best)
		}
	}
}

// With Mutants a generation is exactly as many candidates as asked for, none of them proposed
// before; the first ones are a bit away from a member, for there is enough that is not known; the
// front of population and generation survives; and the search ends when there is nothing new.
func TestMutantsAreNewAndExactlySoMany(t *testing.T) {
	s, err := NewNSGA2(bitString{}, &NSGA2Options[int]{
		BreedOptions: BreedOptions[int]{Population: 16, Offspring: 5, Mutants: true, Seed: 1}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for step := 0; ; step++ {
		xs, err := s.Ask(0)
		if err != nil {
			t.Fatal(err)
		}
		if len(xs) == 0 {
			break
		}
		if want := 5; step > 0 && len(xs) != want && len(seen)+len(xs) < 240 || step == 0 && len(xs) != 16 {
			t.Fatalf("step %d: %d candidates", step, len(xs))
		}
		members, near := s.Population(), 0
		for _, x := range xs {
			if slices.ContainsFunc(members, func(o Outcome[int]) bool { return bits.OnesCount(uint(o.Genome^x)) == 1 }) {
				near++
			}
		}
		if step > 0 && step < 5 && near < 4 {
			t.Errorf("step %d: %d of 5 mutants are next to a member", step, near)
		}
		var outcomes []Outcome[int]
		for _, x := range xs {
			if seen[x] {
				t.Fatalf("%d again", x)
			}
			seen[x] = true
			outcomes = append(outcomes, Outcome[int]{Genome: x, Point: twoSums(x)})
		}
		if err := s.Tell(outcomes...); err != nil {
			t.Fatal(err)
		}
		if len(s.Population()) != 16 {
			t.Fatalf("population of %d", len(s.Population()))
		}
		best := Front(append(members, outcomes...))
		for _, o := range best {
			if len(best) <= 16 && !slices.ContainsFunc(s.Population(), func(x Outcome[int]) bool { return x.Genome == o.Genome }) {
				t.Fatalf("step %d: %d of the front is lost", step, o.Genome)
			}
		}
	}
	if len(seen) < 200 {
		t.Errorf("%d of 256 seen", len(seen))
	}
}

// Every way of telling ends at the front that trying everything finds.
func TestFrontOfASmallProblem(t *testing.T) {
	var all []Outcome[int]
	for g := range 256 {
		all = append(all, Outcome[int]{Genome: g, Point: twoSums(g)})
	}
	var want []int
	for _, o := range Front(all) {
		want = append(want, o.Genome)
	}
	o := BreedOptions[int]{Population: 32, Seed: 2}
	nsga2, err := NewNSGA2(bitString{}, &NSGA2Options[int]{BreedOptions: o})
	if err != nil {
		t.Fatal(err)
	}
	sms, err := NewSMSEMOA(bitString{}, &SMSEMOAOptions[int]{o})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []Strategy[int]{nsga2, sms} {
		front, err := Minimize(context.Background(), s, func(_ context.Context, g int) (Point, error) {
			return twoSums(g), nil
		}, &MinimizeOptions{Evaluations: 3000, Batch: 1 + 31*i})
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, o := range front {
			got = append(got, o.Genome)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%T: %v, expected %v", s, got, want)
		}
	}
}

func TestOutcomesThatFail(t *testing.T) {
	nothing := func(context.Context, []float64) (Point, error) { return Point{}, errors.New("no") }
	infinite := func(context.Context, []float64) (Point, error) {
		return Point{Objectives: []float64{1, math.Inf(1)}}, nil
	}
	violated := func(context.Context, []float64) (Point, error) {
		return Point{Objectives: []float64{1, 2}, Violations: []float64{1}}, nil
	}
	for i, f := range []func(context.Context, []float64) (Point, error){nothing, infinite, violated} {
		front, err := Minimize(context.Background(), newNSGA2(t, "zdt1", 1), f, &MinimizeOptions{Evaluations: 300})
		if !errors.Is(err, ErrNothing) || front != nil {
			t.Errorf("function %d: %v, %v", i, front, err)
		}
	}
	s := newNSGA2(t, "zdt1", 1)
	for i, p := range []Point{{}, {Objectives: []float64{1}, Errors: []float64{1, 2}},
		{Objectives: []float64{1}, Errors: []float64{-1}}} {
		if err := s.Tell(Outcome[[]float64]{Genome: make([]float64, 30), Point: p}); err == nil {
			t.Errorf("outcome %d was taken", i)
		}
	}
}

// Differences below the noise do not count, and members of the first front are measured again, the
// mean of all measurements counting.
func TestNoise(t *testing.T) {
	z := 1.96
	a := Point{Objectives: []float64{0, 0}, Errors: []float64{3, 3}}
	for _, c := range []struct {
		b    Point
		want bool
	}{
		{Point{Objectives: []float64{9, 0}, Errors: []float64{4, 4}}, false},
		{Point{Objectives: []float64{10, 0}, Errors: []float64{4, 4}}, true},
		{Point{Objectives: []float64{10, -0.1}, Errors: []float64{4, 4}}, false},
		{Point{Objectives: []float64{5.8, 5.8}}, false},
		{Point{Objectives: []float64{5.9, 0}}, true},
	} {
		if got := surelyDominates(a, c.b, z); got != c.want {
			t.Errorf("%v over %v: %v", a, c.b, got)
		}
	}
	s, err := NewNSGA2(bitString{}, &NSGA2Options[int]{
		BreedOptions: BreedOptions[int]{Population: 10, Offspring: 6, Seed: 4}, Noise: z, Again: 2})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 8))
	asked := map[int]int{}
	for step := range 50 {
		xs, err := s.Ask(0)
		if err != nil {
			t.Fatal(err)
		}
		var again int
		var outcomes []Outcome[int]
		for _, x := range xs {
			if s.find(x).member != nil {
				again++
			}
			asked[x]++
			p := twoSums(x)
			for i := range p.Objectives {
				p.Objectives[i] += r.NormFloat64() * 2
			}
			p.Errors = []float64{2, 2}
			outcomes = append(outcomes, Outcome[int]{Genome: x, Point: p})
		}
		if step > 0 && again != 2 {
			t.Errorf("step %d: %d measured again", step, again)
		}
		if err := s.Tell(outcomes...); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range s.population {
		if want := 2 / math.Sqrt(float64(x.count)); math.Abs(x.Errors[0]-want) > 1e-12 {
			t.Errorf("standard error %g after %d measurements, expected %g", x.Errors[0], x.count, want)
		}
	}
}

// Infeasible candidates come behind feasible ones, by the sum of their violations.
func TestConstrainedRanks(t *testing.T) {
	var k ranking[int]
	of := func(objective float64, violation ...float64) *member[int] {
		p := Point{Objectives: []float64{objective}, Violations: violation}
		return &member[int]{Outcome: Outcome[int]{Point: p}, violation: p.Violation()}
	}
	all := []*member[int]{of(0, 2), of(0, 1, 1), of(9, -5), of(8, 0), of(-1, 1, -7)}
	given := slices.Clone(all)
	k.rank(all)
	var got []int
	for _, x := range given {
		got = append(got, x.rank)
	}
	if want := []int{3, 3, 1, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("ranks %v, expected %v", got, want)
	}
}
