package eatnas

import "github.com/tendril-nas/tendril/supernet"

// weightsFile are the small task's shared weights, where they are carried over.
const weightsFile = "small-weights.ckpt"

// keep keeps the small task's shared weights for the large one.
func (e *engine) keep(t *task, s *supernet.WeightStore) error {
	if !e.cfg.Carry || t != e.small {
		return nil
	}
	e.carried = s
	if path := e.job.Path(weightsFile); path != "" {
		return s.Save(path)
	}
	return nil
}

// carry are the weights that a task's search begins with; nil = none.
func (e *engine) carry(t *task) (*supernet.WeightStore, error) {
	if !e.cfg.Carry || t != e.large {
		return nil, nil
	}
	if e.carried != nil {
		return e.carried, nil
	}
	return supernet.LoadWeightStore(e.job.Path(weightsFile))
}
