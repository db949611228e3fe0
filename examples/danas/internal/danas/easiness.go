package danas

import (
	"context"
	"fmt"

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
	if e.hasSupernet() && len(models) > 1 && !e.cfg.Unseen {
		return nil,
			fmt.Errorf("-references %s beside others: needs -unseen, since it answers about validation "+
				"images",
				Supernet)
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

func (e *engine) hasSupernet() bool {
	for _, name := range e.cfg.References {
		if name == Supernet {
			return true
		}
	}
	return false
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
		labels := x.Labels()
		right := 0
		for from := 0; from < len(labels); from += askedAtOnce {
			if err := e.askSupernet(ctx, x, res.Probabilities, labels, from, out.Answers); err != nil {
				return nil, err
			}
		}
		for k, c := range out.Answers.Predicted {
			if c == labels[k] {
				right++
			}
		}
		out.Accuracy = float64(right) / float64(len(labels))
		return out, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reference %s: %w", Supernet, err)
	}
	r.Reference.Answers = r.Answers
	return &r.Reference, nil
}

// askedAtOnce images of validation are asked about in one batch, whose statistics count.
const askedAtOnce = 250

type asker interface {
	Probabilities(ctx context.Context, rows searchspace.Relaxed, images []int) ([][]float64, error)
}

// askSupernet asks about the validation images that follow each other in an order without
// structure.
func (e *engine) askSupernet(ctx context.Context, x asker, rows searchspace.Relaxed, labels []int, from int,
	to *pruning.Answers) error {
	var places []int
	for k := from; k < min(from+askedAtOnce, len(labels)); k++ {
		places = append(places, k)
	}
	list, err := x.Probabilities(ctx, rows, places)
	if err != nil {
		return err
	}
	for i, p := range list {
		one := make([]float32, len(p))
		for c, v := range p {
			one[c] = float32(v)
		}
		if err := to.Add(labels[places[i]], one); err != nil {
			return err
		}
	}
	return nil
}
