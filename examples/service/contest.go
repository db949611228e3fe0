package main

import (
	"context"
	"errors"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// contest judges architectures by models that are trained for it, each when it is first asked for.
// One whose training diverges has lost, and need not end the search.
type contest struct {
	learner
	phase  string          // whose time training takes
	images dataset.Dataset // in a random order, since they are judged on in blocks
	train  trainer
	models models // nil: it has lost
}

// trainer makes an architecture a model that is to be judged.
type trainer func(ctx context.Context, a searchspace.Arch) (*supernet.Model, error)

func newContest(l learner, phase string, held dataset.Dataset, train trainer) *contest {
	return &contest{l, phase, held, train, models{}}
}

// Len is the number of images to judge on.
func (c *contest) Len() int { return c.images.Len() }

// Evaluate judges an architecture on all images.
func (c *contest) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return c.EvaluateRange(ctx, a, 0, c.Len())
}

// EvaluateRange judges an architecture on the images from to to−1.
func (c *contest) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (
	searchspace.Measurement, error) {
	model, err := c.model(ctx, a)
	if err != nil {
		return searchspace.Measurement{Arch: a}, err
	}
	if model == nil {
		return searchspace.Measurement{Arch: a, Samples: to - from, Loss: lostLoss}, nil
	}
	images, err := interval(c.images, from, to)
	if err != nil {
		return searchspace.Measurement{Arch: a}, err
	}
	return model.Evaluate(ctx, images, nil)
}

// lostLoss is the loss of what has lost: as high as that of one image can be.
const lostLoss = 1e6

// model is that of an architecture, nil if it has lost.
func (c *contest) model(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
	model, known := c.models[a]
	if known {
		return model, nil
	}
	defer c.metrics.time(c.phase)()
	model, err := c.train(ctx, a)
	if errors.Is(err, supernet.ErrNotFinite) {
		c.log.Warn("an architecture has lost", "phase", c.phase, "error", err)
		model, err = nil, nil
	}
	if err == nil {
		c.models[a] = model
	}
	return model, err
}
