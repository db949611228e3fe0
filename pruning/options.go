package pruning

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// ErrNotFinite is wrapped when a loss, a gradient or weights are not finite, those of the supernet
// included: that of searchspace.
var ErrNotFinite = searchspace.ErrNotFinite

// Options sets up a search. The zero value of a field is its default.
type Options struct {
	// Phases are what Schedule.Phases makes, at least one.
	Phases []Phase
	// Cost is what Target is given in; the zero value is multiply-adds. Any cost that is a sum over
	// layers will do: parameters, the seconds of a searchspace.LatencyTable, terms of the caller's
	// own. Its Max and Min are not used.
	Cost searchspace.CostLimit
	// Target is β, the cost that the architecture shall have; needed, except with NoCost.
	Target float64
	// Form says how the cost enters the loss; "" = Absolute.
	Form CostForm
	// Gamma is γ, the weight of the cost; 0 = 1, as published, negative = none.
	Gamma float64
	// StraightThrough takes the cost of the most probable architecture instead of the expected one,
	// with the derivative as if softmax(a) were its rows.
	StraightThrough bool

	// Temperature is τ of the Gumbel-softmax; 0 = 1 (ours; published is that it is fixed). Few
	// updates want a higher one, 3 say: see the package's "Differences from the paper".
	Temperature float64
	// LastTemperature makes τ go there, geometrically over the epochs of all phases; 0 =
	// Temperature.
	LastTemperature float64
	// TwoPaths computes two candidates of a decision in each update and step, drawn without
	// replacement by softmax(a) and weighted by the softmax over the two, without noise and
	// temperature. A step moves probability between the two only. It costs less time and memory
	// while many candidates are left, and learns slower. Default: all candidates.
	TwoPaths bool
	// Every says before which updates of the weights the architecture makes a step: every so many;
	// 0 = 5 (ours, as ProxylessNAS).
	Every int
	// BatchSize is the number of validation images of a step; 0 = 128 (ours), and never more than
	// there are.
	BatchSize int
	// LR is the learning rate of Adam (0, 0.999) on a; 0 = 0.01 (ours).
	LR float64

	// Prune is π, the fraction of its candidates that a decision loses at the end of a phase that
	// prunes, rounded down, at least one, never the last; 0 = 0.4, as published.
	Prune float64
	// Significance prunes a candidate only where its probability, averaged over the steps since the
	// last pruning, is below that of the least probable one that stays by more than so many
	// standard errors of batch means; 0 = by softmax(a) alone, as published. It is no test of a
	// hypothesis: a keeps what chance has moved, so that batch means are correlated and their
	// errors too small. Of the candidates that go by softmax(a) where nothing tells any apart,
	// about 70 % go at 2, half at 4 and a sixth at 8.
	Significance float64
	// Band is the tolerance around Target in which the final architecture lies: β·(1 ± Band); 0 =
	// 0.05 (ours).
	Band float64
	// Seed of noise, pairs and validation images.
	Seed uint64

	// Checkpoint is where an interrupted search goes on from: a path, "search.ckpt", which gets the
	// number of each phase, "search.0.ckpt" and so on, for the files of Supernet.Train. They hold
	// the weights, what the architecture has learnt and what the phase recorded; with all of them a
	// finished search returns at once, and the supernet has its weights. How often they are written
	// is the supernet's to say. "" keeps none.
	Checkpoint string
	// Recorder is told of every step and the end of every phase. Its error ends the search.
	Recorder Recorder
}

const (
	defaultPrune = 0.4
	defaultEvery = 5
	maxEpochs    = 1 << 20
)

// plan is what decides the result of a search beside the supernet.
type plan struct {
	Phases          []Phase               `json:"phases"`
	Cost            searchspace.CostLimit `json:"cost"`
	Target          float64               `json:"target"`
	Form            CostForm              `json:"form"`
	Gamma           float64               `json:"gamma"`
	StraightThrough bool                  `json:"straight_through"`
	Temperature     float64               `json:"temperature"`
	LastTemperature float64               `json:"last_temperature"`
	TwoPaths        bool                  `json:"two_paths"`
	Every           int                   `json:"every"`
	BatchSize       int                   `json:"batch_size"`
	LR              float64               `json:"lr"`
	Prune           float64               `json:"prune"`
	Significance    float64               `json:"significance"`
	Band            float64               `json:"band"`
	Seed            uint64                `json:"seed"`
}

// plan fills in defaults and finds what makes no search.
func (o *Options) plan() (*plan, error) {
	p := &plan{Cost: o.Cost, Target: o.Target, Form: cmp.Or(o.Form, Absolute),
		Gamma: max(cmp.Or(o.Gamma, 1), 0), StraightThrough: o.StraightThrough,
		Temperature: cmp.Or(o.Temperature, 1), TwoPaths: o.TwoPaths, Every: cmp.Or(o.Every, defaultEvery),
		BatchSize: cmp.Or(o.BatchSize, 128), LR: cmp.Or(o.LR, 0.01), Prune: cmp.Or(o.Prune, defaultPrune),
		Significance: o.Significance, Band: cmp.Or(o.Band, 0.05), Seed: o.Seed}
	p.LastTemperature = cmp.Or(o.LastTemperature, p.Temperature)
	p.Cost.Of = cmp.Or(p.Cost.Of, searchspace.CostMAdds)
	p.Cost.Max, p.Cost.Min = 0, 0
	for _, phase := range o.Phases {
		phase.Classes = slices.Clone(phase.Classes)
		p.Phases = append(p.Phases, phase)
	}
	if p.Form == NoCost {
		p.Target = 0
	}
	if err := p.Form.check(p.Target, p.Gamma); err != nil {
		return nil, err
	}
	return p, p.check()
}

// check finds numbers that make no search.
func (p *plan) check() error {
	if len(p.Phases) == 0 {
		return errors.New("pruning: no phases")
	}
	for _, phase := range p.Phases {
		if len(phase.Classes) == 0 || phase.Epochs < 1 || phase.Epochs > maxEpochs {
			return fmt.Errorf("pruning: %s with %d classes and %d epochs, expected at least one of both",
				phase.Name, len(phase.Classes), phase.Epochs)
		}
	}
	if p.Every < 1 || p.BatchSize < 1 {
		return fmt.Errorf("pruning: a step of %d images every %d updates, expected at least 1 of both",
			p.BatchSize, p.Every)
	}
	for _, v := range []struct {
		name      string
		got, most float64
		zero      bool
	}{{"temperature", p.Temperature, 1e6, false}, {"last temperature", p.LastTemperature, 1e6, false},
		{"LR", p.LR, 1e3, false}, {"fraction to prune", p.Prune, 1, false},
		{"significance", p.Significance, 1e6, true}, {"band", p.Band, 1, false}} {
		if !(v.got >= 0 && v.got <= v.most) || !v.zero && (v.got == 0 || math.IsInf(1/v.got, 0)) {
			return fmt.Errorf("pruning: %s %v, expected more than 0, up to %g", v.name, v.got, v.most)
		}
	}
	return nil
}
