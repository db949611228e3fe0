package eas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/searchspace"
)

// generatorPhase names the file of a method's generator.
func generatorPhase(method string) string { return method + "-generator" }

// everything is the superclass of a generator for all superclasses together.
const everything = "all"

// learners are the relaxed supernet on the images of each superclass.
func (e *engine) learners() (out []generator.Learner, err error) {
	relaxation, err := e.net.Relax(nil)
	if err != nil {
		return nil, err
	}
	all, err := relaxation.On(e.images.learn, nil)
	if err != nil {
		return nil, err
	}
	for _, group := range e.groups {
		one, err := all.Among(group...)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// learnt trains the generator of a method.
func learnt(name string) func(e *engine, ctx context.Context) error {
	return func(e *engine, ctx context.Context) error {
		_, err := e.generator(ctx, name)
		return err
	}
}

// generator is the trained generator of a method.
func (e *engine) generator(ctx context.Context, name string) (*generator.Generator, error) {
	if g := e.generators[name]; g != nil {
		return g, nil
	}
	g, err := e.trained(ctx, name)
	if err == nil {
		e.generators[name] = g
	}
	return g, err
}

func (e *engine) trained(ctx context.Context, name string) (*generator.Generator, error) {
	phase := generatorPhase(name)
	return run.Saved(ctx, e.job, phase, func(path string) (*generator.Generator, error) {
		return generator.Load(path, &generator.Options{Logger: e.job.Log})
	}, func() (*generator.Generator, error) {
		learners, err := e.learners()
		if err != nil {
			return nil, err
		}
		o := &generator.Options{Superclasses: generator.SuperclassNames(e.superclasses), Cost: e.cost,
			MultiPath: name == MultiPath, Seed: e.cfg.Seed.For("eas.generator"), Logger: e.job.Log}
		if name == EASV {
			o.Superclasses, learners = []string{everything}, []generator.Learner{together(learners)}
		}
		g, err := generator.New(e.space, o)
		if err != nil {
			return nil, err
		}
		c := &e.cfg.Generator
		shown := e.job.Out.Phase(titleLearn(name), c.Steps)
		_, err = g.Train(ctx, learners, &generator.TrainOptions{Steps: c.Steps, BatchSize: c.Batch, LR: c.LR,
			Lambda: run.OrNone(c.Lambda), Seed: e.cfg.Seed.For("eas.generator.training"),
			Checkpoint: e.job.Scratch(phase),
			Recorder: generator.RecorderFunc(func(p generator.Progress) error {
				shown.Set(p.Step, fmt.Sprintf("loss %.3f, cost %+.0f %% of the budget", p.Loss,
					100*(p.Cost/p.Budget-1)))
				return nil
			})})
		return g, err
	})
}

// byGenerator answers by a generator; of several architectures that it draws the best is taken.
func byGenerator(name string) func(e *engine, ctx context.Context) ([]found, error) {
	return func(e *engine, ctx context.Context) ([]found, error) {
		g, err := e.generator(ctx, name)
		if err != nil {
			return nil, err
		}
		if name == EASV {
			return e.forAll(func(_ int, budget float64) (found, error) {
				return e.answer(ctx, g, generator.Scenario{Superclasses: []string{everything}, Budget: budget},
					func(ctx context.Context, a searchspace.Arch) (float64, error) {
						t, err := e.choose.each(ctx, a)
						return mean(t), err
					})
			})
		}
		return e.forEach(titleChoose(name), func(_ int, s scenario) (found, error) {
			return e.answer(ctx, g, e.asked(s), func(ctx context.Context, a searchspace.Arch) (float64, error) {
				t, err := e.choose.one(ctx, s.k, a)
				return t.Accuracy(), err
			})
		})
	}
}

// mostProbable answers by the generator alone, all scenarios in one pass.
func (e *engine) mostProbable(ctx context.Context) (out []found, err error) {
	g, err := e.generator(ctx, EAS)
	if err != nil {
		return nil, err
	}
	var list []generator.Scenario
	for _, s := range e.scenarios() {
		list = append(list, e.asked(s))
	}
	answers, err := g.Generate(ctx, list, &generator.GenerateOptions{Use: leastUse,
		Seed: e.cfg.Seed.For("eas.answers")})
	for _, a := range answers {
		out = append(out, found{Arch: a.Arch})
	}
	return out, err
}

// asked is a scenario as generators know it.
func (e *engine) asked(s scenario) generator.Scenario {
	return generator.Scenario{Superclasses: []string{e.superclasses[s.k].Name}, Budget: s.budget}
}

// answer is a generator's answer, chosen by an accuracy.
func (e *engine) answer(ctx context.Context, g *generator.Generator, s generator.Scenario,
	accuracy func(context.Context, searchspace.Arch) (float64, error)) (found, error) {
	answers, err := g.Generate(ctx, []generator.Scenario{s}, &generator.GenerateOptions{
		Samples: e.cfg.Samples, Use: leastUse, Seed: e.cfg.Seed.For("eas.answers"),
		Evaluate: func(ctx context.Context, _ generator.Scenario, a searchspace.Arch) (
			searchspace.Measurement, error) {
			v, err := accuracy(ctx, a)
			return searchspace.Measurement{Arch: a, Accuracy: v}, err
		}})
	if err != nil {
		return found{}, err
	}
	return found{answers[0].Arch, answers[0].Measurement.Accuracy}, nil
}
