package danas

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
)

// EasinessReport is what the reference networks say about classes.
type EasinessReport struct {
	References []*Reference      `json:"references"`
	Easiness   *pruning.Easiness `json:"easiness"`
	// Agreements are of all pairs of networks, intervals by classes.
	Agreements []*pruning.Agreement `json:"agreements,omitempty"`
	// Learnt correlates, for each network with a curve, the entropy of a class with the epoch in
	// which it was half learnt, intervals by classes.
	Learnt    []*pruning.Agreement  `json:"learnt,omitempty"`
	Confusion [][]float64           `json:"confusion"`
	Twins     []pruning.Twins       `json:"twins,omitempty"`
	Classes   []pruning.ClassReport `json:"classes"` // hardest first
}

// twins are reported from that share of confused images on.
const twins = 0.1

// easiness trains the reference networks and ranks the classes.
func (e *engine) easiness(ctx context.Context) (*EasinessReport, error) {
	r := &EasinessReport{}
	var models []*pruning.Answers
	for _, name := range e.cfg.References {
		x, err := e.oneReference(ctx, name)
		if err != nil {
			return nil, err
		}
		r.References, models = append(r.References, x), append(models, x.Answers)
	}
	var err error
	if r.Easiness, err = pruning.MeasureEasiness(nil, models...); err != nil {
		return nil, err
	}
	if r.Confusion, err = pruning.Confusion(models...); err != nil {
		return nil, err
	}
	if r.Twins, err = pruning.FindTwins(r.Confusion, twins); err != nil {
		return nil, err
	}
	if r.Classes, err = pruning.ReportClasses(nil, models...); err != nil {
		return nil, err
	}
	seed := e.cfg.Seed.For("danas.agreement")
	for i, a := range models {
		for _, b := range models[:i] {
			x, err := pruning.Agree(b, a, &pruning.AgreementOptions{OverClasses: true, Seed: seed})
			if err != nil { // two classes, say: nothing to correlate
				e.job.Say("%v", err)
				continue
			}
			r.Agreements = append(r.Agreements, x)
		}
		if x, err := learnt(r, i, seed); err == nil {
			r.Learnt = append(r.Learnt, x)
		}
	}
	return r, nil
}

func (e *engine) oneReference(ctx context.Context, name string) (*Reference, error) {
	if name == Supernet {
		return e.supernetReference(ctx)
	}
	return e.reference(ctx, name)
}

// learnt correlates the easiness of classes for a network with when it learns them.
func learnt(r *EasinessReport, model int, seed uint64) (*pruning.Agreement, error) {
	list, err := pruning.MeasureLearning(r.References[model].Curve)
	if err != nil {
		return nil, err
	}
	var entropies, epochs []float64
	for c, l := range list {
		entropies = append(entropies, r.Easiness.Classes[c].ByModel[model])
		epochs = append(epochs, l.Epoch)
	}
	x, err := pruning.Correlate(entropies, epochs, &pruning.AgreementOptions{Seed: seed})
	if err != nil {
		return nil, err
	}
	x.A, x.B = r.References[model].Family, "epoch learnt"
	return x, nil
}

// supernetReference is the supernet itself, trained on all classes with all candidates alike, asked
// about validation images.
func (e *engine) supernetReference(ctx context.Context) (*Reference, error) {
	type kept struct {
		Reference
		Answers *pruning.Answers `json:"answers"`
	}
	const phase = "reference-supernet"
	r, err := run.Once(e.job, phase, func() (*kept, error) {
		all := make([]int, len(e.images.train.Classes()))
		for c := range all {
			all[c] = c
		}
		phases := []pruning.Phase{{Name: "all classes", Classes: all, Epochs: e.cfg.Reference.Epochs}}
		x, err := e.mixture(phase, "reference supernet", phases)
		if err != nil {
			return nil, err
		}
		res, err := pruning.Search(ctx, e.space, x, &pruning.Options{Phases: phases, Form: pruning.NoCost,
			Checkpoint: e.job.Scratch(phase), Seed: e.cfg.Seed.For("danas." + phase)})
		if err != nil {
			return nil, err
		}
		out := &kept{Reference: Reference{Family: Supernet,
			MAdds: (res.Phases[0].MAdds + res.Phases[0].Fixed) / 1e6},
			Answers: pruning.NewAnswers(Supernet, len(all))}
		if err := askMixture(ctx, x, res.Probabilities, e.cfg.Seed.Stream("danas.asked"),
			out.Answers); err != nil {
			return nil, err
		}
		right := 0
		for k, c := range out.Answers.Predicted {
			if c == out.Answers.Label[k] {
				right++
			}
		}
		out.Accuracy = float64(right) / float64(out.Answers.Len())
		return out, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reference %s: %w", Supernet, err)
	}
	r.Reference.Answers = r.Answers
	return &r.Reference, nil
}

// askedAtOnce images of validation, about, are asked about in one batch, whose statistics count.
const askedAtOnce = 250

// answering is the part of a supernet.Mixture that answers.
type answering interface {
	Labels() []int
	Probabilities(ctx context.Context, rows searchspace.Relaxed, images []int) ([][]float64, error)
}

// askMixture asks about all validation images, in batches of images drawn from all of them: data
// lie class by class, and a few classes alone have other statistics than all.
func askMixture(ctx context.Context, x answering, rows searchspace.Relaxed, r *rand.Rand,
	to *pruning.Answers) error {
	labels := x.Labels()
	answers := make([][]float32, len(labels))
	order := r.Perm(len(labels))
	batches := (len(order) + askedAtOnce - 1) / askedAtOnce
	for b := range batches { // of equal sizes, up to one
		places := order[b*len(order)/batches : (b+1)*len(order)/batches]
		list, err := x.Probabilities(ctx, rows, places)
		if err != nil {
			return err
		}
		for i, p := range list {
			for _, v := range p {
				answers[places[i]] = append(answers[places[i]], float32(v))
			}
		}
	}
	for k, p := range answers {
		if err := to.Add(labels[k], p); err != nil {
			return err
		}
	}
	return nil
}
