package main

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// linearResult is what a linear classifier on the pixels reaches.
type linearResult struct {
	Images       int     `json:"images"`
	Classes      int     `json:"classes"`
	TestAccuracy float64 `json:"test_accuracy"` // the best epoch's: an upper bound of what the method gives
	Epochs       int     `json:"epochs"`
}

func runLinear(ctx context.Context, cfg *growth.Config) (*linearResult, error) {
	train, test, err := data.Open(ctx, cfg.Data, cfg.Size, uint64(cfg.Seed))
	if err != nil {
		return nil, err
	}
	return trainLinear(ctx, train, test, 15, cfg.Seed)
}

// trainLinear fits softmax regression on standardised pixels by stochastic gradient descent, one
// image at a time with a falling learning rate, and reports the best epoch.
func trainLinear(ctx context.Context, train, test dataset.Dataset, epochs int,
	seed run.Seed) (*linearResult, error) {
	norm, err := dataset.Measure(ctx, train)
	if err != nil {
		return nil, err
	}
	q, k := train.Size()*train.Size()*3, len(train.Classes())
	m := &linear{q: q, k: k, w: make([]float64, k*(q+1)), p: make([]float64, k), norm: norm,
		raw: make([]uint8, q), f32: make([]float32, q), x: make([]float64, q+1)}
	res := &linearResult{Images: train.Len(), Classes: k, Epochs: epochs}
	for e := range epochs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rate := 0.3 / float64(q) / (1 + float64(e))
		for _, i := range seed.Stream("results.linear", e).Perm(train.Len()) {
			if err := m.learn(train, i, rate); err != nil {
				return nil, err
			}
		}
		right := 0
		for i := range test.Len() {
			if err := m.predict(test, i); err != nil {
				return nil, err
			}
			if floats.MaxIdx(m.p) == test.Label(i) {
				right++
			}
		}
		res.TestAccuracy = max(res.TestAccuracy, float64(right)/float64(test.Len()))
	}
	return res, nil
}

type linear struct {
	q, k int
	w    []float64 // [k][q+1], the bias last
	p    []float64 // scores, then probabilities
	norm dataset.Normalization
	raw  []uint8
	f32  []float32
	x    []float64
}

// predict leaves the scores of image i in p.
func (m *linear) predict(ds dataset.Dataset, i int) error {
	if err := ds.Image(i, m.raw); err != nil {
		return err
	}
	if err := m.norm.Apply(m.f32, m.raw); err != nil {
		return err
	}
	for j, v := range m.f32 {
		m.x[j] = float64(v)
	}
	m.x[m.q] = 1
	for c := range m.k {
		m.p[c] = floats.Dot(m.w[c*(m.q+1):(c+1)*(m.q+1)], m.x)
	}
	return nil
}

func (m *linear) learn(ds dataset.Dataset, i int, rate float64) error {
	if err := m.predict(ds, i); err != nil {
		return err
	}
	lse := floats.LogSumExp(m.p)
	for c := range m.k {
		g := math.Exp(m.p[c] - lse)
		if c == ds.Label(i) {
			g--
		}
		floats.AddScaled(m.w[c*(m.q+1):(c+1)*(m.q+1)], -rate*g, m.x)
	}
	return nil
}
