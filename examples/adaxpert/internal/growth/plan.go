package growth

import (
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/searchspace"
)

// plan tells the progress bar what is to come: at most this, since architectures may be kept. Work
// is counted in multiply-adds.
func (e *engine) plan() error {
	start, err := e.start()
	if err != nil {
		return err
	}
	one, err := e.madds(start)
	if err != nil {
		return err
	}
	small, err := e.madds(e.full.Smallest())
	if err != nil {
		return err
	}
	large, err := e.madds(e.full.Largest())
	if err != nil {
		return err
	}
	middle := (small + large) / 2 // of sub-networks
	var phases []progress.Planned
	add := func(kind string, t int, work float64) {
		phases = append(phases, progress.Planned{Name: e.title(kind, t), Work: work})
	}
	for t := 1; t <= e.scenario.Len(); t++ {
		all, err := e.scenario.All(t)
		if err != nil {
			return err
		}
		if e.hasSupernet() {
			add(SecondsSupernet, t, 3*middle*e.trainedImages(SecondsSupernet, t,
				int(float64(all.Len())*(1-e.cfg.ValShare))))
			if t > 1 || e.cfg.Baseline == "scratch" {
				s := &e.cfg.Adjuster
				add(SecondsAdjuster, t, middle*float64(s.Iterations*(s.Images+s.Calibration)))
			}
		}
		add(SecondsRetrain, t, 3*one*e.trainedImages(SecondsRetrain, t, all.Len()))
	}
	e.job.Out.Plan(phases...)
	return nil
}

func (e *engine) madds(a searchspace.Arch) (float64, error) {
	c, err := e.full.Cost(a)
	return float64(c.MAdds), err
}

// trainedImages is how many images a training passes through its network.
func (e *engine) trainedImages(kind string, t, images int) float64 {
	table := e.training(kind, t)
	epochs, steps := table.Plan(images)
	return float64(epochs) * float64(steps) * float64(table.Batch)
}
