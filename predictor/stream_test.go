package predictor

import (
	"compress/gzip"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sbinet/npyio"
)

// readStream is the rows of a stream of testdata, the target last.
func readStream(t *testing.T, name string) [][]float64 {
	t.Helper()
	f, err := os.Open("testdata/stream_" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	r, err := npyio.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var data []float32
	if err := r.Read(&data); err != nil {
		t.Fatal(err)
	}
	shape := r.Header.Descr.Shape
	rows := make([][]float64, shape[0])
	for i := range rows {
		rows[i] = make([]float64, shape[1])
		for j := range rows[i] {
			at := i*shape[1] + j
			if r.Header.Descr.Fortran {
				at = j*shape[0] + i
			}
			rows[i][j] = float64(data[at])
		}
	}
	return rows
}

// meanError is the mean absolute error of a learner on a stream, as it comes.
func meanError(t *testing.T, l Learner, rows [][]float64) float64 {
	t.Helper()
	sum := 0.0
	for _, r := range rows {
		n := len(r) - 1
		f, err := l.Update(r[:n], r[n])
		if err != nil {
			t.Fatal(err)
		}
		sum += math.Abs(f-r[n]) / float64(len(rows))
	}
	return sum
}

// On real streams the paper's network errs as the reference's does (mean of five seeds, by numpy),
// and ours far less.
func TestStreams(t *testing.T) {
	for _, c := range []struct {
		name                       string
		seeds                      uint64
		hedge, mlp10, mean, linear float64 // reference
		tunedLess, ridgeMax        float64 // ours against the paper's, and against ridge regression
	}{
		{"concrete.npy", 3, 0.1523, 0.1547, 0.1688, 0.1177, 0.75, 1.02},
		{"diabetes.npy", 3, 0.1824, 0.2097, 0.2048, 0.1636, 0.85, 1.03},
		{"ames.npy.gz", 1, 0.0586, 0.0603, 0.0796, 0.0356, 0.65, 1.02},
		{"chicago.npy.gz", 1, 0.0902, 0.0774, 0.2453, 0.0727, 0.8, 1.03},
	} {
		rows := readStream(t, c.name)
		n := len(rows[0]) - 1
		mean, err := NewMean(n)
		if err != nil {
			t.Fatal(err)
		}
		// The reference's mean begins with the first target.
		if got := meanError(t, mean, rows); math.Abs(got-c.mean) > 0.01*c.mean {
			t.Errorf("%s: mean errs by %.4f, expected %.4f", c.name, got, c.mean)
		}
		linear, err := NewLinear(n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := meanError(t, linear, rows); math.Abs(got-c.linear) > 6e-5 {
			t.Errorf("%s: linear model errs by %.4f, expected %.4f", c.name, got, c.linear)
		}
		seeds := float64(c.seeds)
		var hedge, mlp, tuned float64
		for s := range c.seeds {
			o := Tuned()
			o.Seed = s
			h, err := NewHedge(n, &HedgeOptions{Seed: s})
			m, err2 := NewMLP(n, &MLPOptions{Seed: s})
			u, err3 := NewHedge(n, o)
			if err != nil || err2 != nil || err3 != nil {
				t.Fatal(err, err2, err3)
			}
			hedge += meanError(t, h, rows) / seeds
			mlp += meanError(t, m, rows) / seeds
			tuned += meanError(t, u, rows) / seeds
		}
		r, err := NewRidge(n, nil)
		if err != nil {
			t.Fatal(err)
		}
		ridge := meanError(t, r, rows)
		t.Logf("%s: paper's %.4f, MLP %.4f, ridge %.4f, ours %.4f", c.name, hedge, mlp, ridge, tuned)
		if math.Abs(hedge-c.hedge) > 0.1*c.hedge || math.Abs(mlp-c.mlp10) > 0.1*c.mlp10 {
			t.Errorf("%s: Hedge errs by %.4f and MLP by %.4f, expected %.4f and %.4f", c.name, hedge, mlp, c.hedge, c.mlp10)
		}
		if tuned > c.tunedLess*hedge || tuned > c.ridgeMax*ridge {
			t.Errorf("%s: ours errs by %.4f, the paper's by %.4f, ridge regression by %.4f", c.name, tuned, hedge, ridge)
		}
	}
}

// Weights tell layers apart with a discount from the horizon or losses by range, and hardly with
// the paper's.
func TestEvenness(t *testing.T) {
	rows := readStream(t, "concrete.npy")
	n := len(rows[0]) - 1
	even := map[string]float64{}
	for name, o := range map[string]*HedgeOptions{
		"paper": nil, "horizon": {Horizon: len(rows)}, "range": {Horizon: len(rows), Losses: LossRange},
	} {
		h, err := NewHedge(n, o)
		if err != nil {
			t.Fatal(err)
		}
		meanError(t, h, rows)
		even[name] = h.Regret().Evenness
	}
	if even["paper"] < 0.33 || even["horizon"] > 0.1 || even["range"] > 0.1 {
		t.Errorf("evenness %v", even)
	}
}
