package danas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// SearchReport is what a search found.
type SearchReport struct {
	pruning.Result
	// Relative is the work by that of a search of the same settings with all classes and all
	// candidates: multiply-adds of searched layers, and by arithmetic with all candidates alike.
	Relative  float64 `json:"relative"`
	Predicted float64 `json:"predicted"`
	Work      float64 `json:"work"`    // multiply-adds of searched layers, forward, all images
	Seconds   float64 `json:"seconds"` // wall time
	// CPU is the time of processors, seconds; 0 where one start did not do it all.
	CPU float64 `json:"cpu_seconds,omitempty"`
}

// mixture is a new supernet with its images.
func (e *engine) mixture(phase, title string, phases []pruning.Phase) (*supernet.Mixture, error) {
	o := e.netOptions("danas.weights")
	o.Sharing = supernet.SinglePath
	net, err := supernet.New(e.space, o)
	if err != nil {
		return nil, err
	}
	t := e.cfg.Search.Options(e.images.train.Len(), e.cfg.Seed.For("danas."+phase))
	t.Epochs, t.Subnets = 0, supernet.SubnetOptions{}
	e.done = 0
	e.shown = e.job.Out.Phase(title, e.updates(phases))
	t.Recorder = supernet.RecorderFunc(func(p supernet.Progress) error {
		if p.Phase == supernet.PhaseTrain {
			e.shown.Set(e.done+p.Step, fmt.Sprintf("epoch %d/%d loss %.3f", p.Epoch+1, p.Epochs, p.Loss))
		}
		return nil
	})
	return net.Mixture(e.images.train, e.images.val, &supernet.MixtureOptions{Train: *t})
}

// updates is how many updates the phases have.
func (e *engine) updates(phases []pruning.Phase) (n int) {
	count := dataset.Count(e.images.train)
	for _, p := range phases {
		images := 0
		for _, c := range p.Classes {
			images += count[c]
		}
		n += p.Epochs * max(1, images/e.cfg.Search.Batch)
	}
	return n
}

// search prunes the space on growing data.
func (e *engine) search(ctx context.Context, ranking []int) (*SearchReport, error) {
	const phase = "search"
	r, err := run.Once(e.job, phase, func() (*SearchReport, error) {
		phases, err := e.cfg.schedule(ranking)
		if err != nil {
			return nil, err
		}
		x, err := e.mixture(phase, "search", phases)
		if err != nil {
			return nil, err
		}
		res, err := pruning.Search(ctx, e.space, x, e.searchOptions(phases))
		if err != nil {
			return nil, err
		}
		out := &SearchReport{Result: *res}
		out.Relative, out.Predicted, out.Work = e.work(res, phases)
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	if r.Final.Arch, err = e.space.Parse(r.Final.Text); err == nil && r.ArgMax.Text != "" {
		r.ArgMax.Arch, err = e.space.Parse(r.ArgMax.Text)
	}
	r.Seconds, r.CPU = e.job.Clock.Seconds(phase), e.job.Clock.CPU(phase)
	return r, err
}

func (e *engine) searchOptions(phases []pruning.Phase) *pruning.Options {
	c := e.cfg
	return &pruning.Options{Phases: phases, Target: 1e6 * c.Target, Form: pruning.CostForm(c.Form),
		Gamma: run.OrNone(c.Gamma), StraightThrough: c.Hard, Temperature: c.Tau, LastTemperature: c.LastTau,
		TwoPaths: c.Pairs, Every: c.Every, LR: c.ArchLR,
		Prune: c.Fraction, Significance: c.Sure, Seed: c.Seed.For("danas.search"),
		Checkpoint: e.job.Scratch("search"),
		Recorder:   pruning.RecorderFunc(e.show)}
}

// show tells of the ends of phases.
func (e *engine) show(p pruning.Progress) error {
	if p.End == nil {
		return nil
	}
	e.done += p.Updates
	e.shown.Set(e.done, "")
	left := 0.0
	for _, n := range p.End.Candidates {
		left += float64(n) / float64(len(p.End.Candidates))
	}
	removed := 0
	for _, x := range p.End.Removed {
		if x.Kept == "" {
			removed++
		}
	}
	e.job.Say("%s: %d classes, %.1f candidates a layer (%.1f M MAdds), %d updates; expected cost %.3f "+
		"M, arg max %.3f M; "+
		"%d candidates removed", p.Name, p.End.Classes, left, (p.End.MAdds+p.End.Fixed)/1e6, p.End.Updates,
		p.End.Cost/1e6, p.End.ArgMaxCost/1e6, removed)
	return nil
}

// work compares a search with one of the same epochs on all classes with all candidates.
func (e *engine) work(r *pruning.Result, phases []pruning.Phase) (relative, predicted, work float64) {
	perEpoch := float64(max(1, e.images.train.Len()/e.cfg.Search.Batch))
	all, first := 0.0, r.Phases[0].MAdds
	for _, p := range phases {
		all += float64(p.Epochs) * perEpoch * first
	}
	candidates := 0
	for _, d := range e.space.Decisions() {
		candidates = max(candidates, d.Len())
	}
	if e.cfg.Pairs {
		candidates = 1 // two at a time, however many are left
	}
	predicted = pruning.RelativeWork(phases, len(e.images.train.Classes()), candidates, e.cfg.Fraction)
	return r.Work() / all, predicted, r.Work() * float64(e.cfg.Search.Batch)
}
