package adjuster

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// What a policy keeps between processes: its parameters, and while it is trained the two moments of
// Adam and the number of updates of each.

var adamSlots = [...]string{"adam.m/", "adam.v/"}

// save adds the parameters to tensors.
func (p *policy) save(tensors map[string]checkpoint.Tensor) {
	st := p.tape.Stream()
	for _, q := range p.ps.All() {
		tensors["policy/"+q.Name()] = checkpoint.Of(q.Dims(), q.Get(st))
	}
}

// load reads what save wrote.
func (p *policy) load(tensors map[string]checkpoint.Tensor) error {
	st := p.tape.Stream()
	for _, q := range p.ps.All() {
		v, err := checkpoint.Get[float32](tensors, "policy/"+q.Name(), q.Dims()...)
		if err != nil {
			return fmt.Errorf("adjuster: %w", err)
		}
		if err := q.Set(st, v); err != nil {
			return err
		}
	}
	return nil
}

// saveOptimizer adds the optimiser's state to tensors and returns the updates of each parameter.
func (p *policy) saveOptimizer(tensors map[string]checkpoint.Tensor) map[string]int {
	st := p.tape.Stream()
	updates := make(map[string]int)
	for _, q := range p.ps.All() {
		updates[q.Name()] = q.Steps()
		for i, name := range adamSlots {
			if b := q.Slot(i); b != nil {
				data := make([]float32, b.Len())
				st.Read(b, 0, data)
				tensors[name+q.Name()] = checkpoint.Of(q.Dims(), data)
			}
		}
	}
	return updates
}

// loadOptimizer reads what saveOptimizer wrote.
func (p *policy) loadOptimizer(tensors map[string]checkpoint.Tensor, updates map[string]int) error {
	st := p.tape.Stream()
	for _, q := range p.ps.All() {
		if updates[q.Name()] == 0 {
			continue
		}
		q.Restore(updates[q.Name()], len(adamSlots))
		for i, name := range adamSlots {
			v, err := checkpoint.Get[float32](tensors, name+q.Name(), q.Dims()...)
			if err != nil {
				return fmt.Errorf("adjuster: %w", err)
			}
			st.Write(q.Slot(i), 0, v)
		}
	}
	return nil
}
