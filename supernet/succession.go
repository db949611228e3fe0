package supernet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Inheritance says what the models of a Succession begin with.
type Inheritance uint8

const (
	// InheritStore gives a model its slice of what all models before it wrote to one store.
	InheritStore Inheritance = iota
	// InheritBest gives it its slice of the most accurate model so far, and nothing of others.
	InheritBest
	// InheritNothing gives it nothing: every model trains from initial weights.
	InheritNothing
)

// SuccessionOptions sets up a Succession. The zero value, or a nil pointer, is the setting of
// EAT-NAS on CIFAR-10.
type SuccessionOptions struct {
	// Model is what every model is made with; nil means the default. Its Seed is not read.
	Model *Options
	// Train is how every model is trained; nil means SGD with a constant rate of 0.0256, momentum
	// 0.9, weight decay 3e-4 and batches of 128. Epochs is 1 by default here. Its Seed is not read,
	// and it can have neither Checkpoint nor From. Where several models train at a time, its
	// functions are called on several goroutines.
	Train *TrainOptions
	// Images is how many of the training images a model sees, drawn anew for each step of the
	// search; 0 = all.
	Images int
	// Eval is how every model is judged, with its own running statistics; nil means the default.
	Eval *EvalOptions
	// Inheritance is what models begin with; InheritStore by default.
	Inheritance Inheritance
	// Store is what there is to inherit at first; nil means nothing. The succession changes it.
	Store *WeightStore
	// Seed of initial weights, of images and their order, each by streams of its own.
	Seed uint64
}

// Succession measures architectures by training each for a while, from what models before it left,
// and leaves its weights to those after it. It is the evaluator of EAT-NAS for searches: of package
// evolution's, it is a StepEvaluator.
//
// A search asks for architectures in steps. All models of a step begin with what the steps that had
// ended by then left, draw the same images, and write in the order in which they were asked for
// when the step ends. So measurements depend on which steps overlap, which a search decides by
// itself, and not on the number of workers. They are stamped with the version of the store that
// their model read, and do not compare with others as those of one set of weights do: later models
// have seen more images. A model that could not be measured leaves nothing.
//
// Its methods are safe for concurrent use.
//
// See Algorithm 2 of Fang et al., "EAT-NAS: Elastic Architecture Transfer for Accelerating
// Large-scale Neural Architecture Search", 2019.
type Succession struct {
	space      *searchspace.Space
	train, val dataset.Dataset
	opts       SuccessionOptions
	training   TrainOptions
	store      *WeightStore
	identity   successionIdentity

	one   chan struct{} // the turn of Evaluate
	mutex sync.Mutex    // of what follows
	steps map[int][]*heir
	ended int     // steps
	best  float64 // accuracy of the model in store, under InheritBest
}

// heir is a model of a step that has not ended.
type heir struct {
	arch     searchspace.Arch
	version  uint64               // of the store, when it read
	turn     chan struct{}        // to train it
	values   map[string][]float32 // what it begins with; once it is measured, what it learned
	measured *searchspace.Measurement
}

// NewSuccession prepares to train models of a space on train and judge them on val. The classes of
// both are matched with those of the models by name.
func NewSuccession(space *searchspace.Space, train, val dataset.Dataset, o *SuccessionOptions) (*Succession, error) {
	s, err := newSuccession(space, train, val, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: succession: %w", err)
	}
	return s, nil
}

func newSuccession(space *searchspace.Space, train, val dataset.Dataset, o *SuccessionOptions) (*Succession, error) {
	if space == nil {
		return nil, errors.New("no space")
	}
	if err := dataset.Check(val); err != nil {
		return nil, fmt.Errorf("%w: images to judge on: %w", ErrData, err)
	}
	s := &Succession{space: space, train: train, val: val, steps: make(map[int][]*heir),
		one: make(chan struct{}, 1)}
	if o != nil {
		s.opts = *o
	}
	s.training = TrainOptions{BatchSize: 128, LR: 0.0256, Schedule: Constant, WeightDecay: 3e-4}
	if s.opts.Train != nil {
		s.training = *s.opts.Train
	}
	s.training.Epochs = cmp.Or(s.training.Epochs, 1)
	s.training.Seed = 0
	if s.training.Checkpoint != "" || s.training.From != "" {
		return nil, errors.New("models of a succession cannot share a training checkpoint")
	}
	plan, err := planOf(&s.training, train, space.Classes())
	if err != nil {
		return nil, err
	}
	if s.opts.Images < 0 || s.opts.Images > train.Len() {
		return nil, fmt.Errorf("%d images for each model, expected 0 to %d", s.opts.Images, train.Len())
	}
	if s.opts.Inheritance > InheritNothing {
		return nil, fmt.Errorf("inheritance %d, expected at most %d", s.opts.Inheritance, InheritNothing)
	}
	if s.store = s.opts.Store; s.store == nil {
		s.store = NewWeightStore()
	}
	return s, s.identify(plan)
}

// Store is what models read and write. It is safe to use while a search is at work, which sees what
// is written to it.
func (s *Succession) Store() *WeightStore { return s.store }

// BeginStep makes the models of a step, with what they inherit. A step that is known, as those of a
// resumed succession are, stays as it is; then the architectures must be the same.
func (s *Succession) BeginStep(step int, archs []searchspace.Arch) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.begin(step, archs); err != nil {
		return fmt.Errorf("supernet: succession: step %d: %w", step, err)
	}
	return nil
}

func (s *Succession) begin(step int, archs []searchspace.Arch) error {
	if step < s.ended {
		return nil
	}
	var heirs []*heir
	for _, a := range archs {
		if slices.ContainsFunc(heirs, func(h *heir) bool { return h.arch == a }) {
			continue // it would learn the same
		}
		heirs = append(heirs, &heir{arch: a, turn: make(chan struct{}, 1)})
	}
	if known, ok := s.steps[step]; ok {
		if !slices.EqualFunc(known, heirs, func(a, b *heir) bool { return a.arch == b.arch }) {
			return errors.New("begun before with other architectures")
		}
		return nil
	}
	for _, h := range heirs {
		m, err := s.model(step, h)
		if err != nil {
			return err
		}
		if s.opts.Inheritance != InheritNothing {
			h.version = s.store.WeightVersion()
			if err := s.store.Read(context.Background(), m); err != nil {
				return err
			}
		}
		h.values = m.values()
	}
	s.steps[step] = heirs
	return nil
}

// model is a model of a step, with the values that are known of it.
func (s *Succession) model(step int, h *heir) (*Model, error) {
	var o Options
	if s.opts.Model != nil {
		o = *s.opts.Model
	}
	o.Seed = stream.Seed(s.opts.Seed, "supernet.succession.weights", uint64(step))
	m, err := NewModel(s.space, h.arch, &o)
	if err != nil {
		return nil, err
	}
	m.takeNames(s.train)
	return m, m.setValues(h.values)
}

// EvaluateStep trains a model of a step that has begun, and judges it. What was measured before is
// returned as it is. An error leaves the model as it was.
func (s *Succession) EvaluateStep(ctx context.Context, a searchspace.Arch, step int) (searchspace.Measurement, error) {
	m, err := s.evaluate(ctx, a, step)
	if err != nil {
		return searchspace.Measurement{}, fmt.Errorf("supernet: succession: step %d: %w", step, err)
	}
	return m, nil
}

func (s *Succession) evaluate(ctx context.Context, a searchspace.Arch, step int) (v searchspace.Measurement, err error) {
	s.mutex.Lock()
	heirs := s.steps[step]
	s.mutex.Unlock()
	i := slices.IndexFunc(heirs, func(h *heir) bool { return h.arch == a })
	if i < 0 {
		return v, errors.New("an architecture that it did not begin with")
	}
	h := heirs[i]
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return v, ctx.Err()
	}
	if h.measured != nil {
		return *h.measured, nil
	}
	m, err := s.model(step, h)
	if err != nil {
		return v, err
	}
	if v, err = s.teach(ctx, m, step); err != nil {
		return v, err
	}
	v.WeightVersion, v.Text = h.version, s.space.Format(a)
	learned := m.values()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	h.values, h.measured = learned, &v
	return v, nil
}

// teach trains and judges a model of a step.
func (s *Succession) teach(ctx context.Context, m *Model, step int) (v searchspace.Measurement, err error) {
	train, o := s.train, s.training
	if n := s.opts.Images; n > 0 && n < train.Len() {
		order := stream.New(s.opts.Seed, "supernet.succession.images", uint64(step)).Perm(train.Len())
		if train, err = dataset.Subset(train, order[:n]); err != nil {
			return v, err
		}
	}
	o.Seed = stream.Seed(s.opts.Seed, "supernet.succession.training", uint64(step))
	if _, err := m.Train(ctx, train, &o); err != nil {
		return v, err
	}
	return m.Evaluate(ctx, s.val, s.opts.Eval)
}

// EndStep writes what the models of a step learned. Steps end in their order; one that has ended is
// left alone.
func (s *Succession) EndStep(ctx context.Context, step int) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.end(ctx, step); err != nil {
		return fmt.Errorf("supernet: succession: step %d: %w", step, err)
	}
	return nil
}

func (s *Succession) end(ctx context.Context, step int) error {
	if step < s.ended {
		return nil
	}
	heirs, ok := s.steps[step]
	if !ok || step != s.ended {
		return fmt.Errorf("ends, expected %d after it began", s.ended)
	}
	// All or nothing, so that it can be tried again.
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, h := range heirs {
		if h.measured == nil || s.opts.Inheritance == InheritNothing {
			continue
		}
		if s.opts.Inheritance == InheritBest {
			if h.measured.Accuracy <= s.best {
				continue
			}
			s.best = h.measured.Accuracy
			s.store.replace(&WeightStore{tensors: make(arrays), version: s.store.WeightVersion()})
		}
		m, err := s.model(step, h)
		if err != nil {
			return err
		}
		if err := s.store.Write(context.WithoutCancel(ctx), m); err != nil {
			return err
		}
	}
	delete(s.steps, step)
	s.ended++
	return nil
}

// Evaluate is a step with one architecture: for use one at a time, without a search that knows
// steps. Concurrent calls take turns.
func (s *Succession) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	select {
	case s.one <- struct{}{}:
		defer func() { <-s.one }()
	case <-ctx.Done():
		return searchspace.Measurement{}, fmt.Errorf("supernet: succession: %w", ctx.Err())
	}
	s.mutex.Lock()
	step := s.ended
	s.mutex.Unlock()
	if err := s.BeginStep(step, []searchspace.Arch{a}); err != nil {
		return searchspace.Measurement{}, err
	}
	v, err := s.EvaluateStep(ctx, a, step)
	if err != nil {
		s.mutex.Lock()
		delete(s.steps, step)
		s.mutex.Unlock()
		return searchspace.Measurement{}, err
	}
	return v, s.EndStep(ctx, step)
}
