package search

import (
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// Stamp says which data and which shared weights a measurement was made with.
type Stamp struct {
	Stage         int
	WeightVersion uint64
}

// StampOf is the stamp of a measurement.
func StampOf(m searchspace.Measurement) Stamp { return Stamp{m.Stage, m.WeightVersion} }

// String names both numbers, for errors.
func (s Stamp) String() string {
	return fmt.Sprintf("weights %d on stage %d", s.WeightVersion, s.Stage)
}

// key is what a measurement is remembered by.
type key struct {
	arch searchspace.Arch
	Stamp
}

// memo is every measurement that may be used again.
type memo struct {
	policy  StalePolicy
	at      func() Stamp
	last    *Stamp // of the last measurement told; nil before the first
	results map[key]Result
	archs   map[searchspace.Arch]bool // ever measured
	extra   []Result                  // those that belong to no step
}

func newMemo(o *Options) memo {
	return memo{policy: o.Stale, at: o.At, results: map[key]Result{}, archs: map[searchspace.Arch]bool{}}
}

// now is the stamp that an evaluation beginning now is expected to have; false when nobody knows.
func (m *memo) now() (Stamp, bool) {
	switch {
	case m.at != nil:
		return m.at(), true
	case m.last != nil:
		return *m.last, true
	}
	return Stamp{}, false
}

// find gives what is known of an architecture.
func (m *memo) find(a searchspace.Arch) (Result, bool) {
	s, ok := m.now()
	if !ok {
		return Result{}, false
	}
	r, ok := m.results[key{a, s}]
	return r, ok
}

// add remembers a measured result.
func (m *memo) add(r Result) {
	m.results[key{r.Arch, StampOf(r.Measurement)}] = r
	m.archs[r.Arch] = true
}

// addExtra remembers a measurement that belongs to no step.
func (m *memo) addExtra(r Result) {
	m.add(r)
	for i, x := range m.extra {
		if x.Arch == r.Arch && StampOf(x.Measurement) == StampOf(r.Measurement) {
			m.extra[i] = r
			return
		}
	}
	m.extra = append(m.extra, r)
}

// check is ErrStale when the policy forbids s beside what was measured before.
func (m *memo) check(s Stamp) error {
	if m.policy == StaleError && m.last != nil && *m.last != s {
		return fmt.Errorf("%w: measured with %v, now %v", ErrStale, *m.last, s)
	}
	return nil
}

// adopt makes s the stamp of what comes, as the policy has it.
func (m *memo) adopt(s Stamp) error {
	if err := m.check(s); err != nil {
		return err
	}
	if m.policy == StaleForget && m.last != nil && *m.last != s {
		clear(m.results)
		m.extra = nil
	}
	m.last = &s
	return nil
}
