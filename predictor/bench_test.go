package predictor

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tendril-nas/tendril/internal/machine"
)

// timed is what is timed, with ten features.
var timed = []struct {
	name string
	make func() (Learner, error)
}{
	{"hedge", func() (Learner, error) { return NewHedge(10, nil) }},
	{"tuned", func() (Learner, error) { return NewHedge(10, Tuned()) }},
	{"mlp3", func() (Learner, error) { return NewMLP(10, &MLPOptions{Layers: 3}) }},
	{"mlp10", func() (Learner, error) { return NewMLP(10, nil) }},
	{"linear", func() (Learner, error) { return NewLinear(10, nil) }},
	{"ridge", func() (Learner, error) { return NewRidge(10, nil) }},
}

// updates teaches a learner the same 256 examples again and again.
func updates(b *testing.B, l Learner) (update func()) {
	r := rand.New(rand.NewPCG(1, 1))
	const examples = 256
	var xs [examples][10]float64
	var ys [examples]float64
	for i := range xs {
		for j := range xs[i] {
			xs[i][j] = r.NormFloat64()
		}
		ys[i] = 0.5 + 0.1*xs[i][0] - 0.05*xs[i][1]*xs[i][2]
	}
	i := 0
	return func() {
		if _, err := l.Update(xs[i%examples][:], ys[i%examples]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkUpdate is one example: for hedge and mlp10, ten layers of 64 units.
func BenchmarkUpdate(b *testing.B) {
	for _, c := range timed {
		b.Run(c.name, func(b *testing.B) {
			l, err := c.make()
			if err != nil {
				b.Fatal(err)
			}
			update := updates(b, l)
			b.ReportAllocs()
			before := machine.CPUSeconds()
			for b.Loop() {
				update()
			}
			b.ReportMetric(1e6*(machine.CPUSeconds()-before)/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkPropose ranks the regimes of a grid of 12 models: 720.
func BenchmarkPropose(b *testing.B) {
	var models []Model
	for i := range 12 {
		models = append(models, Model{Name: fmt.Sprint("m", i), Accuracy: 0.6 + 0.02*float64(i)})
	}
	for name, o := range map[string]Options{"paper": {Models: models}, "tuned": TunedOptions(models)} {
		b.Run(name, func(b *testing.B) {
			g := newGenerator(b, o)
			q := world{}.request(rand.New(rand.NewPCG(1, 1)))
			q.Times = fixed(time.Millisecond)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Propose(q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// peer is the Python, with numpy, that BenchmarkComparison times; "" = none.
var peer = flag.String("peer", "", "a Python with numpy to be timed by BenchmarkComparison")

// BenchmarkComparison prints processor microseconds of updates; a flag times the peer too.
//
//	go test -run '^$' -bench Comparison -benchtime 1x ./predictor -peer PYTHON
func BenchmarkComparison(b *testing.B) {
	times := map[string]float64{}
	if *peer != "" {
		c := exec.Command(*peer, "testdata/numpy_speed.py")
		c.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
		out, err := c.Output()
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			var name string
			var t float64
			if _, err := fmt.Sscan(line, &name, &t); err != nil {
				b.Fatalf("%q: %v", line, err)
			}
			times[name] = t
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nupdate of\tµs\tpeer\tratio")
	for _, c := range timed {
		l, err := c.make()
		if err != nil {
			b.Fatal(err)
		}
		update, least := updates(b, l), 0.0
		for round := range 5 {
			const n = 2000
			start := machine.CPUSeconds()
			for range n {
				update()
			}
			if t := 1e6 * (machine.CPUSeconds() - start) / n; round == 0 || t < least {
				least = t
			}
		}
		if p := times[c.name]; p > 0 {
			fmt.Fprintf(w, "%s\t%.2f\t%.1f\t%.1f\n", c.name, least, p, p/least)
		} else {
			fmt.Fprintf(w, "%s\t%.2f\t\t\n", c.name, least)
		}
	}
	w.Flush()
	for b.Loop() {
		// The table is the result.
	}
}
