package searchspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync/atomic"
)

// ErrNoLatency is wrapped by the errors of a LatencyTable that lacks layers.
var ErrNoLatency = errors.New("latency not measured")

// LatencyTable predicts the time of a network as the sum over its layers of measured times, as
// Once-for-All does. It can be written as JSON. supernet.MeasureLatency measures one. Its fields
// may be changed between calls, not during one; else it is safe for concurrent use. It must not be
// copied.
type LatencyTable struct {
	CPU     string  // name of the processor
	Kernels string  // what computes on it, as supernet.Model.KernelPath says
	Workers int     // processors used
	Batch   int     // images
	Fixed   float64 // seconds per network beside its layers
	Entries []Latency

	known atomic.Pointer[map[LatencyLayer]int] // see find
}

// What functions say that were given nil.
var (
	errNoGraph   = errors.New("searchspace: no graph")
	errNoSpace   = errors.New("searchspace: no space")
	errNoRand    = errors.New("searchspace: no random numbers")
	errNoMeasure = errors.New("searchspace: no measure of a node")
)

// ReadLatencyTable reads what Write wrote. Unknown fields, values that no measurement gives, and a
// layer that is there twice are errors.
func ReadLatencyTable(r io.Reader) (*LatencyTable, error) {
	if r == nil {
		return nil, errors.New("searchspace: latency table: no reader")
	}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var t LatencyTable
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("searchspace: latency table: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf(
			"searchspace: latency table: more after the table, expected the end of the file")
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("searchspace: latency table: %w", err)
	}
	return &t, nil
}

// Write writes the table as JSON.
func (t *LatencyTable) Write(w io.Writer) error {
	if w == nil {
		return errors.New("searchspace: latency table: no writer")
	}
	if err := t.check(); err != nil {
		return fmt.Errorf("searchspace: latency table: %w", err)
	}
	text, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return fmt.Errorf("searchspace: latency table: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// check finds what no measurement gives.
func (t *LatencyTable) check() error {
	if t.Batch < 1 || t.Workers < 1 {
		return fmt.Errorf("batch of %d on %d processors, expected at least 1 of each", t.Batch, t.Workers)
	}
	if !isTime(t.Fixed) {
		return fmt.Errorf("fixed part of %v seconds, expected a time", t.Fixed)
	}
	seen := make(map[LatencyLayer]bool, len(t.Entries))
	for _, e := range t.Entries {
		if !isTime(e.Seconds) || !isTime(e.Spread) {
			return fmt.Errorf("%v takes %v ± %v seconds, expected times", e.Layer, e.Seconds, e.Spread)
		}
		if seen[e.Layer] {
			return fmt.Errorf("%v is there twice", e.Layer)
		}
		seen[e.Layer] = true
	}
	return nil
}

func isTime(s float64) bool { return s >= 0 && !math.IsInf(s, 1) }

// Missing lists the layers of g that the table lacks, each once.
func (t *LatencyTable) Missing(g *Graph) []LatencyLayer {
	var out []LatencyLayer
	if g == nil {
		return nil
	}
	for _, l := range g.Latencies() {
		if t.entry(l) == nil && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// Seconds is the predicted time of g for a batch of t.Batch images. When layers were not measured
// the error wraps ErrNoLatency and lists them.
func (t *LatencyTable) Seconds(g *Graph) (float64, error) {
	if g == nil {
		return 0, errNoGraph
	}
	sum := t.Fixed
	for _, l := range g.Latencies() {
		e := t.entry(l)
		if e == nil {
			return 0, lacks(t.Missing(g))
		}
		sum += e.Seconds
	}
	return sum, nil
}

// Cost is the predicted time of a's network, see Seconds. The error wraps ErrInvalid when a is not
// of the space. Where a whole space is searched and has a choice graph, Model is faster.
func (t *LatencyTable) Cost(space *Space, a Arch) (float64, error) {
	if space == nil {
		return 0, errNoSpace
	}
	g, err := space.Lower(a)
	if err != nil {
		return 0, err
	}
	return t.Seconds(g)
}

// lacks is the error of a table without the layers.
func lacks(layers []LatencyLayer) error {
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = l.String()
	}
	return fmt.Errorf("searchspace: %w: %s", ErrNoLatency, strings.Join(names, "; "))
}

// entry is the entry of l, nil if there is none.
func (t *LatencyTable) entry(l LatencyLayer) *Latency {
	if i := t.find(l); i >= 0 {
		return &t.Entries[i]
	}
	return nil
}

// find is the index of the entry of l, or -1. It remembers where entries are; what it remembers is
// checked against Entries, which may grow and change between calls.
func (t *LatencyTable) find(l LatencyLayer) int {
	if known := t.known.Load(); known != nil {
		if i, ok := (*known)[l]; ok && i < len(t.Entries) && t.Entries[i].Layer == l {
			return i
		}
	}
	if !slices.ContainsFunc(t.Entries, func(e Latency) bool { return e.Layer == l }) {
		return -1
	}
	known := make(map[LatencyLayer]int, len(t.Entries))
	for i := range t.Entries {
		known[t.Entries[i].Layer] = i
	}
	t.known.Store(&known)
	return known[l]
}
