package supernet

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Train trains the shared weights. TrainOptions.Subnets.Sampler says which sub-networks run in a
// step, by default a random one that changes every five steps. See TrainOptions for what else is
// done by default, how an interrupted training goes on, and how classes are matched. When the
// context ends, the weights trained so far stay, and the result says how far it came. The Recorder
// must not call methods that compute on this Net.
func (n *Net) Train(ctx context.Context, train dataset.Dataset, o *TrainOptions) (*TrainResult, error) {
	if o == nil {
		o = &TrainOptions{}
	}
	res, err := n.turnAndRun(ctx, train, o)
	if err != nil {
		return res, fmt.Errorf("supernet: train: %w", err)
	}
	return res, nil
}

// turnAndRun is run for who has no turn.
func (n *Net) turnAndRun(ctx context.Context, train dataset.Dataset, o *TrainOptions) (*TrainResult, error) {
	if err := n.acquire(ctx); err != nil {
		return unbegun(ctx, err), err
	}
	defer n.release()
	return n.run(ctx, train, o)
}

// run trains. The caller has the turn.
func (n *Net) run(ctx context.Context, train dataset.Dataset, o *TrainOptions) (*TrainResult, error) {
	j := job{shared: true, identity: n.identity(), sampler: o.Subnets.Sampler,
		every: orInt(o.Subnets.StepsPerDraw, defaultStepsPerDraw), program: n.program}
	if j.sampler == nil {
		j.sampler = Uniform(n.space, o.Seed)
	}
	if j.every < 1 {
		err := fmt.Errorf("%d steps per draw, expected at least 1", o.Subnets.StepsPerDraw)
		return unbegun(ctx, err), err
	}
	if o.Validation != nil {
		judge, err := n.validator(train, o)
		if err != nil {
			return unbegun(ctx, err), err
		}
		j.validate = judge
		j.judged = judging(o)
	}
	return n.train(ctx, train, o, j)
}

// validator judges the supernet by the mean of some sub-networks.
func (n *Net) validator(train dataset.Dataset,
	o *TrainOptions) (func(ctx context.Context) (Validation, error), error) {
	eval := EvalOptions{}
	if o.ValidationOptions != nil {
		eval = *o.ValidationOptions
	}
	if eval.Calibration == nil {
		eval.Calibration = train
	}
	b, err := n.on(o.Validation, &eval)
	if err != nil {
		return nil, fmt.Errorf("validation: %w", err)
	}
	archs := o.Subnets.Validation
	if len(archs) == 0 {
		archs = slices.Compact([]searchspace.Arch{n.space.Smallest(), n.space.Largest()})
	}
	for _, a := range archs {
		if err := n.space.Valid(a); err != nil {
			return nil, fmt.Errorf("validation: %w", err)
		}
	}
	return func(ctx context.Context) (v Validation, err error) {
		for _, a := range archs {
			m, err := b.evaluate(ctx, a)
			if err != nil {
				return v, err
			}
			v.Accuracy += m.Accuracy / float64(len(archs))
			v.Loss += m.Loss / float64(len(archs))
		}
		return v, nil
	}, nil
}
