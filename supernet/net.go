package supernet

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Net is a supernet: the shared weights of all sub-networks of a space.
//
// Its methods may be called from several goroutines; those that compute take turns.
type Net struct {
	*network
	sharing  Sharing
	programs map[searchspace.Arch]*program
}

// keptPrograms bounds the lowered sub-networks that a Net remembers.
const keptPrograms = 128

// New makes a supernet with initial weights for all networks of a space. When training narrows or
// widens the space on its way (searchspace.Space.Restrict), make the supernet for the widest one;
// samplers and archs may come from any restriction of it.
func New(space *searchspace.Space, o *Options) (*Net, error) {
	if o == nil {
		o = &Options{}
	}
	if space == nil {
		return nil, errors.New("supernet: no space")
	}
	scheme, err := o.Sharing.scheme()
	if err != nil {
		return nil, fmt.Errorf("supernet: %w", err)
	}
	ss, err := specsOfSpace(space, scheme)
	if err != nil {
		return nil, fmt.Errorf("supernet: %w", err)
	}
	n, err := newNet(space, ss, o, initialWeights)
	if err != nil {
		return nil, fmt.Errorf("supernet: %w", err)
	}
	return n, nil
}

func newNet(space *searchspace.Space, ss *specs, o *Options, from beginning) (*Net, error) {
	b, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	base, err := newNetwork(b, space, ss, o, from)
	if err != nil {
		return nil, err
	}
	return &Net{network: base, sharing: o.Sharing, programs: make(map[searchspace.Arch]*program)}, nil
}

// Sharing returns the form of weight sharing.
func (n *Net) Sharing() Sharing { return n.sharing }

// Space returns the space that the supernet was made for, with its present number of classes.
func (n *Net) Space() *searchspace.Space { return n.currentSpace() }

// Classes returns the number of classes.
func (n *Net) Classes() int { return n.currentSpace().Classes() }

// WeightVersion counts the changes of the weights, and of the names of classes. Measurements of
// different versions do not compare.
func (n *Net) WeightVersion() uint64 { return n.version.Load() }

// SetStage sets the number of the data snapshot that measurements are stamped with.
func (n *Net) SetStage(stage int) { n.stage.Store(int64(stage)) }

// Stage returns the number set with SetStage.
func (n *Net) Stage() int { return int(n.stage.Load()) }

// Params counts the stored numbers that training moves: weights, biases, batch-norm scales and
// shifts.
func (n *Net) Params() int64 { return n.params() }

// KernelPath names the device and kernels that compute. Results have equal bits only under equal
// names.
func (n *Net) KernelPath() string { return n.backend.Name() }

// program lowers a sub-network. The caller has the turn.
func (n *Net) program(a searchspace.Arch) (*program, error) {
	if p := n.programs[a]; p != nil {
		return p, nil
	}
	g, err := n.space.Lower(a)
	if err != nil {
		return nil, err
	}
	if err := n.admit(a, g); err != nil {
		return nil, err
	}
	p, err := compile(a, g, n.store)
	if err != nil {
		return nil, err
	}
	if len(n.programs) >= keptPrograms {
		clear(n.programs)
	}
	n.programs[a] = p
	return p, nil
}

// Extract returns a sub-network as a standalone model with copies of its weights and with
// batch-norm statistics gathered on 2000 images of calibration, as Judge.Evaluate does by default.
// When calibration is nil it gets the shared running statistics.
func (n *Net) Extract(ctx context.Context, a searchspace.Arch, calibration dataset.Dataset) (*Model, error) {
	o := &EvalOptions{Calibration: calibration}
	if calibration == nil {
		o.Statistics = Running
	}
	images, err := n.calibration(o)
	if err != nil {
		return nil, fmt.Errorf("supernet: extract: %w", err)
	}
	m, err := n.extract(ctx, a, images)
	if err != nil {
		return nil, fmt.Errorf("supernet: extract: %w", err)
	}
	return m, nil
}

// extract copies a sub-network; statistics are gathered on calibration, or copied where it is nil.
func (n *Net) extract(ctx context.Context, a searchspace.Arch, calibration *images) (*Model, error) {
	if err := n.acquire(ctx); err != nil {
		return nil, err
	}
	defer n.release()
	p, err := n.program(a)
	if err != nil {
		return nil, err
	}
	m, err := modelFrom(zeros, n.backend, n.space, a, n.options())
	if err != nil {
		return nil, err
	}
	if err := m.inherit(n.network, links(p.graph, n.store, p.graph, m.store)); err != nil {
		return nil, err
	}
	m.SetStage(n.Stage())
	if calibration != nil {
		if err := m.recalibrate(ctx, calibration); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// calibration is the images that statistics are gathered on, nil for none.
func (n *network) calibration(o *EvalOptions) (*images, error) {
	switch o.Statistics {
	case Recalibrated:
	case Running, OfBatch:
		return nil, nil
	default:
		return nil, fmt.Errorf("statistics %d, expected Recalibrated, Running or OfBatch", o.Statistics)
	}
	if o.Calibration == nil {
		return nil, fmt.Errorf("%w: no calibration images; set EvalOptions.Calibration to training data, "+
			"or Statistics to Running", ErrData)
	}
	if err := checkData(o.Calibration, n.currentSpace().InputSize()); err != nil {
		return nil, err
	}
	ds, err := calibrationSet(o.Calibration, o.CalibrationImages, o.Seed)
	if err != nil {
		return nil, err
	}
	im := newImages(ds, o.CalibrationBatch, n.norm, o.CacheBytes)
	im.cache.join = true
	return im, nil
}
