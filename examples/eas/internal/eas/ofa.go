package eas

import (
	"context"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// sampledPhase is the phase in which random architectures are measured for predictors.
const sampledPhase = "ofa-sampled"

func predictorPhase(method string) string { return method + "-predictors" }

// measured is an architecture and how often it is right about each superclass.
type measured struct {
	Arch    searchspace.Arch `json:"choices"`
	Tallies []adjuster.Tally `json:"tallies"`
}

// sampled measures random architectures of all costs on the images that predictors learn from, each
// for all superclasses at once.
func (e *engine) sampled(ctx context.Context) ([]measured, error) {
	return run.Once(e.job, sampledPhase, func() ([]measured, error) {
		j, err := e.judgesOn(e.images.learn)
		if err != nil {
			return nil, err
		}
		r := e.cfg.Seed.Stream("eas.ofa.sample")
		shown := e.job.Out.Phase(titleMeasure, e.cfg.OFA.Archs)
		var out []measured
		for i := range e.cfg.OFA.Archs {
			a, err := e.space.Sample(r)
			if err != nil {
				return nil, err
			}
			t, err := j.each(ctx, a)
			if err != nil {
				return nil, err
			}
			out = append(out, measured{a, t})
			shown.Set(i+1, "")
		}
		return out, nil
	})
}

// predictors are trained on what was measured: one for each superclass, or one for their mean.
func (e *engine) predictors(ctx context.Context, name string) ([]*evolution.Predictor, error) {
	list, err := e.sampled(ctx)
	if err != nil {
		return nil, err
	}
	return run.Once(e.job, predictorPhase(name), func() (out []*evolution.Predictor, err error) {
		genes := evolution.Architectures{Space: e.space}
		var inputs [][]float64
		for _, m := range list {
			inputs = append(inputs, genes.Encode(m.Arch))
		}
		fit := func(target func(m measured) float64) error {
			var targets []float64
			for _, m := range list {
				targets = append(targets, target(m))
			}
			p, err := evolution.FitPredictor(inputs, targets, &evolution.PredictorOptions{
				Seed: e.cfg.Seed.For("eas.ofa.predictor", len(out))})
			out = append(out, p)
			return err
		}
		if name == OFAV {
			return out, fit(func(m measured) float64 { return mean(m.Tallies) })
		}
		for k := range e.superclasses {
			if err := fit(func(m measured) float64 { return m.Tallies[k].Accuracy() }); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// predicting trains the predictors of a method.
func predicting(name string) func(e *engine, ctx context.Context) error {
	return func(e *engine, ctx context.Context) error {
		_, err := e.predictors(ctx, name)
		return err
	}
}

// byEvolution searches by predicted accuracies, as the code published with Once-for-all does: for
// every scenario, or once for all superclasses. The best by the prediction are then measured.
func byEvolution(name string) func(e *engine, ctx context.Context) ([]found, error) {
	return func(e *engine, ctx context.Context) ([]found, error) {
		list, err := e.predictors(ctx, name)
		if err != nil {
			return nil, err
		}
		if name == OFAV {
			return e.forAll(func(i int, budget float64) (found, error) {
				archs, err := e.evolve(ctx, list[0], e.cfg.Seed.For("eas.ofa-v", i), budget)
				if err != nil {
					return found{}, err
				}
				return e.bestForAll(ctx, archs)
			})
		}
		return e.forEach(titleSearch(name), func(i int, s scenario) (found, error) {
			archs, err := e.evolve(ctx, list[s.k], e.cfg.Seed.For("eas.ofa-t", i), s.budget)
			if err != nil {
				return found{}, err
			}
			return e.best(ctx, s.k, archs)
		})
	}
}

// evolve is an evolution within a budget; its result is what is predicted to be best.
func (e *engine) evolve(ctx context.Context, p *evolution.Predictor, seed uint64, budget float64) (
	[]searchspace.Arch, error) {
	space, err := e.within(budget)
	if err != nil {
		return nil, err
	}
	genes := evolution.Architectures{Space: space, Mutation: searchspace.MutateOptions{Rate: 0.1}}
	o := &evolution.NSGA2Options[searchspace.Arch]{BreedOptions: evolution.BreedOptions[searchspace.Arch]{
		Population: e.cfg.OFA.Population, Crossover: 0.5, Mutation: 0.5, Seed: seed}}
	s, err := evolution.NewNSGA2(genes, o)
	if err != nil {
		return nil, err
	}
	predict := func(_ context.Context, a searchspace.Arch) (evolution.Point, error) {
		v, err := p.Predict(genes.Encode(a))
		return evolution.Point{Objectives: []float64{-v}}, err
	}
	if _, err := evolution.Minimize(ctx, s, predict, &evolution.MinimizeOptions{
		Evaluations: e.cfg.OFA.Population * (1 + e.cfg.OFA.Generations)}); err != nil {
		return nil, err
	}
	var out []searchspace.Arch
	seen := map[searchspace.Arch]bool{}
	for _, found := range s.Population() {
		if !seen[found.Genome] && len(out) < e.cfg.Samples {
			seen[found.Genome] = true
			out = append(out, found.Genome)
		}
	}
	return out, nil
}
