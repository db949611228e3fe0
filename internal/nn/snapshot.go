package nn

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// Snapshot is the state of a parameter set in host memory, by the parameters' names, in their order
// of elements.
type Snapshot struct {
	Values map[string][]float32
	// Slots is what an optimiser keeps beside the values, of the parameters that have any: momentum
	// or first moments, and second moments.
	Slots [2]map[string][]float32
	// Updates counts the updates since the optimiser started, of the parameters that had any.
	Updates map[string]int
}

// Snapshot waits and copies the state of all parameters.
func (s *ParamSet) Snapshot(st tensor.Stream) *Snapshot {
	snap := &Snapshot{Values: map[string][]float32{}, Updates: map[string]int{}}
	for i := range snap.Slots {
		snap.Slots[i] = map[string][]float32{}
	}
	for _, p := range s.list {
		snap.Values[p.name] = p.Get(st)
		for i, b := range p.slots {
			if b != nil {
				data := make([]float32, b.Len())
				st.Read(b, 0, data)
				snap.Slots[i][p.name] = data
			}
		}
		if p.steps > 0 {
			snap.Updates[p.name] = p.steps
		}
	}
	return snap
}

// Restore gives the set the state of a snapshot. Values must be there for every parameter; when the
// map is nil, values stay as they are. Optimiser state that the snapshot does not hold is dropped.
// What does not fit is an error, and nothing changes then.
func (s *ParamSet) Restore(st tensor.Stream, snap *Snapshot) error {
	if err := s.fits(snap); err != nil {
		return err
	}
	for _, p := range s.list {
		if snap.Values != nil {
			st.Write(p.value, 0, snap.Values[p.name])
		}
		p.slots, p.steps = [2]tensor.Buffer{}, snap.Updates[p.name]
		for i, group := range snap.Slots {
			if data, ok := group[p.name]; ok {
				st.Write(p.slot(i), 0, data)
			}
		}
	}
	return nil
}

// fits checks that a snapshot is one of a set like this.
func (s *ParamSet) fits(snap *Snapshot) error {
	if snap.Values != nil {
		for _, p := range s.list {
			if _, ok := snap.Values[p.name]; !ok {
				return fmt.Errorf("parameter %s: no value", p.name)
			}
		}
	}
	for i, group := range [...]map[string][]float32{snap.Values, snap.Slots[0], snap.Slots[1]} {
		for name, data := range group {
			switch p := s.byName[name]; {
			case p == nil:
				return fmt.Errorf("parameter %s does not exist", name)
			case len(data) != p.Size():
				return fmt.Errorf("parameter %s: got %d numbers, expected %d", name, len(data), p.Size())
			case i > 0 && snap.Updates[name] == 0:
				return fmt.Errorf("parameter %s: optimiser state without updates", name)
			}
		}
	}
	for name, n := range snap.Updates {
		if s.byName[name] == nil {
			return fmt.Errorf("parameter %s does not exist", name)
		}
		if n < 0 {
			return fmt.Errorf("parameter %s: %d updates, expected at least 0", name, n)
		}
	}
	return nil
}
