package adjuster

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/nn"
)

// What a policy keeps between processes: its parameters, and while it is trained the two moments of
// Adam and the number of updates of each.

var adamSlots = [...]string{"adam.m/", "adam.v/"}

// save adds the parameters to tensors.
func (p *policy) save(tensors map[string]checkpoint.Tensor) {
	p.put(tensors, "policy/", p.ps.Snapshot(p.tape.Stream()).Values)
}

// load reads what save wrote.
func (p *policy) load(tensors map[string]checkpoint.Tensor) error {
	values, err := p.take(tensors, "policy/", func(string) bool { return true })
	if err != nil {
		return err
	}
	return p.restore(&nn.Snapshot{Values: values})
}

// saveOptimizer adds the optimiser's state to tensors and returns the updates of each parameter.
func (p *policy) saveOptimizer(tensors map[string]checkpoint.Tensor) map[string]int {
	snap := p.ps.Snapshot(p.tape.Stream())
	for i, prefix := range adamSlots {
		p.put(tensors, prefix, snap.Slots[i])
	}
	return snap.Updates
}

// loadOptimizer reads what saveOptimizer wrote.
func (p *policy) loadOptimizer(tensors map[string]checkpoint.Tensor, updates map[string]int) error {
	snap := &nn.Snapshot{Updates: updates}
	var err error
	for i, prefix := range adamSlots {
		if snap.Slots[i], err = p.take(tensors, prefix,
			func(name string) bool { return updates[name] > 0 }); err != nil {
			return err
		}
	}
	return p.restore(snap)
}

func (p *policy) restore(snap *nn.Snapshot) error {
	if err := p.ps.Restore(p.tape.Stream(), snap); err != nil {
		return fmt.Errorf("adjuster: %w: %w", checkpoint.ErrCorrupt, err)
	}
	return nil
}

// put adds a group of the policy's numbers to the tensors of a checkpoint.
func (p *policy) put(tensors map[string]checkpoint.Tensor, prefix string, group map[string][]float32) {
	for name, data := range group {
		tensors[prefix+name] = checkpoint.Of(p.ps.Lookup(name).Dims(), data)
	}
}

// take is the group of the policy's parameters that want says.
func (p *policy) take(tensors map[string]checkpoint.Tensor, prefix string,
	want func(name string) bool) (map[string][]float32, error) {
	group := make(map[string][]float32)
	for _, q := range p.ps.All() {
		if !want(q.Name()) {
			continue
		}
		data, err := checkpoint.Get[float32](tensors, prefix+q.Name(), q.Dims()...)
		if err != nil {
			return nil, fmt.Errorf("adjuster: %w", err)
		}
		group[q.Name()] = data
	}
	return group, nil
}
