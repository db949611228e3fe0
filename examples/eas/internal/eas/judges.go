package eas

import (
	"context"
	"slices"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// judges say how often architectures are right with the weights of the supernet: of each superclass
// one, about its images and among its own classes. Each remembers what it has judged.
type judges struct {
	groups [][]int
	of     []*supernet.Judge
}

// judgesOn makes judges on images.
func (e *engine) judgesOn(ds dataset.Dataset) (*judges, error) {
	all, err := e.net.On(ds, &supernet.EvalOptions{Calibration: e.images.train,
		CalibrationImages: e.cfg.Calibrated, Seed: e.cfg.Seed.For("eas.calibration")})
	if err != nil {
		return nil, err
	}
	j := &judges{groups: e.groups}
	for _, group := range e.groups {
		one, err := all.Among(group...)
		if err != nil {
			return nil, err
		}
		j.of = append(j.of, one)
	}
	return j, nil
}

// one judges an architecture on a superclass.
func (j *judges) one(ctx context.Context, k int, a searchspace.Arch) (adjuster.Tally, error) {
	m, err := j.of[k].Evaluate(ctx, a)
	return adjuster.Tally{Correct: m.Correct, Total: m.Samples}, err
}

// each judges an architecture on every superclass.
func (j *judges) each(ctx context.Context, a searchspace.Arch) (out []adjuster.Tally, err error) {
	for k := range j.of {
		t, err := j.one(ctx, k, a)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// answers says of every image of a superclass whether an architecture is right about it.
func (j *judges) answers(ctx context.Context, k int, a searchspace.Arch) (right []bool, err error) {
	err = j.of[k].Predict(ctx, a, func(probs *tensor.Dense, labels []int) error {
		p := probs.Data().([]float32)
		for i, label := range labels {
			row := p[i*len(j.groups[k]):][:len(j.groups[k])]
			right = append(right, j.groups[k][slices.Index(row, slices.Max(row))] == label)
		}
		return nil
	})
	return right, err
}

// mean is the mean of accuracies over superclasses, each of the same weight.
func mean(tallies []adjuster.Tally) (m float64) {
	for _, t := range tallies {
		m += t.Accuracy() / float64(len(tallies))
	}
	return m
}
