package evolution

import (
	"context"
	"fmt"
	"math"
	"os"
	"testing"
	"text/tabwriter"
	"time"
)

// solve runs 20 000 evaluations and judges the front.
func solve(t testing.TB, name string, s Strategy[[]float64], reference []float64) (volume, igd float64) {
	t.Helper()
	p := problems[name]
	front, err := Minimize(context.Background(), s, func(_ context.Context, x []float64) (Point, error) {
		return p.of(x), nil
	}, &MinimizeOptions{Evaluations: 20000})
	if err != nil {
		t.Fatal(err)
	}
	points := make([][]float64, len(front))
	for i, o := range front {
		points[i] = o.Objectives
	}
	if volume, err = Hypervolume(points, reference); err == nil {
		igd, err = IGD(p.front(), points)
	}
	if err != nil {
		t.Fatal(err)
	}
	return volume, igd
}

func newNSGA2(t testing.TB, name string, seed uint64) *NSGA2[[]float64] {
	t.Helper()
	s, err := NewNSGA2(problems[name].genes,
		&NSGA2Options[[]float64]{BreedOptions: BreedOptions[[]float64]{Seed: seed}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// moments are mean and standard error of the mean.
func moments(xs []float64) (mean, se float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		se += (x - mean) * (x - mean)
	}
	n := float64(len(xs))
	return mean, math.Sqrt(se / (n - 1) / n)
}

// The front is not worse than pymoo's by more than two standard errors of the difference of means,
// in hypervolume and in distance. Two of the problems and five seeds, because all take long under
// the race detector; BenchmarkComparison has the whole table.
func TestNSGA2IsNotWorseThanThePeer(t *testing.T) {
	g := readGolden(t)
	for _, name := range []string{"zdt3", "bnh"} {
		want := g.Problems[name]
		var volumes, distances []float64
		for seed := range uint64(5) {
			v, d := solve(t, name, newNSGA2(t, name, seed), want.Reference)
			volumes, distances = append(volumes, v), append(distances, d)
		}
		v, vse := moments(volumes)
		w, wse := moments(want.Hypervolume)
		if v < w-2*math.Hypot(vse, wse) {
			t.Errorf("%s: hypervolume %.6g ± %.2g, the peer's is %.6g ± %.2g", name, v, vse, w, wse)
		}
		d, dse := moments(distances)
		e, ese := moments(want.IGD)
		if d > e+2*math.Hypot(dse, ese) {
			t.Errorf("%s: distance %.6g ± %.2g, the peer's is %.6g ± %.2g", name, d, dse, e, ese)
		}
	}
}

// BenchmarkComparison prints the table of the results page: ten seeds of every problem beside the
// figures of the reference.
//
//	go test -run '^$' -bench Comparison -benchtime 1x ./evolution
func BenchmarkComparison(b *testing.B) {
	g := readGolden(b)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nproblem\talgorithm\thypervolume\tpeer\tin standard errors\tIGD\tpeer\tin standard errors\tms a run")
	for _, name := range []string{"zdt1", "zdt2", "zdt3", "dtlz2", "bnh"} {
		want := g.Problems[name]
		for _, algorithm := range []string{"NSGA-II", "SMS-EMOA"} {
			if algorithm == "SMS-EMOA" && len(want.Reference) > 2 {
				continue // some minutes
			}
			var volumes, distances []float64
			start := time.Now()
			for seed := range uint64(10) {
				s := strategies[algorithm](b, name, seed)
				v, d := solve(b, name, s, want.Reference)
				volumes, distances = append(volumes, v), append(distances, d)
			}
			ms := float64(time.Since(start).Milliseconds()) / 10
			v, vse := moments(volumes)
			p, pse := moments(want.Hypervolume)
			d, dse := moments(distances)
			e, ese := moments(want.IGD)
			fmt.Fprintf(w, "%s\t%s\t%.5g ± %.2g\t%.5g ± %.2g\t%+.1f\t%.4g ± %.2g\t%.4g ± %.2g\t%+.1f\t%.0f\n", name,
				algorithm, v, vse, p, pse, (v-p)/math.Hypot(vse, pse), d, dse, e, ese, (d-e)/math.Hypot(dse, ese), ms)
		}
	}
	w.Flush()
	for b.Loop() {
		// The table is the result.
	}
}

var strategies = map[string]func(t testing.TB, problem string, seed uint64) Strategy[[]float64]{
	"NSGA-II": func(t testing.TB, problem string, seed uint64) Strategy[[]float64] {
		return newNSGA2(t, problem, seed)
	},
	"SMS-EMOA": func(t testing.TB, problem string, seed uint64) Strategy[[]float64] {
		s, err := NewSMSEMOA(problems[problem].genes,
			&SMSEMOAOptions[[]float64]{BreedOptions[[]float64]{Seed: seed}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
}

func BenchmarkNSGA2(b *testing.B) {
	reference := readGolden(b).Problems["zdt1"].Reference
	for b.Loop() {
		solve(b, "zdt1", newNSGA2(b, "zdt1", 1), reference)
	}
}
