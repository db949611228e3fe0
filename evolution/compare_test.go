package evolution

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/tendril-nas/tendril/internal/machine"
)

// solve runs 20 000 evaluations.
func solve(t testing.TB, name string, s Strategy[[]float64]) [][]float64 {
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
	return points
}

// judged is the hypervolume and the distance of a front.
func judged(t testing.TB, name string, points [][]float64, reference []float64) (volume, igd float64) {
	t.Helper()
	volume, err := Hypervolume(points, reference)
	if err == nil {
		igd, err = IGD(problems[name].front(), points)
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
			v, d := judged(t, name, solve(t, name, newNSGA2(t, name, seed)), want.Reference)
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

// peer is the Python, with pymoo, that BenchmarkComparison times; "" = none.
var peer = flag.String("peer", "", "a Python with pymoo to be timed by BenchmarkComparison")

// peerTimes are processor milliseconds of the peer by name.
func peerTimes(b *testing.B) map[string]float64 {
	times := map[string]float64{}
	if *peer == "" {
		return times
	}
	out, err := exec.Command(*peer, "testdata/pymoo_speed.py").Output()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		var name string
		var ms float64
		if _, err := fmt.Sscan(line, &name, &ms); err != nil {
			b.Fatalf("%q: %v", line, err)
		}
		times[name] = ms
	}
	return times
}

// BenchmarkComparison prints the table of the results page: ten seeds of every problem beside the
// figures of the reference, and sorting; times are those of processors. A flag times the peer too.
//
//	go test -run '^$' -bench Comparison -benchtime 1x ./evolution -peer PYTHON
func BenchmarkComparison(b *testing.B) {
	g, times := readGolden(b), peerTimes(b)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nproblem\talgorithm\thypervolume\tpeer\tin standard errors\t"+
		"IGD\tpeer\tin standard errors\tms a run\tpeer")
	for _, name := range []string{"zdt1", "zdt2", "zdt3", "dtlz2", "bnh"} {
		want := g.Problems[name]
		for _, algorithm := range []string{"NSGA-II", "SMS-EMOA"} {
			var volumes, distances []float64
			ms := 0.0
			for seed := range uint64(10) {
				s := strategies[algorithm](b, name, seed)
				start := machine.CPUSeconds()
				front := solve(b, name, s)
				ms += 100 * (machine.CPUSeconds() - start)
				v, d := judged(b, name, front, want.Reference)
				volumes, distances = append(volumes, v), append(distances, d)
			}
			v, vse := moments(volumes)
			p, pse := moments(want.Hypervolume)
			d, dse := moments(distances)
			e, ese := moments(want.IGD)
			fmt.Fprintf(w, "%s\t%s\t%.5g ± %.2g\t%.5g ± %.2g\t%+.1f\t", name, algorithm,
				v, vse, p, pse, (v-p)/math.Hypot(vse, pse))
			fmt.Fprintf(w, "%.4g ± %.2g\t%.4g ± %.2g\t%+.1f\t%.0f\t%.0f\n",
				d, dse, e, ese, (d-e)/math.Hypot(dse, ese), ms, times[name])
		}
	}
	fmt.Fprintln(w, "\npoints sorted\tms\tpeer")
	for _, size := range [][2]int{{2000, 2}, {5000, 3}, {2000, 4}} {
		points := randomPoints(rand.New(rand.NewPCG(3, 4)), size[0], size[1], 0)
		const sorts = 50
		start := machine.CPUSeconds()
		for range sorts {
			if _, err := Fronts(points); err != nil {
				b.Fatal(err)
			}
		}
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\n", name, 1000*(machine.CPUSeconds()-start)/sorts, times[name])
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
	for b.Loop() {
		solve(b, "zdt1", newNSGA2(b, "zdt1", 1))
	}
}
