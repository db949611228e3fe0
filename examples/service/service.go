package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"sync/atomic"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// Config sets a Service up.
type Config struct {
	Space      searchspace.MobileNetV3Options // Classes follow the data
	Supernet   supernet.TrainOptions          // each time the supernet is fine-tuned
	Retrain    supernet.TrainOptions          // each time a model is trained for service
	Adjuster   adjuster.Options
	Condition  adjuster.Condition
	Validation float64 // fraction of the data that proposals are judged on
	Seed       uint64
}

// Service classifies images while it takes in labelled batches and changes its architecture when
// they ask for it. Classify may be called from any number of goroutines at any time; Receive
// belongs to one goroutine.
type Service struct {
	serving atomic.Pointer[supernet.Model]

	classes []string // names; never change

	// What follows belongs to the goroutine that receives.
	cfg    Config
	expert *adjuster.Expert
	net    *supernet.Net
	data   dataset.Dataset // D_t: everything received so far

	reading adjuster.Reading     // the serving model on D_t: updated by every batch
	base    *wasserstein.Moments // of the data that the serving model was trained on
	now     *wasserstein.Moments // of D_t, seen through the same model
}

// Start trains the first model on the first data. Batches must have the same class names as first;
// classes may be without images for now, but must arrive in the order of their labels.
func Start(ctx context.Context, first dataset.Dataset, cfg Config) (*Service, error) {
	cfg.Space.Classes = classesIn(first)
	space, err := searchspace.MobileNetV3(cfg.Space)
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, data: first, classes: first.Classes()}
	policy, err := adjuster.New(space, &cfg.Adjuster)
	if err != nil {
		return nil, err
	}
	if s.expert, err = adjuster.NewExpert(policy,
		&adjuster.ExpertOptions{Condition: cfg.Condition}); err != nil {
		return nil, err
	}
	if s.net, err = supernet.New(space, &supernet.Options{Seed: cfg.Seed}); err != nil {
		return nil, err
	}
	if _, err := s.expert.Advance(ctx, (*learner)(s)); err != nil {
		return nil, err
	}
	return s, nil
}

// Classify answers with the model that serves at this moment. A swap during the call changes
// nothing for it: it finishes on the model that it began with.
func (s *Service) Classify(img image.Image) (class string, probability float32, err error) {
	label, probs, err := s.serving.Load().Classify(img)
	if err != nil {
		return "", 0, err
	}
	return s.classes[label], probs[label], nil
}

// Model is the model that serves at this moment.
func (s *Service) Model() *supernet.Model { return s.serving.Load() }

// Receive takes a batch in: it updates accuracy and moments with the new images alone, decides,
// and, when the decision is to adjust, fine-tunes the supernet, trains the adjuster, retrains the
// chosen architecture and swaps it in. It returns the outcome of an adjustment, nil when there was
// none.
func (s *Service) Receive(ctx context.Context, batch dataset.Dataset) (adjuster.Decision, *adjuster.Outcome, error) {
	all, err := dataset.Concat(s.data, batch)
	if err != nil {
		return adjuster.Decision{}, nil, err
	}
	if err := s.observe(ctx, batch); err != nil {
		return adjuster.Decision{}, nil, err
	}
	s.data = all
	decision, err := s.expert.Decide(s.reading)
	if err != nil || !decision.Adjust {
		return decision, nil, err
	}
	outcome, err := s.expert.Adjust(ctx, (*learner)(s), s.reading)
	return decision, outcome, err
}

// observe adds a batch to what is known of the data under the serving model; all of it or, when
// something fails, nothing.
func (s *Service) observe(ctx context.Context, batch dataset.Dataset) error {
	model := s.serving.Load()
	right, err := tally(ctx, model, batch)
	if err != nil {
		return err
	}
	now := s.now.Clone()
	if err := embed(ctx, model, batch, now); err != nil {
		return err
	}
	d, err := wasserstein.Squared(now, s.base)
	if err != nil {
		return err
	}
	s.now = now
	s.reading.Added = s.reading.Added.Add(right)
	s.reading.Distance = d
	return nil
}

// tally counts the images that the model gets right; classes that it does not know count as wrong.
func tally(ctx context.Context, model *supernet.Model, ds dataset.Dataset) (adjuster.Tally, error) {
	m, err := model.Evaluate(ctx, ds, nil)
	if err != nil {
		return adjuster.Tally{}, err
	}
	return adjuster.Tally{Correct: m.Correct, Total: m.Samples}, nil
}

// embed adds the features of ds under the model to the moments.
func embed(ctx context.Context, model *supernet.Model, ds dataset.Dataset,
	moments *wasserstein.Moments) error {
	return model.Embed(ctx, ds, func(features *tensor.Dense, _ []int) error { return moments.Add(features) })
}

// classesIn is the number of classes up to the last one that has images.
func classesIn(ds dataset.Dataset) int {
	n := 0
	for l, count := range dataset.Count(ds) {
		if count > 0 {
			n = l + 1
		}
	}
	return n
}

// learner is the side of a Service that Algorithm 1 sees.
type learner Service

// Measure hands over what Receive has kept up to date.
func (l *learner) Measure(context.Context) (adjuster.Reading, error) { return l.reading, nil }

// FineTune trains the supernet on the data so far, with new classes added.
func (l *learner) FineTune(ctx context.Context) error {
	if k := classesIn(l.data); k > l.net.Classes() {
		if err := l.net.GrowClasses(ctx, supernet.Unnamed(k)...); err != nil {
			return err
		}
	}
	_, train, err := l.parts()
	if err != nil {
		return err
	}
	_, err = l.net.Train(ctx, train, &l.cfg.Supernet)
	return err
}

// Judges binds the supernet to the validation part.
func (l *learner) Judges(context.Context) (*adjuster.Judges, error) {
	val, train, err := l.parts()
	if err != nil {
		return nil, err
	}
	judge, err := l.net.On(val, &supernet.EvalOptions{Calibration: train, CalibrationImages: 200})
	if err != nil {
		return nil, err
	}
	return &adjuster.Judges{Space: l.net.Space(), Reward: judge}, nil
}

// Retrain trains the architecture, starting from the supernet's weights, and puts it into service:
// one store, which the next Classify sees.
func (l *learner) Retrain(ctx context.Context, a searchspace.Arch) error {
	model, err := l.net.Extract(ctx, a, l.data)
	if err != nil {
		return err
	}
	if _, err := model.Train(ctx, l.data, &l.cfg.Retrain); err != nil {
		return err
	}
	g := model.Graph()
	version := fmt.Sprintf("model %d", l.expert.Step()+1) // moments of two models never mix
	base, err := wasserstein.NewMoments(g.Nodes[g.Feature()].Out.C, version)
	if err != nil {
		return err
	}
	if err := embed(ctx, model, l.data, base); err != nil {
		return err
	}
	reference, err := tally(ctx, model, l.data)
	if err != nil {
		return err
	}
	l.base, l.now = base, base.Clone()
	l.reading = adjuster.Reading{Reference: reference}
	l.serving.Store(model)
	return nil
}

// parts divides the data so far for the search.
func (l *learner) parts() (val, train dataset.Dataset, err error) {
	if l.data.Len() == 0 {
		return nil, nil, errors.New("no data yet")
	}
	return dataset.Split(l.data, l.cfg.Validation, l.cfg.Seed)
}
