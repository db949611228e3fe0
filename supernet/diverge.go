package supernet

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// checkFinite refuses values of tensors, by key, that hold NaN or an infinity, and names the first.
func (ss *specs) checkFinite(values map[string][]float32) error {
	for _, s := range ss.list {
		for i, v := range values[s.key] {
			if v-v != 0 {
				return fmt.Errorf("number %d of %s is %v: %w", i, s.key, v, ErrNotFinite)
			}
		}
	}
	return nil
}

// finiteValues downloads all stored tensors, running statistics included, and refuses those that
// are not finite: a file must not get them, and no training should go on with them.
func (n *network) finiteValues() (values map[string][]float32, err error) {
	defer tensor.Recover(&err)
	values = n.values()
	return values, n.store.checkFinite(values)
}

// runawayFactor is ours: what a mean loss may grow to, from the lowest one of an epoch, before the
// training counts as running away. Healthy trainings come near it only where losses are tiny, and
// there it does not matter which epoch's weights are kept.
const runawayFactor = 2

// runaway reports whether an epoch that ends with a mean loss is on its way to divergence. Its
// weights may be finite and yet such that no training recovers from them. The first epoch is
// compared with the loss of the first weights.
func (t *training) runaway(loss float64) bool {
	lowest := t.state.First
	if losses := t.state.Result.Losses; len(losses) > 0 {
		lowest = slices.Min(losses)
	}
	return loss > runawayFactor*lowest
}

// closed reports whether an epoch has just ended and is in the result.
func (t *training) closed() bool {
	spe := t.plan.StepsPerEpoch
	return t.state.Step%spe == 0 && len(t.state.Result.Losses) == t.state.Step/spe
}

// apart reports whether the weights that come back after a divergence are neither the best
// validated ones nor, where none are validated, the present ones.
func (t *training) apart() bool {
	switch {
	case t.kept == nil: // it is finished
		return false
	case t.state.HasBest:
		return t.state.KeptEpoch != t.state.Result.Best.Epoch
	}
	return !t.closed() || t.state.KeptEpoch != len(t.state.Result.Losses)
}

// interrupt ends a training before its last step, which began or resumed at a step. A checkpoint is
// left behind where there is something to go on from, and no weights that are not finite.
func (t *training) interrupt(err error, from int) error {
	switch {
	case errors.Is(err, ErrNotFinite), errors.Is(err, errNotSaved), t.state.Step == from:
	case t.opts.Checkpoint != "":
		err = errors.Join(err, t.save())
	default:
		_, bad := t.finiteValues()
		err = errors.Join(err, bad)
	}
	if !errors.Is(err, ErrNotFinite) {
		return err
	}
	return errors.Join(err, t.putBack())
}

// putBack gives the network the weights that were kept. Tensors that came with a sub-network since
// then start anew.
func (t *training) putBack() (err error) {
	defer tensor.Recover(&err)
	for _, s := range t.store.list {
		if t.kept[s.key] == nil {
			t.kept[s.key] = make([]float32, s.size())
			initial(s, t.seed, t.kept[s.key])
		}
	}
	t.state.Result.BackTo = t.state.KeptEpoch
	t.version.Add(1)
	return t.setValues(t.kept)
}
