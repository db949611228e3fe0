package danas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// SinglePathReport is what the baseline found.
type SinglePathReport struct {
	Epochs      int     `json:"epochs"` // of the supernet, one sub-network a step
	Evaluations int     `json:"evaluations"`
	Arch        string  `json:"arch"`
	Cost        float64 `json:"cost"`     // multiply-adds
	Accuracy    float64 `json:"accuracy"` // inherited, on validation images
	Seconds     float64 `json:"seconds"`
	// CPU is the time of processors, seconds; 0 where one start did not do it all.
	CPU float64 `json:"cpu_seconds,omitempty"`

	arch searchspace.Arch
}

// judgedBy training images give a sub-network its batch-norm statistics, and no more than judgedOn
// images of validation judge it: what judging costs is taken from training.
const (
	judgedBy = 500
	judgedOn = 1000
)

// singlePath trains sub-networks one at a time and searches among them by evolution, for as many
// multiply-adds as pruning would cost, counted with candidates that cost alike.
//
// In the space Mobile the candidates of a layer share weights. With weights of its own a candidate
// has a sixth of the updates, with other layers before it in each, which is not enough here: after
// 1900 steps on the embedded images the loss was that of guessing, whatever rate, batch or weight
// decay, and with shared weights sub-networks were right about 46 % after 930.
func (e *engine) singlePath(ctx context.Context, ranking []int) (*SinglePathReport, error) {
	phases, err := e.cfg.schedule(ranking)
	if err != nil {
		return nil, err
	}
	epochs, err := e.singlePathEpochs(phases)
	if err != nil {
		return nil, err
	}
	space, sharing, err := e.sharedSpace()
	if err != nil {
		return nil, err
	}
	net, err := e.singlePathNet(ctx, space, sharing, epochs)
	if err != nil {
		return nil, err
	}
	r, err := run.Once(e.job, "evolution", func() (*SinglePathReport, error) {
		r, err := e.evolve(ctx, space, net)
		if err == nil {
			r.Epochs = epochs
		}
		return r, err
	})
	if err != nil {
		return nil, err
	}
	r.Seconds = e.job.Clock.Seconds("uniform") + e.job.Clock.Seconds("evolution")
	if trained, judged := e.job.Clock.CPU("uniform"), e.job.Clock.CPU("evolution"); trained > 0 && judged > 0 {
		r.CPU = trained + judged
	}
	r.arch, err = e.space.Parse(r.Arch)
	return r, err
}

// singlePathEpochs is how long the supernet trains. A backward pass counts as two forward ones; in
// a step on the architecture, where weights stand still, as one.
func (e *engine) singlePathEpochs(phases []pruning.Phase) (int, error) {
	model, err := e.space.CostModel(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		return 0, err
	}
	ones, uniform := e.space.Zeros(), e.space.Zeros()
	candidates := 0
	for i, row := range ones {
		candidates = max(candidates, len(row))
		for c := range row {
			row[c], uniform[i][c] = 1, 1/float64(len(row))
		}
	}
	fixed, _, err := model.Expected(e.space.Zeros())
	if err != nil {
		return 0, err
	}
	all, _, err := model.Expected(ones)
	if err != nil {
		return 0, err
	}
	mean, _, err := model.Expected(uniform)
	if err != nil {
		return 0, err
	}
	judged, err := e.judged()
	if err != nil {
		return 0, err
	}
	train, val := float64(e.images.train.Len()), float64(judged.Len())
	searched, rest := e.passes(phases, candidates)
	work := 3 * (searched*(all-fixed) + rest*fixed)
	searched, rest = e.passes(slices.DeleteFunc(slices.Clone(phases),
		func(p pruning.Phase) bool { return !p.Learn }), candidates)
	work += 2 * (searched*(all-fixed) + rest*fixed) * stepImages / float64(e.cfg.Every*e.cfg.Search.Batch)
	work -= float64(e.cfg.Evaluations) * (val + judgedBy) * mean
	return max(1, int(math.Round(work/(3*train*mean)))), nil
}

// passes is how many images the updates of phases see, and of those with all candidates as many as
// cost the same in searched layers, candidates alike in cost.
func (e *engine) passes(phases []pruning.Phase, candidates int) (searched, images float64) {
	all, classes := 0.0, len(e.images.train.Classes())
	for _, p := range phases {
		all += float64(p.Epochs) * float64(e.images.train.Len())
	}
	if all == 0 {
		return 0, 0
	}
	images = all * pruning.RelativeWork(phases, classes, 1, e.cfg.Fraction)
	if e.cfg.Pairs {
		return images * 2 / float64(candidates), images
	}
	return all * pruning.RelativeWork(phases, classes, candidates, e.cfg.Fraction), images
}

// stepImages of validation make a step on the architecture.
const stepImages = 128

// sharedSpace is the space with candidates that share weights, and how, where it has such a form.
func (e *engine) sharedSpace() (*searchspace.Space, supernet.Sharing, error) {
	o := e.cfg.space(len(e.images.train.Classes()))
	if o.Variant != searchspace.DANASMobile {
		return e.space, supernet.SinglePath, nil
	}
	o.Shared = true
	space, err := searchspace.DANAS(o)
	return space, supernet.Elastic, err
}

// judged is the images of validation that judge sub-networks.
func (e *engine) judged() (dataset.Dataset, error) {
	each := max(1, judgedOn/len(e.images.val.Classes()))
	return data.PerClass(e.images.val, each, e.cfg.Seed.For("danas.judged"))
}

func (e *engine) singlePathNet(ctx context.Context, space *searchspace.Space, sharing supernet.Sharing,
	epochs int) (*supernet.Net, error) {
	return run.Saved(ctx, e.job, "uniform", func(path string) (*supernet.Net, error) {
		return supernet.Load(path, &supernet.Options{Logger: e.job.Log})
	}, func() (*supernet.Net, error) {
		o := e.netOptions("danas.weights")
		o.Sharing = sharing
		net, err := supernet.New(space, o)
		if err != nil {
			return nil, err
		}
		table := e.cfg.Search
		table.Epochs, table.StepsPerArch = epochs, 1
		t, err := e.job.TrainOptions(&table, e.images.train.Len(), e.cfg.Seed.For("danas.uniform"), "uniform",
			"uniform supernet")
		if err != nil {
			return nil, err
		}
		t.Subnets.Sampler = supernet.Uniform(space, e.cfg.Seed.For("danas.uniform"))
		_, err = net.Train(ctx, e.images.train, t)
		return net, err
	})
}

// evolve looks for the most accurate sub-network around the target.
func (e *engine) evolve(ctx context.Context, space *searchspace.Space,
	net *supernet.Net) (*SinglePathReport, error) {
	seed := e.cfg.Seed.For("danas.evolution")
	limited, err := space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Min: 0.95e6 * e.cfg.Target,
		Max: 1.05e6 * e.cfg.Target})
	if err != nil {
		return nil, err
	}
	judged, err := e.judged()
	if err != nil {
		return nil, err
	}
	judge, err := net.On(judged, &supernet.EvalOptions{Calibration: e.images.train,
		CalibrationImages: judgedBy,
		Seed:              seed})
	if err != nil {
		return nil, err
	}
	s, err := evolution.NewTournament(evolution.Architectures{Space: limited},
		&evolution.TournamentOptions[searchspace.Arch]{Population: min(20, e.cfg.Evaluations), Ageing: true,
			Seed: seed})
	if err != nil {
		return nil, err
	}
	file := e.job.Scratch("evolution")
	x, err := evolution.NewSearch(limited, s, judge, []evolution.Objective{evolution.ErrorRate()},
		&evolution.SearchOptions{Evaluations: e.cfg.Evaluations, Window: 1, Checkpoint: file})
	if err != nil {
		return nil, err
	}
	if file != "" {
		if err := x.Resume(ctx, file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	shown, done := e.job.Out.Phase("evolution", e.cfg.Evaluations), 0
	x.Observe(func(list []evolution.Record[searchspace.Arch]) error {
		done += len(list)
		shown.Set(done, "")
		return nil
	})
	status, err := x.Run(ctx)
	if err != nil {
		return nil, err
	}
	best := x.Best(1)
	if len(best) == 0 {
		return nil, fmt.Errorf("evolution ended as %v with nothing measured", status)
	}
	c, err := space.Cost(best[0].Genome)
	return &SinglePathReport{Evaluations: done, Arch: space.Format(best[0].Genome), Cost: float64(c.MAdds),
		Accuracy: 1 - best[0].Objectives[0]}, err
}
