package search

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// Codec writes the history of a search as columns of a checkpoint, because ten thousand proposals
// as JSON would be most of the file. The zero Codec of a strategy without notes reads what it
// wrote, given Decisions.
type Codec[T any] struct {
	// Decisions is the number of choices of an architecture.
	Decisions int
	// Check refuses architectures that do not belong to the space; nil = none.
	Check func(searchspace.Arch) error
	// Format gives the text of a measurement that had one when it was written; nil = "".
	Format func(searchspace.Arch) string
	// Numbers of a note, 0 to keep no notes; Put fills a slice of that length, Get reads it.
	Numbers int
	Put     func(note T, to []float64)
	Get     func(from []float64) (T, error)
}

// PutState adds the columns of a state to tensors, under names that begin with name and a slash.
func (c Codec[T]) PutState(tensors map[string]checkpoint.Tensor, name string, s State[T]) {
	c.PutRecords(tensors, name+"/told", s.Records)
	plain := c.plain()
	open := make([]row[struct{}], len(s.Open))
	for i, o := range s.Open {
		open[i] = row[struct{}]{Record: Record[struct{}]{Step: o.Step, Result: o.Result}, done: o.Done}
	}
	plain.put(tensors, name+"/open", open)
	extra := make([]Record[struct{}], len(s.Extra))
	for i, r := range s.Extra {
		extra[i].Result = r
	}
	plain.PutRecords(tensors, name+"/extra", extra)
	if s.Exhausted {
		tensors[name+"/exhausted"] = checkpoint.Of([]int{}, []uint8{1})
	}
}

// GetState reads what PutState wrote. The error wraps checkpoint.ErrTensor when columns do not fit
// each other. Loop.Restore and Loop.Replay check what it means.
func (c Codec[T]) GetState(tensors map[string]checkpoint.Tensor, name string) (s State[T], err error) {
	if s.Records, err = c.GetRecords(tensors, name+"/told"); err != nil {
		return State[T]{}, err
	}
	plain := c.plain()
	open, err := plain.get(tensors, name+"/open")
	if err != nil {
		return State[T]{}, err
	}
	for _, r := range open {
		s.Open = append(s.Open, Open{Step: r.Step, Done: r.done, Result: r.Result})
	}
	extra, err := plain.GetRecords(tensors, name+"/extra")
	if err != nil {
		return State[T]{}, err
	}
	for _, r := range extra {
		s.Extra = append(s.Extra, r.Result)
	}
	_, s.Exhausted = tensors[name+"/exhausted"]
	return s, nil
}

// plain is the codec of rows without notes.
func (c Codec[T]) plain() Codec[struct{}] {
	return Codec[struct{}]{Decisions: c.Decisions, Check: c.Check, Format: c.Format}
}

// PutRecords is PutState for records alone.
func (c Codec[T]) PutRecords(tensors map[string]checkpoint.Tensor, name string, records []Record[T]) {
	rows := make([]row[T], len(records))
	for i, r := range records {
		rows[i] = row[T]{Record: r, done: true}
	}
	c.put(tensors, name, rows)
}

// GetRecords is GetState for what PutRecords wrote; nil when there is nothing under that name.
func (c Codec[T]) GetRecords(tensors map[string]checkpoint.Tensor, name string) ([]Record[T], error) {
	rows, err := c.get(tensors, name)
	if err != nil || rows == nil {
		return nil, err
	}
	records := make([]Record[T], len(rows))
	for i, r := range rows {
		if !r.done {
			return nil, fmt.Errorf("search: %s: row %d is a proposal without its result", name, i)
		}
		records[i] = r.Record
	}
	return records, nil
}
