package main

import (
	"time"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/examples/internal/machine"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// timer makes networks that can be timed.
type timer interface {
	open(space *searchspace.Space, a searchspace.Arch, c *config) (network, error)
	cpu() string // name of the processor
}

// network is a network and a batch of images for it.
type network interface {
	graph() *searchspace.Graph
	kernels() string
	whole() (seconds float64, err error)
	parts() (*supernet.Profile, error)
}

// supernetTimer times networks of package supernet.
type supernetTimer struct{}

type timed struct {
	model  *supernet.Model
	images *tensor.Dense
}

func (supernetTimer) open(space *searchspace.Space, a searchspace.Arch, c *config) (network, error) {
	m, err := supernet.NewModel(space, a, &supernet.Options{Seed: uint64(c.seed), Workers: c.workers})
	if err != nil {
		return nil, err
	}
	size := space.InputSize()
	r := c.seed.Stream(streamWeights)
	x := make([]float32, c.batch*3*size*size)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return &timed{m, tensor.New(tensor.WithShape(c.batch, 3, size, size), tensor.WithBacking(x))}, nil
}

func (t *timed) graph() *searchspace.Graph { return t.model.Graph() }

func (t *timed) kernels() string { return t.model.KernelPath() }

func (t *timed) whole() (float64, error) {
	start := time.Now()
	_, err := t.model.ClassifyTensor(t.images)
	return time.Since(start).Seconds(), err
}

func (t *timed) parts() (*supernet.Profile, error) { return t.model.Profile(t.images) }

func (supernetTimer) cpu() string { return machine.CPU() }
