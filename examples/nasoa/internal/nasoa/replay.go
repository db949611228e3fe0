package nasoa

import (
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/predictor"
)

// Rival is a learner that a log of outcomes is replayed to.
type Rival struct {
	Name  string
	make  func(inputs int) (predictor.Learner, error)
	plain bool // features without products
}

// Rivals are ours, the paper's, and what they are compared with.
func Rivals() []Rival {
	mlp := func(layers int) Rival {
		return Rival{fmt.Sprintf("MLP, %d layers", layers), func(n int) (predictor.Learner, error) {
			return predictor.NewMLP(n, &predictor.MLPOptions{Layers: layers})
		}, true}
	}
	return []Rival{
		{Ours, func(n int) (predictor.Learner, error) { return predictor.NewHedge(n, predictor.Tuned()) }, false},
		{Paper, func(n int) (predictor.Learner, error) { return predictor.NewHedge(n, nil) }, true},
		mlp(3), mlp(6), mlp(10), mlp(14),
		{"running mean", func(n int) (predictor.Learner, error) { return predictor.NewMean(n) }, true},
		{"normalised linear", func(n int) (predictor.Learner, error) { return predictor.NewLinear(n, nil) }, true},
		{"ridge", func(n int) (predictor.Learner, error) { return predictor.NewRidge(n, nil) }, true},
		{"ridge, products", func(n int) (predictor.Learner, error) { return predictor.NewRidge(n, nil) }, false},
	}
}

// Names of the two hedges among the rivals.
const (
	Ours  = "ours"
	Paper = "hedge of the paper"
)

// Trace is what a learner foretold of a log, each outcome before it learnt it.
type Trace struct {
	Errors []float64       // absolute
	Alphas [][]float64     // weights of the layers of a hedge after each outcome; nil of others
	Score  predictor.Score // of all
	Regret predictor.Regret
}

// Last is the score of the last fifth.
func (t *Trace) Last() (mae, mse float64) {
	tail := t.Errors[len(t.Errors)-(len(t.Errors)+4)/5:]
	for _, e := range tail {
		mae += e
		mse += e * e
	}
	n := math.Max(float64(len(tail)), 1)
	return mae / n, mse / n
}

// Replay tells a learner a log in an order, nil being that of the log. Outcomes that were refused
// are left out.
func (r Rival) Replay(models []predictor.Model, log []Outcome, order []int) (*Trace, error) {
	o := predictor.Options{Models: models, Features: predictor.FeatureOptions{Products: !r.plain}}
	var hedge *predictor.Hedge
	o.Learner = func(n int) (predictor.Learner, error) {
		l, err := r.make(n)
		hedge, _ = l.(*predictor.Hedge)
		return l, err
	}
	g, err := predictor.NewGenerator(o)
	if err != nil {
		return nil, err
	}
	t := &Trace{}
	for i := range log {
		if order != nil {
			i = order[i]
		}
		one := &log[i]
		if one.Refused() {
			continue
		}
		p, err := g.Learn(one.Task(), one.Regime(), one.Accuracy)
		if err != nil {
			return nil, fmt.Errorf("%s: outcome %d: %w", r.Name, i+1, err)
		}
		t.Errors = append(t.Errors, math.Abs(p.Value-one.Accuracy))
		if hedge != nil {
			t.Alphas = append(t.Alphas, hedge.Alpha(nil))
		}
	}
	t.Score = g.Score()
	t.Regret, _ = g.Regret()
	return t, nil
}
