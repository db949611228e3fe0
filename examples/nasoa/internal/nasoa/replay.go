package nasoa

import (
	"errors"
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

// Rivals are ours, the paper's, that with one thing of ours at a time, and what they are compared
// with, for a log of so many outcomes.
func Rivals(outcomes int) []Rival {
	mlp := func(layers int) Rival {
		return Rival{fmt.Sprintf("MLP, %d layers", layers), func(n int) (predictor.Learner, error) {
			return predictor.NewMLP(n, &predictor.MLPOptions{Layers: layers})
		}, true}
	}
	return []Rival{
		{Ours, func(n int) (predictor.Learner, error) { return predictor.NewHedge(n, predictor.Tuned()) }, false},
		{Paper, func(n int) (predictor.Learner, error) { return predictor.NewHedge(n, nil) }, true},
		{Theorem, func(n int) (predictor.Learner, error) {
			return predictor.NewHedge(n, &predictor.HedgeOptions{Horizon: outcomes})
		}, true},
		{"hedge, range of losses", func(n int) (predictor.Learner, error) {
			return predictor.NewHedge(n, &predictor.HedgeOptions{Losses: predictor.LossRange})
		}, true},
		{"hedge, linear expert", func(n int) (predictor.Learner, error) {
			return predictor.NewHedge(n, &predictor.HedgeOptions{Linear: predictor.LinearNormalised})
		}, true},
		mlp(3), mlp(6), mlp(10), mlp(14),
		{"running mean", func(n int) (predictor.Learner, error) { return predictor.NewMean(n) }, true},
		{"normalised linear", func(n int) (predictor.Learner, error) { return predictor.NewLinear(n, nil) }, true},
		{"ridge", func(n int) (predictor.Learner, error) { return predictor.NewRidge(n, nil) }, true},
		{"ridge, products", func(n int) (predictor.Learner, error) { return predictor.NewRidge(n, nil) }, false},
	}
}

// Names of the hedges among the rivals. Theorem is the paper's with the discount of its Theorem 1.
const (
	Ours    = "ours"
	Paper   = "hedge of the paper"
	Theorem = "hedge, β of Theorem 1"
)

// Trace is what a learner foretold of a log, each outcome before it learnt it.
type Trace struct {
	Errors []float64   // absolute
	Alphas [][]float64 // weights of the experts of a hedge after each outcome; nil of others
	// Regrets are the average regrets of a hedge after each outcome; nil of others.
	Regrets  []float64
	MAE, MSE float64
	Covered  float64 // part of the outcomes inside their intervals
	Restarts int     // see Pupil
	Regret   predictor.Regret
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

// generator has learnt nothing. hedge is its learner where it is one.
func (r Rival) generator(models []predictor.Model) (g *predictor.Generator, hedge *predictor.Hedge,
	err error) {
	o := predictor.Options{Models: models, Features: predictor.FeatureOptions{Products: !r.plain}}
	o.Learner = func(n int) (predictor.Learner, error) {
		l, err := r.make(n)
		hedge, _ = l.(*predictor.Hedge)
		return l, err
	}
	g, err = predictor.NewGenerator(o)
	return g, hedge, err
}

// Pupil is a generator with the learner of a rival. Where that diverges a new one begins in its
// place, and what it was to foretell counts as foretold as wrongly as can be.
type Pupil struct {
	Restarts int
	rival    Rival
	models   []predictor.Model
	g        *predictor.Generator
	hedge    *predictor.Hedge
}

// Pupil has learnt nothing.
func (r Rival) Pupil(models []predictor.Model) (*Pupil, error) {
	p := &Pupil{rival: r, models: models}
	return p, p.begin()
}

func (p *Pupil) begin() (err error) {
	p.g, p.hedge, err = p.rival.generator(p.models)
	return err
}

// restarts begins anew after a divergence; any other error is returned.
func (p *Pupil) restarts(err error) error {
	if !errors.Is(err, predictor.ErrDiverged) {
		return err
	}
	p.Restarts++
	return p.begin()
}

// Learn is predictor.Generator's.
func (p *Pupil) Learn(t predictor.Task, r predictor.Regime, accuracy float64) (predictor.Prediction, error) {
	got, err := p.g.Learn(t, r, accuracy)
	if err == nil {
		return got, nil
	}
	if accuracy < 0.5 {
		got = predictor.Prediction{Value: 1, Low: 1, High: 1}
	}
	return got, p.restarts(err)
}

// Predict is predictor.Generator's.
func (p *Pupil) Predict(t predictor.Task, r predictor.Regime) (predictor.Prediction, error) {
	got, err := p.g.Predict(t, r)
	if err != nil {
		if err = p.restarts(err); err == nil {
			got, err = p.g.Predict(t, r)
		}
	}
	return got, err
}

// Replay tells a learner a log in an order, nil being that of the log. Outcomes that were refused
// are left out.
func (r Rival) Replay(models []predictor.Model, log []Outcome, order []int) (*Trace, error) {
	pupil, err := r.Pupil(models)
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
		p, err := pupil.Learn(one.Task(), one.Regime(), one.Accuracy)
		if err != nil {
			return nil, fmt.Errorf("%s: outcome %d: %w", r.Name, i+1, err)
		}
		off := math.Abs(p.Value - one.Accuracy)
		t.Errors = append(t.Errors, off)
		t.MAE, t.MSE = t.MAE+off, t.MSE+off*off
		if one.Accuracy >= p.Low && one.Accuracy <= p.High {
			t.Covered++
		}
		if h := pupil.hedge; h != nil {
			t.Alphas = append(t.Alphas, h.Alpha(nil))
			t.Regrets = append(t.Regrets, h.Regret().Average)
		}
	}
	n := math.Max(float64(len(t.Errors)), 1)
	t.MAE, t.MSE, t.Covered = t.MAE/n, t.MSE/n, t.Covered/n
	t.Restarts = pupil.Restarts
	t.Regret, _ = pupil.g.Regret()
	return t, nil
}

// Learn has the learner foretell and learn rows of numbers, the last of each being the target, and
// gives its mean absolute error. Products of features are not made of them.
func (r Rival) Learn(rows [][]float64) (mae float64, err error) {
	n := len(rows[0]) - 1
	l, err := r.make(n)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		f, err := l.Update(row[:n], row[n])
		if err != nil {
			return 0, fmt.Errorf("%s: %w", r.Name, err)
		}
		mae += math.Abs(f-row[n]) / float64(len(rows))
	}
	return mae, nil
}
