package wasserstein

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

type transportReference struct {
	Cases []struct {
		Name               string
		Points1, Points2   [][]float64
		Weights1, Weights2 []float64
		Results            map[string]struct {
			EMD      float64 `json:"emd2"`
			Sinkhorn map[string]float64
		}
	}
	OneDim []struct {
		Name     string
		U, V     []float64
		UWeights []float64 `json:"u_weights"`
		VWeights []float64 `json:"v_weights"`
		W1       float64   `json:"w1_scipy"`
		W2       float64   `json:"w2sq_pot_emd2_1d"`
	} `json:"one_dim"`
	DomainSimilarity []struct {
		Name            string
		Source          [][]float64 `json:"source_class_means"`
		Target          [][]float64 `json:"target_class_means"`
		SourceCounts    []float64   `json:"source_counts"`
		TargetCounts    []float64   `json:"target_counts"`
		Gamma           float64
		EMD, Similarity float64
	} `json:"domain_similarity"`
}

func readTransport(t testing.TB) transportReference {
	t.Helper()
	text, err := os.ReadFile("testdata/transport.json")
	if err != nil {
		t.Fatal(err)
	}
	var r transportReference
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func points(x [][]float64) *tensor.Dense { return dense(flatten(x), len(x[0])) }

var metrics = map[string]Metric{"euclidean": Euclidean, "sqeuclidean": SquaredEuclidean, "cityblock": Manhattan}

// checkPlan holds a plan against the marginals it must have.
func checkPlan(t interface{ Fatalf(string, ...any) }, plan *Plan, n, m int, a, b []float64) {
	rows, columns := make([]float64, n), make([]float64, m)
	for _, f := range plan.Flows {
		if !(f.Mass > 0) {
			t.Fatalf("flow %+v", f)
		}
		rows[f.From] += f.Mass
		columns[f.To] += f.Mass
	}
	if len(plan.Flows) > n+m-1 {
		t.Fatalf("%d flows between %d and %d points", len(plan.Flows), n, m)
	}
	for _, c := range []struct{ got, weights []float64 }{{rows, a}, {columns, b}} {
		total := sum(c.weights)
		for i, v := range c.got {
			want := 1 / float64(len(c.got))
			if c.weights != nil {
				want = c.weights[i] / total
			}
			if math.Abs(v-want) > 1e-14 {
				t.Fatalf("point %d of %d gets %g, expected %g", i, len(c.got), v, want)
			}
		}
	}
}

func TestTransportCases(t *testing.T) {
	ctx := context.Background()
	for _, c := range readTransport(t).Cases {
		for metric, want := range c.Results {
			cost, err := Distances(points(c.Points1), points(c.Points2), metrics[metric])
			if err != nil {
				t.Fatal(err)
			}
			plan, err := Transport(ctx, cost, c.Weights1, c.Weights2)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, c.Name+" "+metric, plan.Cost, want.EMD, 1e-13, 1)
			checkPlan(t, plan, len(c.Points1), len(c.Points2), c.Weights1, c.Weights2)
			for reg, want := range want.Sinkhorn {
				r, err := strconv.ParseFloat(reg, 64)
				if err != nil {
					t.Fatal(err)
				}
				res, err := Sinkhorn(ctx, cost, c.Weights1, c.Weights2, &SinkhornOptions{Reg: r, Tolerance: 1e-13})
				if err != nil {
					t.Fatal(err)
				}
				closeTo(t, c.Name+" "+metric+" with entropy "+reg, res.Cost, want, 1e-10, 1)
				if !res.Converged || res.Error > 1e-13 {
					t.Errorf("%s %s %s: marginals off by %g after %d iterations", c.Name, metric, reg, res.Error, res.Iterations)
				}
			}
		}
	}
}

func TestOneDimCases(t *testing.T) {
	for _, c := range readTransport(t).OneDim {
		for p, want := range map[float64]float64{1: c.W1, 2: c.W2} {
			got, err := OneDim(c.U, c.V, c.UWeights, c.VWeights, p)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, c.Name, got, want, 1e-14, 1+want)
		}
	}
}

func TestDomainSimilarityCases(t *testing.T) {
	ctx := context.Background()
	for _, c := range readTransport(t).DomainSimilarity {
		d, err := EMD(ctx, points(c.Source), points(c.Target), c.SourceCounts, c.TargetCounts)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, c.Name, d, c.EMD, 1e-13, c.EMD)
		for _, gamma := range []float64{0, c.Gamma} {
			s, err := DomainSimilarity(ctx, points(c.Source), points(c.Target), c.SourceCounts, c.TargetCounts, gamma)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, c.Name, s, c.Similarity, 1e-13, 1)
		}
	}
}

// Assignments small enough to try all of them: integer costs bring many ties, and ties degenerate
// pivots.
func TestTransportAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		cost := make([]float64, n*n)
		for i := range cost {
			cost[i] = float64(rapid.IntRange(-2, 3).Draw(t, "cost"))
		}
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		want := math.Inf(1)
		var try func(k int, total float64)
		try = func(k int, total float64) {
			if k == n {
				want = min(want, total/float64(n))
				return
			}
			for i := k; i < n; i++ {
				order[k], order[i] = order[i], order[k]
				try(k+1, total+cost[k*n+order[k]])
				order[k], order[i] = order[i], order[k]
			}
		}
		try(0, 0)
		plan, err := Transport(context.Background(), dense(cost, n), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(plan.Cost-want) > 1e-13 {
			t.Fatalf("cost %g, expected %g", plan.Cost, want)
		}
		checkPlan(t, plan, n, n, nil, nil)
	})
}

// On the line, and with weights and zeros: two methods, one answer.
func TestTransportOnTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4))
		draw := func() (x, w []float64) {
			for range 1 + r.IntN(30) {
				x = append(x, math.Round(r.NormFloat64()*4)/2)
				w = append(w, float64(r.IntN(5)))
			}
			w[0]++
			return x, w
		}
		u, a := draw()
		v, b := draw()
		want, err := OneDim(u, v, a, b, 2)
		if err != nil {
			t.Fatal(err)
		}
		cost, err := Distances(dense(u, 1), dense(v, 1), SquaredEuclidean)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := Transport(context.Background(), cost, a, b)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(plan.Cost-want) > 1e-12 {
			t.Fatalf("cost %g, expected %g", plan.Cost, want)
		}
		checkPlan(t, plan, len(u), len(v), a, b)
		// Symmetric.
		back, err := OneDim(v, u, b, a, 2)
		if err != nil || math.Abs(back-want) > 1e-12 {
			t.Fatalf("%g one way, %g, %v the other", want, back, err)
		}
	})
}

// Without entropy in the limit, and never below the optimum.
func TestSinkhornApproachesTransport(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	cost := make([]float64, 12)
	for i := range cost {
		cost[i] = r.Float64()
	}
	plan, err := Transport(context.Background(), dense(cost, 4), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := math.Inf(1)
	for _, reg := range []float64{1, 0.1, 0.01, 0.001} {
		res, err := Sinkhorn(context.Background(), dense(cost, 4), nil, nil, &SinkhornOptions{Reg: reg})
		if err != nil || !res.Converged {
			t.Fatal(res, err)
		}
		gap := res.Cost - plan.Cost
		if gap < -1e-8 || gap > last {
			t.Errorf("entropy %g: %g above the optimum, before %g", reg, gap, last)
		}
		last = gap
	}
	if last > 1e-6 {
		t.Errorf("%g above the optimum at the end", last)
	}
}

func TestTransportRefuses(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cost := dense([]float64{1, 2, 3, 4}, 2)
	transport := func(cost *tensor.Dense, a, b []float64) error {
		return second(Transport(ctx, cost, a, b))
	}
	nan := math.NaN()
	for name, c := range map[string]struct{ err, want error }{
		"nil":              {transport(nil, nil, nil), ErrDim},
		"NaN cost":         {transport(dense([]float64{1, nan, 3, 4}, 2), nil, nil), ErrValue},
		"number":           {transport(cost, []float64{1}, nil), ErrWeights},
		"negative":         {transport(cost, nil, []float64{1, -1}), ErrWeights},
		"NaN weight":       {transport(cost, nil, []float64{1, nan}), ErrWeights},
		"zeros":            {transport(cost, []float64{0, 0}, nil), ErrWeights},
		"options":          {second(Sinkhorn(ctx, cost, nil, nil, &SinkhornOptions{Reg: -1})), ErrValue},
		"sinkhorn weights": {second(Sinkhorn(ctx, cost, nil, []float64{0, 0}, nil)), ErrWeights},
		"exponent":         {second(OneDim([]float64{1}, []float64{2}, nil, nil, 0.5)), ErrValue},
		"no points":        {second(OneDim(nil, []float64{2}, nil, nil, 1)), ErrEmpty},
		"NaN point":        {second(OneDim([]float64{nan}, []float64{2}, nil, nil, 1)), ErrValue},
		"line weights":     {second(OneDim([]float64{1}, []float64{2}, nil, []float64{1, 2}, 1)), ErrWeights},
		"metric":           {second(Distances(cost, cost, 7)), ErrValue},
		"infinite cost":    {transport(dense([]float64{1, math.Inf(1), 3, 4}, 2), nil, nil), ErrValue},
		"sinkhorn's costs": {second(Sinkhorn(ctx, cost, nil, nil, &SinkhornOptions{Reg: 1e-320})), ErrValue},
		"dimensions":       {second(Distances(cost, dense([]float64{1}, 1), Euclidean)), ErrDim},
		"gamma":            {second(DomainSimilarity(ctx, cost, cost, nil, nil, -1)), ErrValue},
		"domain":           {second(DomainSimilarity(ctx, cost, nil, nil, nil, 0)), ErrDim},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, expected %v", name, c.err, c.want)
		}
	}
	cancel()
	if err := transport(cost, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	res, err := Sinkhorn(ctx, cost, nil, nil, nil)
	if !errors.Is(err, context.Canceled) || res == nil || res.Converged {
		t.Errorf("cancelled: %+v, %v", res, err)
	}
	if huge, err := Transport(context.Background(), cost, []float64{math.MaxFloat64, math.MaxFloat64}, nil); err != nil || huge.Cost != 2.5 {
		t.Errorf("huge weights: %+v, %v", huge, err)
	}
}

func TestTransportIsDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 2))
	x, y := dense(normal(r, 60, 3, 0), 3), dense(normal(r, 80, 3, 1), 3)
	cost, err := Distances(x, y, Euclidean)
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := Transport(context.Background(), cost, nil, nil)
	b, err2 := Transport(context.Background(), cost, nil, nil)
	if err1 != nil || err2 != nil || a.Cost != b.Cost || !slices.Equal(a.Flows, b.Flows) {
		t.Errorf("two runs differ: %v, %v", err1, err2)
	}
}
