package nasoa

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/zoo"
)

// choose picks n of the points: those of the front, evenly from the fastest to the slowest, and
// where it has fewer those of the front behind it. The fastest comes first.
func choose(points []Point, n int) (list []Point) {
	defer func() {
		slices.SortStableFunc(list, func(a, b Point) int { return cmp.Compare(a.Step, b.Step) })
	}()
	left := append([]Point(nil), points...)
	seen := map[string]bool{}
	for len(list) < n {
		f := front(left)
		if len(f) == 0 {
			return list
		}
		want := min(n-len(list), len(f))
		for i := range want {
			at := len(f) - 1
			if want > 1 {
				at = i * (len(f) - 1) / (want - 1)
			}
			list, seen[f[at].Arch] = append(list, f[at]), true
		}
		for _, p := range f {
			seen[p.Arch] = true
		}
		var rest []Point
		for _, p := range left {
			if !seen[p.Arch] {
				rest = append(rest, p)
			}
		}
		left = rest
	}
	return list
}

// pretrain trains a model and puts it into the zoo, unless it is there. The point's accuracy
// becomes that on held-out images.
func (e *engine) pretrain(ctx context.Context, i int, p *Point) error {
	phase := fmt.Sprintf("pretrain-%d", i+1)
	held, err := run.Once(e.job, phase, func() (measured, error) {
		name := modelName(i)
		arch, err := e.space.Parse(p.Arch)
		if err != nil {
			return measured{}, err
		}
		m, err := supernet.NewModel(e.space, arch, e.netOptions(e.cfg.Seed.For("nasoa.pretrain.weights"), 0))
		if err != nil {
			return measured{}, err
		}
		got, err := e.teach(ctx, m, i, phase, pretrainTitle(i))
		if err != nil {
			return measured{}, err
		}
		held, err := m.Evaluate(ctx, e.known.held, nil)
		if err != nil {
			return measured{}, err
		}
		err = e.zoo.Add(ctx, zoo.Entry{Name: name, Data: fmt.Sprintf("%d classes of %s", m.Classes(),
			nameOf(e.cfg.Data)),
			Accuracy: got.Accuracy, Samples: got.Samples}, m)
		if errors.Is(err, zoo.ErrExists) { // put there by a start that was killed before it could remember
			err = nil
		}
		e.job.Say("%s %s: %s on %d test images after pretraining", name, p.Arch, percent(got.Accuracy), got.Samples)
		return measured{held.Accuracy, held.Samples}, err
	})
	p.Accuracy = held.Accuracy
	return err
}

// thin leaves in the zoo the models that choose picks by what was measured after pretraining, and
// returns all that were pretrained.
func (e *engine) thin(candidates []Point) ([]Point, error) {
	if e.recorded != nil {
		return e.recorded.Candidates, nil
	}
	all, err := run.Once(e.job, "candidates", func() ([]Point, error) {
		for i := range candidates {
			step, err := e.step(modelName(i))
			if err != nil {
				return nil, err
			}
			candidates[i].Step = step
		}
		return candidates, nil
	})
	if err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	for _, p := range choose(all, e.cfg.Models) {
		kept[p.Arch] = true
	}
	for i, p := range all {
		if kept[p.Arch] {
			continue
		}
		if err := e.zoo.Remove(modelName(i)); err != nil && !errors.Is(err, zoo.ErrUnknown) {
			return nil, err
		}
	}
	return all, nil
}

// step is the time of a training step of a model of the zoo, in seconds.
func (e *engine) step(name string) (float64, error) {
	entry, err := e.zoo.Find(name)
	if err != nil {
		return 0, err
	}
	s, ok := entry.StepTime("", e.cfg.Tune.Batch, e.cfg.Size, 0)
	if !ok {
		return 0, fmt.Errorf("model %s was not measured", name)
	}
	return s, nil
}

// modelName is that of a model of the zoo, by its place.
func modelName(i int) string {
	if i < 26 {
		return fmt.Sprintf("ET-%c", 'A'+rune(i))
	}
	return fmt.Sprintf("ET-%d", i+1)
}

// measured are the accuracy of a model and the images behind it.
type measured struct {
	Accuracy float64 `json:"accuracy"`
	Samples  int     `json:"samples"`
}

// teach pretrains one model and judges it on test images.
func (e *engine) teach(ctx context.Context, m *supernet.Model, i int, phase, title string) (measured, error) {
	n := e.known.train.Len()
	o, err := e.job.TrainOptions(&e.cfg.Pretrain, n, e.cfg.Seed.For("nasoa.pretrain", i), phase, title)
	if err != nil {
		return measured{}, err
	}
	if _, err := m.Train(ctx, e.known.train, o); err != nil {
		return measured{}, err
	}
	got, err := m.Evaluate(ctx, e.known.test, nil)
	return measured{got.Accuracy, got.Samples}, err
}
