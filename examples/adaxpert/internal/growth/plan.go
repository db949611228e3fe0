package growth

import (
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/searchspace"
)

// finalists is how many architectures a trial judges at most, α_{t−1} included.
const finalists = 4

// plan tells the progress bar what is to come: at most this, since architectures may be kept. Work
// is counted in multiply-adds.
func (e *engine) plan() error {
	var phases []progress.Planned
	for t := 1; t <= e.scenario.Len(); t++ {
		add := func(kind string, work float64) {
			phases = append(phases, progress.Planned{Name: e.title(kind, t), Work: work})
		}
		work, err := e.workAt(t, e.starts[t-1])
		if err != nil {
			return err
		}
		if e.hasSupernet() {
			if e.trainsSupernet(t) {
				add(SecondsSupernet, work.supernet)
			}
			if t > 1 || e.method == Scratch {
				add(SecondsAdjuster, work.search)
			}
			if t > 1 && e.cfg.Trial > 0 {
				for range finalists {
					add(SecondsTrial, work.retrain*e.cfg.Trial)
				}
			}
		}
		if t > 1 && e.method == "" && e.cfg.Compare {
			add(kindKeep, work.retrain)
		}
		add(SecondsRetrain, work.retrain)
		if t > 1 && e.method == "" && e.cfg.Against {
			add(SecondsAgainst, work.retrain)
		}
	}
	e.job.Out.Plan(phases...)
	return nil
}

// work is that of a snapshot, by kind.
type work struct{ supernet, search, retrain float64 }

// workAt estimates the work at snapshot t while a network serves.
func (e *engine) workAt(t int, a searchspace.Arch) (w work, err error) {
	one, err := e.madds(a)
	if err != nil {
		return w, err
	}
	small, err := e.madds(e.full.Smallest())
	if err != nil {
		return w, err
	}
	large, err := e.madds(e.full.Largest())
	if err != nil {
		return w, err
	}
	train, err := e.scenario.Train(t)
	if err != nil {
		return w, err
	}
	set, err := e.trainingSet(t)
	if err != nil {
		return w, err
	}
	middle := (small + large) / 2 // of sub-networks
	step := middle
	if k := e.cfg.Supernet.Sandwich; k > 0 {
		step = small + large + float64(k)*middle
	}
	s := &e.cfg.Adjuster
	w.supernet = 3 * step * e.trainedImages(SecondsSupernet, t, train.Len())
	w.search = middle * float64(s.Iterations*(s.Images+s.Calibration))
	w.retrain = 3 * one * e.trainedImages(SecondsRetrain, t, set.Len())
	return w, nil
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
