package growth

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Alone is an architecture that was trained from initial weights.
type Alone struct {
	Name     string  `json:"name"`
	Arch     string  `json:"arch"`
	MAdds    int64   `json:"madds"`
	Accuracy float64 `json:"accuracy"` // a fraction of the test images
	Loss     float64 `json:"loss"`     // mean cross-entropy of the test images, nats
}

// Names of architectures in studies, beside Middle, Largest and Random.
const (
	Smallest = "smallest"
	Ours     = "ours"
)

// How HeadroomStudy draws random architectures, whatever the seed of the configuration.
const (
	headroomSeed   = run.Seed(1)
	headroomRandom = 5
	headroomDraws  = 100
)

// HeadroomStudy trains the smallest, the middle and the largest architecture, and some random ones
// of the middle one's multiply-adds, each alone on the first or the last snapshot for as long as a
// network in service is trained there. How they differ is what choosing an architecture can bring.
func HeadroomStudy(ctx context.Context, j *run.Job, cfg *Config, last bool) ([]Alone, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	list, err := e.uniform()
	if err != nil {
		return nil, err
	}
	cost, err := e.madds(list[1].arch)
	if err != nil {
		return nil, err
	}
	taken := map[searchspace.Arch]bool{list[1].arch: true}
	for draw := 0; len(taken) <= headroomRandom; draw++ {
		if draw == headroomDraws {
			return nil, fmt.Errorf("found %d architectures like the middle one, expected %d", len(taken)-1,
				headroomRandom)
		}
		a, err := atMAdds(e.full, cost/1e6, headroomSeed.Stream(seedHeadroom, draw))
		if err != nil {
			return nil, err
		}
		if !taken[a] {
			list = append(list, candidate{fmt.Sprintf("%s %d", Random, len(taken)), a})
			taken[a] = true
		}
	}
	e.t = 1
	if last {
		e.t = e.scenario.Len()
	}
	return e.trainAlone(ctx, list)
}

// IndependentStudy trains the smallest, the middle, the largest and the start architecture of the
// configuration, and a random one of the latter's multiply-adds, each alone on the last snapshot.
func IndependentStudy(ctx context.Context, j *run.Job, cfg *Config) ([]Alone, error) {
	if cfg.Start == "" {
		return nil, errors.New("-start: the study needs an architecture")
	}
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	list, err := e.uniform()
	if err != nil {
		return nil, err
	}
	ours, err := e.start("", 1)
	if err != nil {
		return nil, err
	}
	cost, err := e.madds(ours)
	if err != nil {
		return nil, err
	}
	random, err := atMAdds(e.full, cost/1e6, cfg.Seed.Stream(seedArch))
	if err != nil {
		return nil, err
	}
	e.t = e.scenario.Len()
	return e.trainAlone(ctx, append(list, candidate{Ours, ours}, candidate{Random, random}))
}

// candidate is an architecture of a study.
type candidate struct {
	name string
	arch searchspace.Arch
}

// uniform are the architectures with the same choice everywhere, by size.
func (e *engine) uniform() ([]candidate, error) {
	m, err := middle(e.full)
	return []candidate{{Smallest, e.full.Smallest()}, {Middle, m}, {Largest, e.full.Largest()}}, err
}

// trainAlone trains architectures on the snapshot under way. One that is there twice is trained
// once.
func (e *engine) trainAlone(ctx context.Context, list []candidate) ([]Alone, error) {
	title := func(i int) string { return fmt.Sprintf("network %d/%d", i+1, len(list)) }
	var phases []progress.Planned
	for i, c := range list {
		work, err := e.workAt(e.t, c.arch)
		if err != nil {
			return nil, err
		}
		phases = append(phases, progress.Planned{Name: title(i), Work: work.retrain})
	}
	e.job.Out.Plan(phases...)
	trained := map[searchspace.Arch]Alone{}
	var out []Alone
	for i, c := range list {
		one, there := trained[c.arch]
		if !there {
			var err error
			phase := fmt.Sprintf("alone-%d", i+1)
			if one, err = run.Once(e.job, phase, func() (Alone, error) {
				return e.judgedAlone(ctx, c.arch, phase, title(i))
			}); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			trained[c.arch] = one
		}
		one.Name = c.name
		out = append(out, one)
	}
	return out, nil
}

// judgedAlone trains an architecture on the snapshot under way and asks it about the test images.
func (e *engine) judgedAlone(ctx context.Context, a searchspace.Arch, phase, title string) (Alone, error) {
	var none Alone
	train, err := e.trainingSet(e.t)
	if err != nil {
		return none, err
	}
	test, err := e.scenario.Test(e.t)
	if err != nil {
		return none, err
	}
	m, err := e.alone(ctx, a, train, phase, title)
	if err != nil {
		return none, err
	}
	space, err := e.space(e.t)
	if err != nil {
		return none, err
	}
	cost, err := space.Cost(a)
	if err != nil {
		return none, err
	}
	r, err := m.Evaluate(ctx, test, nil)
	return Alone{Arch: space.Format(a), MAdds: cost.MAdds, Accuracy: r.Accuracy, Loss: r.Loss}, err
}

// alone trains a network of the snapshot under way as the first one is, with nothing that serves.
func (e *engine) alone(ctx context.Context, a searchspace.Arch, train dataset.Dataset, phase,
	title string) (*supernet.Model, error) {
	born, err := e.origin.network(ctx, e, a)
	if err != nil {
		return nil, err
	}
	table := e.training(SecondsRetrain, e.t)
	o, err := e.job.TrainOptions(&table, train.Len(), e.cfg.Seed.For(seedModelData, e.t), phase, title)
	if err != nil {
		return nil, err
	}
	o.FrozenStages, o.Rate = e.cfg.Retrain.frozen(), e.cfg.Retrain.rate(born)
	_, err = born.Train(ctx, train, o)
	return born.Model, err
}
