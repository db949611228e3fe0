package eatnas

import "github.com/tendril-nas/tendril/supernet"

// weightsFile are the small task's shared weights, where they are carried over.
const weightsFile = "small-weights.ckpt"

// keep keeps the small task's shared weights after so many steps for the large one.
func (v *evaluator) keep(steps int) error {
	if !v.e.cfg.Carry || v.t != v.e.small {
		return nil
	}
	if err := v.restore(steps); err != nil {
		return err
	}
	v.e.carried = v.store
	if path := v.e.job.Path(weightsFile); path != "" {
		return v.store.Save(path)
	}
	return nil
}

// carry begins the large task with what keep kept.
func (v *evaluator) carry() (err error) {
	if !v.e.cfg.Carry || v.t != v.e.large {
		return nil
	}
	if v.store = v.e.carried; v.store == nil {
		v.store, err = supernet.LoadWeightStore(v.e.job.Path(weightsFile))
	}
	return err
}
