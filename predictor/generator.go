package predictor

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// Options sets up a Generator.
type Options struct {
	// Models that may be fine-tuned; at least one.
	Models []Model
	// Grid that regimes are put together from.
	Grid Grid
	// Features of tasks and regimes.
	Features FeatureOptions
	// Learner makes what learns for so many features; nil = NewHedge with the paper's options.
	Learner func(inputs int) (Learner, error)
	// Online is what is around it.
	Online OnlineOptions
}

// TunedOptions is ours: [Tuned] with the products of features.
func TunedOptions(models []Model) Options {
	return Options{Models: models, Features: FeatureOptions{Products: true},
		Learner: func(n int) (Learner, error) { return NewHedge(n, Tuned()) }}
}

// Generator proposes for a task and a time limit which model to fine-tune, and how, and learns from
// what came of it (section 3.2 of the paper). It may be used by several goroutines.
type Generator struct {
	mu       sync.Mutex
	grid     Grid
	features *Features
	online   *Online
	pace     pace
	x        []float64
}

// NewGenerator has learnt nothing: its first proposals are guesses.
func NewGenerator(o Options) (*Generator, error) {
	grid, err := o.Grid.resolved()
	if err != nil {
		return nil, err
	}
	f, err := NewFeatures(o.Models, &o.Features)
	if err != nil {
		return nil, err
	}
	if o.Learner == nil {
		o.Learner = func(n int) (Learner, error) { return NewHedge(n, nil) }
	}
	l, err := o.Learner(f.Len())
	if err != nil {
		return nil, err
	}
	if l == nil || l.Inputs() != f.Len() {
		return nil, fmt.Errorf("predictor: a learner that is nil or not of %d features", f.Len())
	}
	online, err := NewOnline(l, &o.Online)
	if err != nil {
		return nil, err
	}
	return &Generator{grid: grid, features: f, online: online}, nil
}

// Features is what makes numbers of tasks and regimes: for logs of outcomes, and to try other
// learners on them.
func (g *Generator) Features() *Features { return g.features }

// Grid is what regimes are put together from, with defaults filled in.
func (g *Generator) Grid() Grid { return g.grid.clone() }

// Predict foretells the accuracy after fine-tuning.
func (g *Generator) Predict(t Task, r Regime) (Prediction, error) {
	if g == nil || g.online == nil {
		return Prediction{}, errUnmade
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.predict(t, r)
}

func (g *Generator) predict(t Task, r Regime) (Prediction, error) {
	var err error
	if g.x, err = g.features.Of(g.x[:0], t, r); err != nil {
		return Prediction{}, err
	}
	return g.online.Predict(g.x)
}

// Learn learns the accuracy that a regime gave, whoever chose it, and gives what was foretold
// before. The outcomes of regimes that were drawn at random teach more than those of the best. The
// accuracy is a fraction: one outside the range of predictions is refused.
func (g *Generator) Learn(t Task, r Regime, accuracy float64) (Prediction, error) {
	if g == nil || g.online == nil {
		return Prediction{}, errUnmade
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var err error
	if g.x, err = g.features.Of(g.x[:0], t, r); err != nil {
		return Prediction{}, err
	}
	if o := &g.online.opts; !(accuracy >= o.Low && accuracy <= o.High) {
		return Prediction{}, fmt.Errorf("predictor: accuracy %v, expected one in [%v, %v]", accuracy, o.Low, o.High)
	}
	return g.online.Learn(g.x, accuracy)
}

// LearnTime learns how long the steps of a regime took, where its table said otherwise: times of
// proposals are multiplied by how far tables were off of late.
func (g *Generator) LearnTime(r Request, regime Regime, steps time.Duration) error {
	if g == nil || g.online == nil {
		return errUnmade
	}
	if r.Times == nil {
		return r.check()
	}
	if _, ok := g.features.place[regime.Model]; !ok {
		return fmt.Errorf("%w: %q", ErrModel, regime.Model)
	}
	table, err := r.step(regime.Model, regime.Frozen)
	if err != nil {
		return err
	}
	if regime.Iterations < 1 || steps <= 0 {
		return fmt.Errorf("predictor: %d steps that took %v, expected more of both", regime.Iterations, steps)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pace.learn(float64(steps) / (float64(table) * float64(regime.Iterations)))
	return nil
}

// Score is how good predictions were, each made before its outcome was known.
func (g *Generator) Score() Score {
	if g.online == nil {
		return Score{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.online.Score()
}

// Regret is that of the Hedge that learns; false when another learner does.
func (g *Generator) Regret() (Regret, bool) {
	if g.online == nil {
		return Regret{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	h, ok := g.online.learner.(*Hedge)
	if !ok {
		return Regret{}, false
	}
	return h.Regret(), true
}

// pace is how far tables of times are off: the mean of the logarithms of ratios, the last ones
// counting most.
type pace struct {
	Count int
	Log   float64
}

const (
	paceMemory = 20 // outcomes
	paceMost   = 10 // a ratio further off says nothing of the next
)

func (p *pace) learn(ratio float64) {
	p.Count++
	l := math.Log(min(max(ratio, 1.0/paceMost), paceMost))
	p.Log += (l - p.Log) / float64(min(p.Count, paceMemory))
}

// of is a time of the table as it will be; at least a nanosecond.
func (p *pace) of(table time.Duration) time.Duration {
	scaled := math.Ceil(float64(table) * math.Exp(p.Log))
	return time.Duration(min(max(scaled, 1), longest))
}
