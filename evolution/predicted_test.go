package evolution

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// additive makes up a loss of architectures: a number for every choice that has an effect, some
// products of neighbouring ones, and noise of a tenth of the spread.
func additive(space *searchspace.Space, seed uint64) PointFunc[searchspace.Arch] {
	r := rand.New(rand.NewPCG(seed, 1))
	weights := make([]float64, len(Architectures{Space: space}.Encode(space.Smallest())))
	for i := range weights {
		weights[i] = r.NormFloat64()
	}
	return func(_ context.Context, a searchspace.Arch) (Point, error) {
		sum, before := 0.0, 0.0
		for i, x := range (Architectures{Space: space}).Encode(a) {
			if x == 0 {
				continue
			}
			sum += weights[i] + float64(0.5*weights[i]*before)
			before = weights[i]
		}
		noise := stream.New(seed, a.String()).NormFloat64() * 0.3
		return Point{Objectives: []float64{sum + noise}}, nil
	}
}

// bestOf is the best value after so many evaluations.
func bestOf(
	t testing.TB, s Strategy[searchspace.Arch], f PointFunc[searchspace.Arch], evaluations int,
) float64 {
	t.Helper()
	best := math.Inf(1)
	_, err := Minimize(context.Background(), s, func(ctx context.Context, a searchspace.Arch) (Point, error) {
		p, err := f(ctx, a)
		best = min(best, p.Objectives[0])
		return p, err
	}, &MinimizeOptions{Evaluations: evaluations})
	if err != nil {
		t.Fatal(err)
	}
	return best
}

// After 100 evaluations of a made-up loss, search by a predictor has found better than random
// search and than tournaments on every seed, by much.
func TestPredictedBeatsRandom(t *testing.T) {
	space := testSpace(t)
	genes := Architectures{Space: space}
	const evaluations = 100
	for seed := range uint64(2) {
		f := additive(space, seed)
		random, err := NewRandom(genes, &RandomOptions[searchspace.Arch]{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		tournament, err := NewTournament(genes,
			&TournamentOptions[searchspace.Arch]{Population: 30, Sample: 8, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := NewPredicted(genes, &PredictedOptions[searchspace.Arch]{
			Founders: 40, Refit: 20, Predictions: 600, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		r, e := bestOf(t, random, f, evaluations), bestOf(t, tournament, f, evaluations)
		p := bestOf(t, predicted, f, evaluations)
		t.Logf("seed %d: random %.2f, tournament %.2f, predicted %.2f", seed, r, e, p)
		if p > r-3 || p > e {
			t.Errorf("seed %d: %.2f by predictions, random search %.2f, tournaments %.2f", seed, p, r, e)
		}
	}
}

// A predictor learns a sum, whatever the scale of targets, and is the same after it was written.
func TestPredictorLearnsASum(t *testing.T) {
	space := testSpace(t)
	genes := Architectures{Space: space}
	f := additive(space, 9)
	r := rand.New(rand.NewPCG(4, 4))
	examples := func(n int) (inputs [][]float64, targets []float64) {
		for range n {
			a, err := genes.Random(r)
			if err != nil {
				t.Fatal(err)
			}
			p, _ := f(context.Background(), a)
			inputs, targets = append(inputs, genes.Encode(a)), append(targets, 1e4+1e3*p.Objectives[0])
		}
		return inputs, targets
	}
	inputs, targets := examples(150)
	p, err := FitPredictor(inputs, targets, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var again Predictor
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	inputs, targets = examples(150)
	mean, rest, all := 0.0, 0.0, 0.0
	for _, v := range targets {
		mean += v / 150
	}
	for i, x := range inputs {
		y, err := p.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		if z, err := again.Predict(x); err != nil || z != y {
			t.Fatalf("%g, %v after reading, %g before", z, err, y)
		}
		rest += (y - targets[i]) * (y - targets[i])
		all += (mean - targets[i]) * (mean - targets[i])
	}
	if explained := 1 - rest/all; explained < 0.6 {
		t.Errorf("%.3f of the variance explained", explained)
	}
}

// Targets of any size are learned, and a predictor of nothing says so.
func TestPredictorOfExtremes(t *testing.T) {
	for _, unit := range []float64{1e-250, 1, 1e250} {
		p, err := FitPredictor([][]float64{{1}, {0}}, []float64{unit, -2 * unit}, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := p.Predict([]float64{1})
		w, err2 := p.Predict([]float64{0})
		if err != nil || err2 != nil || !(v > 0 && v < 3*unit && w < 0 && w > -4*unit) {
			t.Errorf("unit %g: predictions %g and %g, %v, %v", unit, v, w, err, err2)
		}
	}
	if v, err := new(Predictor).Predict(nil); err == nil {
		t.Errorf("a predictor that was not trained gives %g", v)
	}
	o := PredictorOptions{Decay: math.NaN()}
	if _, err := FitPredictor([][]float64{{1}}, []float64{1}, &o); err == nil {
		t.Error("a decay that is no number")
	}
}
