package supernet

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Mixture is a supernet that learns as the mixture of its architectures, with data: in every step
// the choices of every decision have a share in the output, as rows of numbers say, and weights and
// rows learn in turn. It has a present space and present classes, which Narrow changes: choices
// that are gone cost nothing any more. Package pruning searches with it (DA-NAS).
//
// The weights are those of the Net; one Mixture of a Net should be at work at a time. It is for one
// goroutine.
type Mixture struct {
	net               *Net
	train, validation dataset.Dataset
	o                 MixtureOptions
	relax             *Relaxation
	classes           []int           // present ones; nil: all
	part              dataset.Dataset // training images of the present classes
	loss              *RelaxedLoss    // of validation images of the present classes
}

// MixtureOptions configures Net.Mixture. The zero value, or a nil pointer, is the default.
type MixtureOptions struct {
	// Train is how weights are trained. What a Mixture decides itself has to be zero: Epochs,
	// Masks, Subnets, Validation, Checkpoint, From.
	Train TrainOptions
	// Relax is how losses of rows are computed. What a Mixture decides itself has to be zero:
	// Classes, SkipZeros, which is always set.
	Relax RelaxOptions
	// MemoryLimit bounds the activations and gradients of a step, in bytes, as Relaxation.StepBytes
	// estimates them: a step that needs more is not begun, with an error that wraps ErrMemory. 0 is
	// no limit.
	MemoryLimit int64
}

// RowSource gives the rows that the weights are trained with. It is a name for a type without one,
// so that packages which do not know this one can have it in their interfaces.
type RowSource = interface {
	// Rows gives the rows of a training step, counted from 0 in every call of Mixture.Train. It is
	// called once before each step, those of a training that is interrupted and goes on included,
	// between two updates, and may ask for losses and gradients of the Mixture meanwhile; it may
	// keep the rows, and change them in its next call. An error ends the training; what the source
	// has learnt must then be as it was before the call.
	Rows(ctx context.Context, step int) (searchspace.Relaxed, error)
	// Identity describes everything that Rows depends on beside what was learnt. It is part of a
	// checkpoint.
	Identity() string
	// What the source has learnt, the architecture weights and the state of their optimiser say,
	// lies in checkpoints beside the weights: see StatefulSampler.
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Mixture binds training and validation images. All choices of the supernet's space and all classes
// are there to begin with. Classes are matched by name, as in Train and On.
//
// The error wraps what that of Relax does, and ErrData for images that do not fit.
func (n *Net) Mixture(train, validation dataset.Dataset, o *MixtureOptions) (*Mixture, error) {
	if o == nil {
		o = &MixtureOptions{}
	}
	m := &Mixture{net: n, train: train, validation: validation, o: *o}
	err := o.check()
	if err == nil {
		err = checkData(train, n.Space().InputSize())
	}
	if err == nil {
		err = m.bind(n.Space(), nil)
	}
	if err != nil {
		return nil, fmt.Errorf("supernet: mixture: %w", err)
	}
	return m, nil
}

// check refuses options that the mixture would overrule.
func (o *MixtureOptions) check() error {
	t := &o.Train
	s := &t.Subnets
	switch {
	case t.Epochs != 0, t.Masks != nil, t.Checkpoint != "", t.From != "", t.Validation != nil,
		s.Sampler != nil, s.StepsPerDraw != 0, s.Validation != nil:
		return errors.New("training with epochs, masks, sub-networks, validation or files of its own, " +
			"expected none of them")
	case o.Relax.Classes != nil, o.Relax.SkipZeros:
		return errors.New("losses with classes or a treatment of zeros of their own, expected neither")
	}
	return nil
}

// Narrow sets the present space, the supernet's or a restriction of it, and the present classes, by
// their numbers in the network; nil is all. From now on only images of these classes are trained
// on, only validation images of these may be asked about, and only they are in the softmax. Both
// may become more again: weights of what is gone stay as they are. The step memory of the largest
// mixture so far is given back. While the supernet is trained the error is ErrTraining.
func (m *Mixture) Narrow(ctx context.Context, space *searchspace.Space, classes []int) error {
	if err := m.narrow(ctx, space, classes); err != nil {
		return fmt.Errorf("supernet: narrow: %w", err)
	}
	return nil
}

func (m *Mixture) narrow(ctx context.Context, space *searchspace.Space, classes []int) error {
	if err := m.net.acquireToChange(ctx); err != nil {
		return err
	}
	defer m.net.release()
	if err := m.bind(space, classes); err != nil {
		return err
	}
	m.net.forgetSteps()
	return nil
}

// bind makes space and classes the present ones.
func (m *Mixture) bind(space *searchspace.Space, classes []int) error {
	relax, err := m.net.Relax(space)
	if err != nil {
		return err
	}
	o := m.o.Relax
	o.Classes, o.SkipZeros = classes, true
	loss, err := relax.On(m.validation, &o)
	if err != nil {
		return err
	}
	part := m.train
	if classes != nil {
		if part, err = m.net.ofClasses(m.train, classes); err != nil {
			return err
		}
	}
	if m.loss != nil {
		loss.data.cache = m.loss.data.cache // of all validation images
	}
	m.relax, m.classes, m.part, m.loss = relax, slices.Clone(classes), part, loss
	return nil
}

// ofClasses is the images of some classes of the network.
func (n *network) ofClasses(ds dataset.Dataset, classes []int) (dataset.Dataset, error) {
	numbers := n.classList().number(ds.Classes())
	var labels []int
	for label := range ds.Classes() {
		if slices.Contains(classes, numbers.class(label)) {
			labels = append(labels, label)
		}
	}
	part, err := dataset.KeepClasses(ds, labels...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	return part, nil
}

// forgetSteps gives step memory back. The caller has the turn.
func (n *network) forgetSteps() { n.runner, n.scratch = newRunner(n.backend), nil }

// Space is the present space.
func (m *Mixture) Space() *searchspace.Space { return m.relax.Space() }

// Labels lists the classes of all validation images, by their numbers in the network, −1 for those
// that it does not know. Their places are the numbers of images in Gradient.
func (m *Mixture) Labels() []int {
	numbers := m.net.classList().number(m.validation.Classes())
	out := make([]int, m.validation.Len())
	for i := range out {
		out[i] = numbers.class(m.validation.Label(i))
	}
	return out
}
