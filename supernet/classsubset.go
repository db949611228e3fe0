package supernet

import (
	"fmt"
	"slices"
)

// classSubset is some classes of a network, of which alone the logits are read. Nil is all classes.
type classSubset struct {
	list   []int
	column map[int]int // place of a class in list
	row    []float32
}

// newClassSubset checks a list of classes of a network with as many as known.
func newClassSubset(list []int, known int) (*classSubset, error) {
	if list == nil {
		return nil, nil
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: a choice of no classes, expected some or nil for all", ErrData)
	}
	s := &classSubset{list: slices.Clone(list), column: make(map[int]int, len(list)),
		row: make([]float32, len(list))}
	for k, c := range list {
		if c < 0 || c >= known {
			return nil, fmt.Errorf("%w: class %d chosen, expected 0 to %d", ErrData, c, known-1)
		}
		if _, twice := s.column[c]; twice {
			return nil, fmt.Errorf("%w: class %d chosen twice, expected once", ErrData, c)
		}
		s.column[c] = k
	}
	return s, nil
}

// columnOf is the place of a label's logit in a row, −1 if it has none.
func (s *classSubset) columnOf(label, known int) int {
	if s == nil {
		if label < 0 || label >= known {
			return -1
		}
		return label
	}
	k, ok := s.column[label]
	if !ok {
		return -1
	}
	return k
}

// take moves the logits of the classes to the front, row after row.
func (s *classSubset) take(rows []float32, known int) []float32 {
	if s == nil {
		return rows
	}
	n := len(rows) / known
	for i := range n {
		for k, c := range s.list {
			s.row[k] = rows[i*known+c]
		}
		copy(rows[i*len(s.list):], s.row)
	}
	return rows[:n*len(s.list)]
}
