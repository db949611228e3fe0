package evolution

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

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
