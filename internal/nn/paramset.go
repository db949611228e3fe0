package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// ParamSet is an ordered collection of parameters on one backend. It is for one training goroutine;
// reading values concurrently is fine.
type ParamSet struct {
	backend tensor.Backend
	list    []*Param
	byName  map[string]*Param
	touched []*Param
	norms   []tensor.Buffer // scratch of gradient clipping
}

// NewParamSet is an empty set on a backend.
func NewParamSet(b tensor.Backend) *ParamSet {
	return &ParamSet{backend: b, byName: make(map[string]*Param)}
}

// Backend is where the parameters live.
func (s *ParamSet) Backend() tensor.Backend { return s.backend }

// Add makes a trainable parameter of zeros. It panics with a *tensor.Error if the name exists or a
// dimension is not positive.
func (s *ParamSet) Add(name string, dims ...int) *Param { return s.add(name, false, dims) }

// AddState makes a parameter that is saved with the others but never trained, such as running
// statistics.
func (s *ParamSet) AddState(name string, dims ...int) *Param { return s.add(name, true, dims) }

func (s *ParamSet) add(name string, state bool, dims []int) *Param {
	if s.byName[name] != nil {
		tensor.Failf("parameter", "%s exists already", name)
	}
	n := 1
	for _, d := range dims {
		if d < 1 {
			tensor.Failf("parameter", "%s has dimensions %v", name, dims)
		}
		n *= d
	}
	p := &Param{name: name, dims: slices.Clone(dims), set: s, state: state, rate: 1,
		value: s.backend.NewBuffer(n)}
	s.list = append(s.list, p)
	s.byName[name] = p
	return p
}

// Replace gives an existing parameter new dimensions and zero-filled memory, dropping gradient and
// optimiser state. It serves growing classifiers; views taken before are stale.
func (s *ParamSet) Replace(name string, dims ...int) (*Param, error) {
	p := s.byName[name]
	if p == nil {
		return nil, fmt.Errorf("parameter %s does not exist", name)
	}
	n := 1
	for _, d := range dims {
		if d < 1 {
			return nil, fmt.Errorf("parameter %s: dimensions %v", name, dims)
		}
		n *= d
	}
	p.dims, p.value, p.grad = slices.Clone(dims), s.backend.NewBuffer(n), nil
	p.slots, p.steps = [2]tensor.Buffer{}, 0
	if p.touched {
		p.touched = false
		s.touched = slices.DeleteFunc(s.touched, func(q *Param) bool { return q == p })
	}
	return p, nil
}

// Lookup is the parameter of that name, nil if there is none.
func (s *ParamSet) Lookup(name string) *Param { return s.byName[name] }

// All is the parameters in the order of their making. Do not change the slice.
func (s *ParamSet) All() []*Param { return s.list }

// Count is the number of trainable numbers, frozen ones included.
func (s *ParamSet) Count() int {
	n := 0
	for _, p := range s.list {
		if !p.state {
			n += p.Size()
		}
	}
	return n
}

// BeginStep forgets which parameters were touched. Call it before the first forward pass of a
// training step; several forward and backward passes until the next update accumulate their
// gradients.
func (s *ParamSet) BeginStep() {
	for _, p := range s.touched {
		p.touched = false
	}
	s.touched = s.touched[:0]
}

// Touched is the parameters that the current step trains, in order of first use. Do not change the
// slice.
func (s *ParamSet) Touched() []*Param { return s.touched }

// ResetOptimizer drops momenta and step counts, as a fresh optimiser would start.
func (s *ParamSet) ResetOptimizer() {
	for _, p := range s.list {
		p.slots, p.steps = [2]tensor.Buffer{}, 0
	}
}

// GradNorm waits and returns the Euclidean norm of all touched gradients together.
func (s *ParamSet) GradNorm(st tensor.Stream) float64 {
	s.norms = s.norms[:0]
	for _, p := range s.touched {
		s.norms = append(s.norms, p.grad)
	}
	return math.Sqrt(st.SumSquares(s.norms))
}
