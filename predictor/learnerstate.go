package predictor

import (
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// tensors are the large parts of a file by name.
type tensors map[string]checkpoint.Tensor

func (t tensors) put(name string, x []float64) {
	t[name] = checkpoint.Of([]int{len(x)}, append([]float64(nil), x...))
}

// take fills x from a tensor of as many finite numbers.
func (t tensors) take(name string, x []float64) error {
	data, err := checkpoint.Get[float64](t, name, len(x))
	if err != nil {
		return err
	}
	for _, v := range data {
		if !finite(v) {
			return fmt.Errorf("%q holds %v, expected finite numbers", name, v)
		}
	}
	copy(x, data)
	return nil
}

// length is that of a tensor, 0 where there is none.
func (t tensors) length(name string) int {
	data, err := checkpoint.Get[float64](t, name, -1)
	if err != nil {
		return 0
	}
	return len(data)
}

// learnerState is the JSON part of a learner; the options that are there say what it is.
type learnerState struct {
	Inputs  int            `json:"inputs"`
	Hedge   *HedgeOptions  `json:"hedge,omitempty"`
	Weights *weightsState  `json:"weights,omitempty"`
	MLP     *MLPOptions    `json:"mlp,omitempty"`
	Linear  *LinearOptions `json:"linear,omitempty"`
	Ridge   *RidgeOptions  `json:"ridge,omitempty"`
	Mean    *meanState     `json:"mean,omitempty"`
}

type weightsState struct {
	Steps    int     `json:"steps"`
	Suffered float64 `json:"suffered"`
}

type meanState struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean"`
}

const (
	tensorNetwork = "learner/network"
	tensorAlpha   = "learner/alpha"
	tensorLosses  = "learner/losses"
	tensorLinear  = "learner/linear"
	tensorInverse = "learner/inverse"
)

// storeLearner gives the state of a learner of this package and puts its tensors.
func storeLearner(l Learner, t tensors) (*learnerState, error) {
	s := &learnerState{Inputs: l.Inputs()}
	switch l := l.(type) {
	case *Hedge:
		if !allFinite(l.net.flat) || l.linear != nil && !allFinite(l.linear.w) || l.ridge != nil && !l.ridge.finite() {
			return nil, fmt.Errorf("predictor: %w", ErrDiverged)
		}
		s.Hedge, s.Weights = &l.opts, &weightsState{l.weights.steps, l.weights.suffered}
		t.put(tensorNetwork, l.net.flat)
		t.put(tensorAlpha, l.weights.alpha)
		t.put(tensorLosses, l.weights.losses)
		if l.linear != nil {
			t.put(tensorLinear, l.linear.w)
		}
		if l.ridge != nil {
			l.ridge.store(t)
		}
	case *MLP:
		if !allFinite(l.net.flat) {
			return nil, fmt.Errorf("predictor: %w", ErrDiverged)
		}
		s.MLP = &l.opts
		t.put(tensorNetwork, l.net.flat)
	case *Linear:
		if !allFinite(l.w) {
			return nil, fmt.Errorf("predictor: %w", ErrDiverged)
		}
		s.Linear = &l.opts
		t.put(tensorLinear, l.w)
	case *Ridge:
		if !l.finite() {
			return nil, fmt.Errorf("predictor: %w", ErrDiverged)
		}
		s.Ridge = &l.opts
		l.store(t)
	case *Mean:
		s.Mean = &meanState{l.count, l.mean}
	default:
		return nil, fmt.Errorf("predictor: a learner of type %T cannot be saved", l)
	}
	return s, nil
}

func (r *Ridge) finite() bool { return allFinite(r.w) && allFinite(r.inv) }

func (r *Ridge) store(t tensors) {
	t.put(tensorLinear, r.w)
	t.put(tensorInverse, r.inv)
}

func (r *Ridge) restore(t tensors) error {
	return errors.Join(t.take(tensorLinear, r.w), t.take(tensorInverse, r.inv))
}

// restore makes the learner again.
func (s *learnerState) restore(t tensors) (Learner, error) {
	switch {
	case s.Hedge != nil && s.Weights != nil:
		if err := s.fits(t, s.Hedge.Units, s.Hedge.Layers); err != nil {
			return nil, err
		}
		h, err := NewHedge(s.Inputs, s.Hedge)
		if err != nil {
			return nil, err
		}
		return h, h.restore(s.Weights, t)
	case s.MLP != nil:
		if err := s.fits(t, s.MLP.Units, s.MLP.Layers); err != nil {
			return nil, err
		}
		m, err := NewMLP(s.Inputs, s.MLP)
		if err != nil {
			return nil, err
		}
		return m, t.take(tensorNetwork, m.net.flat)
	case s.Linear != nil:
		l, err := NewLinear(s.Inputs, s.Linear)
		if err != nil {
			return nil, err
		}
		return l, t.take(tensorLinear, l.w)
	case s.Ridge != nil:
		r, err := NewRidge(s.Inputs, s.Ridge)
		if err != nil {
			return nil, err
		}
		return r, r.restore(t)
	case s.Mean != nil:
		m, err := NewMean(s.Inputs)
		if err != nil {
			return nil, err
		}
		m.count, m.mean = s.Mean.Count, s.Mean.Mean
		return m, nil
	}
	return nil, errors.New("predictor: a learner of no known kind")
}

// fits reports a network whose weights are not those of the file, before memory is taken for it.
func (s *learnerState) fits(t tensors, units, layers int) error {
	size, err := networkSize(s.Inputs, units, layers)
	if err == nil && size != t.length(tensorNetwork) {
		err = fmt.Errorf("predictor: %d weights of a network of %d", t.length(tensorNetwork), size)
	}
	return err
}

func (h *Hedge) restore(w *weightsState, t tensors) error {
	h.weights.steps, h.weights.suffered = w.Steps, w.Suffered
	err := errors.Join(t.take(tensorNetwork, h.net.flat), t.take(tensorAlpha, h.weights.alpha),
		t.take(tensorLosses, h.weights.losses))
	switch {
	case h.linear != nil:
		err = errors.Join(err, t.take(tensorLinear, h.linear.w))
	case h.ridge != nil:
		err = errors.Join(err, h.ridge.restore(t))
	}
	if err == nil {
		err = checkAlpha(h.weights.alpha)
	}
	return err
}
