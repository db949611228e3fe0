package supernet

import (
	"time"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/machine"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// latencyTimer makes networks that can be timed.
type latencyTimer interface {
	open(space *searchspace.Space, a searchspace.Arch, o *LatencyOptions) (timedNetwork, error)
	cpu() string // name of the processor
}

// timedNetwork is a network and a batch of images for it.
type timedNetwork interface {
	graph() *searchspace.Graph
	kernels() string
	whole() (seconds float64, err error)
	parts() (*Profile, error)
}

// modelTimer times models.
type modelTimer struct{}

type timedModel struct {
	model  *Model
	images *tensor.Dense
}

func (modelTimer) open(space *searchspace.Space, a searchspace.Arch,
	o *LatencyOptions) (timedNetwork, error) {
	m, err := NewModel(space, a, &Options{Seed: o.Seed, Workers: o.workers(), Device: o.Device})
	if err != nil {
		return nil, err
	}
	size := space.InputSize()
	r := stream.New(o.Seed, "supernet.latency.noise")
	x := make([]float32, o.Batch*3*size*size)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	images := tensor.New(tensor.WithShape(o.Batch, 3, size, size), tensor.WithBacking(x))
	return &timedModel{m, images}, nil
}

func (t *timedModel) graph() *searchspace.Graph { return t.model.Graph() }

func (t *timedModel) kernels() string { return t.model.KernelPath() }

func (t *timedModel) whole() (float64, error) {
	start := time.Now()
	_, err := t.model.ClassifyTensor(t.images)
	return time.Since(start).Seconds(), err
}

func (t *timedModel) parts() (*Profile, error) { return t.model.Profile(t.images) }

func (modelTimer) cpu() string { return machine.CPU() }

// workers bounds the goroutines of the CPU; other devices have none.
func (o *LatencyOptions) workers() int {
	if o.Device != nil {
		return 0
	}
	return o.Workers
}
