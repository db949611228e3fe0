package supernet

import (
	"context"
	"fmt"
	"sync"

	backend "github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Model is a standalone network: one architecture with weights of its own.
//
// Its methods may be called from several goroutines; training, evaluation and the like take turns.
// Classify and ClassifyTensor run concurrently with each other, and between the steps of a
// training.
type Model struct {
	*network
	arch searchspace.Arch
	prog *program

	mu   sync.Mutex
	idle []*runner // of Classify
}

// NewModel makes the network of an architecture with initial weights.
func NewModel(space *searchspace.Space, arch searchspace.Arch, o *Options) (*Model, error) {
	if o == nil {
		o = &Options{}
	}
	if space == nil {
		return nil, fmt.Errorf("supernet: model: no space")
	}
	b, err := newBackend(o)
	if err != nil {
		return nil, fmt.Errorf("supernet: model: %w", err)
	}
	m, err := newModel(b, space, arch, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: model: %w", err)
	}
	return m, nil
}

func newModel(b backend.Backend, space *searchspace.Space, arch searchspace.Arch,
	o *Options) (*Model, error) {
	return modelFrom(initialWeights, b, space, arch, o)
}

func modelFrom(from beginning, b backend.Backend, space *searchspace.Space, arch searchspace.Arch,
	o *Options) (*Model, error) {
	g, err := space.Lower(arch)
	if err != nil {
		return nil, err
	}
	base, err := newNetwork(b, space, specsOfGraph(g, own{}), o, from)
	if err != nil {
		return nil, err
	}
	m := &Model{network: base, arch: arch}
	m.prog, err = compile(arch, g, base.store)
	return m, err
}

// Arch returns the architecture.
func (m *Model) Arch() searchspace.Arch { return m.arch }

// Space returns the space that the model was made for, with its present number of classes.
func (m *Model) Space() *searchspace.Space { return m.currentSpace() }

// Classes returns the number of classes.
func (m *Model) Classes() int { return m.currentSpace().Classes() }

// WeightVersion counts the changes of the weights, and of the names of classes. Measurements of
// different versions do not compare.
func (m *Model) WeightVersion() uint64 { return m.version.Load() }

// SetStage sets the number of the data snapshot that measurements are stamped with.
func (m *Model) SetStage(stage int) { m.stage.Store(int64(stage)) }

// Stage returns the number set with SetStage.
func (m *Model) Stage() int { return int(m.stage.Load()) }

// Params counts the stored numbers that training moves: weights, biases, batch-norm scales and
// shifts.
func (m *Model) Params() int64 { return m.params() }

// KernelPath names the device and kernels that compute. Results have equal bits only under equal
// names.
func (m *Model) KernelPath() string { return m.backend.Name() }

// Graph returns the layers. The caller must not change it.
func (m *Model) Graph() *searchspace.Graph {
	m.weights.RLock()
	defer m.weights.RUnlock()
	return m.prog.graph
}

// Train trains the model, or goes on training it. See TrainOptions for what is done by default, how
// an interrupted training goes on, and how classes are matched. When the context ends, the weights
// trained so far stay, and the result says how far it came. The Recorder must not call methods that
// compute on this model, Classify excepted.
func (m *Model) Train(ctx context.Context, train dataset.Dataset, o *TrainOptions) (*TrainResult, error) {
	if o == nil {
		o = &TrainOptions{}
	}
	if err := m.acquire(ctx); err != nil {
		return unbegun(ctx, err), fmt.Errorf("supernet: train: %w", err)
	}
	defer m.release()
	j := job{
		identity: identity{Network: "model", Space: m.space.Spec(), Arch: m.space.Format(m.arch)},
		sampler:  Cycle(m.arch), every: 1,
		program: func(searchspace.Arch) (*program, error) { return m.prog, nil },
	}
	if o.Validation != nil {
		im, err := m.images(o.Validation, o.ValidationOptions)
		if err != nil {
			return unbegun(ctx, err), fmt.Errorf("supernet: train: validation: %w", err)
		}
		j.judged = judging(o)
		j.validate = func(ctx context.Context) (Validation, error) {
			v, err := m.measure(ctx, m.prog, im, nil, evaluating)
			return Validation{Accuracy: v.Accuracy, Loss: v.Loss}, err
		}
	}
	res, err := m.train(ctx, train, o, j)
	if err != nil {
		return res, fmt.Errorf("supernet: train: %w", err)
	}
	return res, nil
}

// Recalibrate replaces the running statistics of batch norms by those of images of a training set,
// without augmentation. Of o CalibrationImages, CalibrationBatch and Seed count. It helps after
// training with few or small batches, and when weights came from elsewhere.
func (m *Model) Recalibrate(ctx context.Context, train dataset.Dataset, o *EvalOptions) error {
	e := EvalOptions{}
	if o != nil {
		e = *o
	}
	e.Calibration, e.Statistics = train, Recalibrated
	im, err := m.calibration(&e)
	if err != nil {
		return fmt.Errorf("supernet: recalibrate: %w", err)
	}
	if err := m.acquireToChange(ctx); err != nil {
		return fmt.Errorf("supernet: recalibrate: %w", err)
	}
	defer m.release()
	if err := m.recalibrate(ctx, im); err != nil {
		return fmt.Errorf("supernet: recalibrate: %w", err)
	}
	return nil
}

// recalibrate gathers statistics aside and puts them in place when all are there. The caller has
// the turn.
func (m *Model) recalibrate(ctx context.Context, im *images) (err error) {
	defer backend.Recover(&err)
	stats := m.ownStats(m.prog)
	if err := m.gather(ctx, m.prog, im, stats); err != nil {
		return err
	}
	m.weights.Lock()
	defer m.weights.Unlock()
	st := m.runner.tape.Stream()
	for i, n := range m.prog.norms {
		norm, err := m.store.norm(n)
		if err != nil {
			return err
		}
		copyVec(st, norm.Stats.Mean, stats[i].Mean)
		copyVec(st, norm.Stats.Var, stats[i].Var)
	}
	m.version.Add(1)
	return st.Sync()
}

// copyVec copies as many elements as the destination has.
func copyVec(st backend.Stream, to, from backend.Vec) {
	st.Copy(to.Buf, to.Off, from.Buf, from.Off, to.Len)
}
