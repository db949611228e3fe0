package predictor

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// What has diverged says so, and goes on saying so.
func TestDiverged(t *testing.T) {
	for name, l := range map[string]func() (Learner, error){
		"hedge": func() (Learner, error) { return NewHedge(2, &HedgeOptions{Rate: 1e6}) },
		"mlp":   func() (Learner, error) { return NewMLP(2, &MLPOptions{Rate: 1e6}) },
	} {
		l, err := l()
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			if _, err = l.Update([]float64{1, -2}, 0.5); err != nil {
				break
			}
		}
		if !errors.Is(err, ErrDiverged) {
			t.Errorf("%s: %v, expected ErrDiverged", name, err)
		}
		if _, err = l.Predict([]float64{1, 1}); !errors.Is(err, ErrDiverged) {
			t.Errorf("%s: %v after that", name, err)
		}
	}
}

func TestHedgeRefuses(t *testing.T) {
	for _, o := range []HedgeOptions{{Layers: -1}, {Units: -1}, {Rate: -1}, {Rate: math.NaN()}, {Rate: math.Inf(1)},
		{Discount: 1}, {Discount: -1}, {Discount: math.NaN()}, {Horizon: -1}, {Horizon: 5, Constant: -1},
		{Horizon: 5, Constant: math.NaN()}, {Floor: -1}, {Floor: 2}, {Losses: 7}, {Linear: 7}, {Residual: true}, {Init: 5},
		{Layers: 1 << 20}, {Units: 1 << 20}, {Units: mostUnits, Layers: mostLayers}} {
		if _, err := NewHedge(3, &o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	h, err := NewHedge(2, &HedgeOptions{Layers: 2, Units: 3})
	if err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprint(h.Parameters())
	for name, change := range map[string]func(*Parameters){
		"layers":  func(p *Parameters) { p.Phi = p.Phi[:1] },
		"units":   func(p *Parameters) { p.Phi[1] = p.Phi[1][:2] },
		"inputs":  func(p *Parameters) { p.Phi[0][1] = nil },
		"biases":  func(p *Parameters) { p.B[0] = nil },
		"heads":   func(p *Parameters) { p.W[1] = append(p.W[1], 1) },
		"number":  func(p *Parameters) { p.C[0] = math.NaN() },
		"weights": func(p *Parameters) { p.Alpha = []float64{0.5, 0.6} },
		"sign":    func(p *Parameters) { p.Alpha = []float64{-0.5, 1.5} },
		"count":   func(p *Parameters) { p.Alpha = []float64{1} },
	} {
		p := h.Parameters()
		change(&p)
		if err := h.SetParameters(p); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if fmt.Sprint(h.Parameters()) != before {
		t.Error("what was refused changed something")
	}
}

func TestGeneratorRefuses(t *testing.T) {
	twice := []Model{{"a", 0.5}, {"a", 0.5}}
	for name, o := range map[string]Options{
		"no models": {}, "twice": {Models: twice}, "no name": {Models: []Model{{"", 0.5}}},
		"text":     {Models: []Model{{"\xff", 0.5}}},
		"accuracy": {Models: []Model{{"a", math.NaN()}}},
		"rates":    {Models: zooOfWorld, Grid: Grid{Rates: []float64{}}},
		"rate":     {Models: zooOfWorld, Grid: Grid{Rates: []float64{-1}}},
		"frozen":   {Models: zooOfWorld, Grid: Grid{Frozen: []int{-1}}},
		"share":    {Models: zooOfWorld, Grid: Grid{Shares: []float64{1.5}}},
		"steps":    {Models: zooOfWorld, Grid: Grid{Iterations: []int{0}}},
		"nothing":  {Models: zooOfWorld, Grid: Grid{Iterations: []int{}, Shares: []float64{}}},
		"learner":  {Models: zooOfWorld, Learner: func(int) (Learner, error) { return NewMean(3) }},
		"none":     {Models: zooOfWorld, Learner: func(int) (Learner, error) { return nil, nil }},
		"fails":    {Models: zooOfWorld, Learner: func(int) (Learner, error) { return nil, errors.New("no") }},
		"range":    {Models: zooOfWorld, Online: OnlineOptions{Low: 2, High: 1}},
	} {
		if _, err := NewGenerator(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	g, w := newGenerator(t, Options{Models: zooOfWorld, Grid: Grid{Iterations: []int{50}}}), world{}
	good := w.request(rand.New(rand.NewPCG(1, 1)))
	for name, change := range map[string]func(*Request){
		"limit": func(q *Request) { q.Limit = 0 }, "times": func(q *Request) { q.Times = nil },
		"batch": func(q *Request) { q.Batch = 0 }, "size": func(q *Request) { q.Size = 0 },
		"least": func(q *Request) { q.Least = -1 }, "most": func(q *Request) { q.Least, q.Most = 5, 4 },
		"grid":    func(q *Request) { q.Least = 51 },
		"explore": func(q *Request) { q.Explore = math.NaN() }, "margin": func(q *Request) { q.Margin = 1 },
		"classes":    func(q *Request) { q.Task.Classes = 0 },
		"images":     func(q *Request) { q.Task.Images = 1 },
		"similarity": func(q *Request) { q.Task.Similarity = math.Inf(1) },
		"overhead":   func(q *Request) { q.Overhead = func(string) time.Duration { return -1 } },
		"no time":    func(q *Request) { q.Times = fixed(0) },
	} {
		q := good
		change(&q)
		if _, err := g.Propose(q); err == nil || errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	regime := Regime{Model: "small", Rate: 0.1, Iterations: 3}
	for name, change := range map[string]func(*Regime){
		"model": func(r *Regime) { r.Model = "none" }, "rate": func(r *Regime) { r.Rate = 0 },
		"frozen": func(r *Regime) { r.Frozen = -1 }, "iterations": func(r *Regime) { r.Iterations = 0 },
	} {
		r := regime
		change(&r)
		_, err := g.Learn(good.Task, r, 0.5)
		_, err2 := g.Predict(good.Task, r)
		if err == nil || err2 == nil || errors.Is(err, ErrModel) != (name == "model") {
			t.Errorf("%s: %v, %v", name, err, err2)
		}
	}
	for _, accuracy := range []float64{math.NaN(), 83.67, -0.01} {
		if _, err := g.Learn(good.Task, regime, accuracy); err == nil {
			t.Errorf("an accuracy of %v was learnt", accuracy)
		}
	}
	if g.Score().Count != 0 {
		t.Error("what was refused counted")
	}
}
