package searchspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// ErrNoLatency is wrapped by the errors of a LatencyTable that lacks layers.
var ErrNoLatency = errors.New("latency not measured")

// LatencyTable predicts the time of a network as the sum over its layers of
// measured times, as Once-for-All does. It can be written as JSON. The program
// examples/latency measures one.
type LatencyTable struct {
	CPU     string  // name of the processor
	Kernels string  // what computes on it, as supernet.Model.KernelPath says
	Workers int     // processors used
	Batch   int     // images
	Fixed   float64 // seconds per network beside its layers
	Entries []Latency
}

// ReadLatencyTable reads what Write wrote. Unknown fields, values that no
// measurement gives, and a layer that is there twice are errors.
func ReadLatencyTable(r io.Reader) (*LatencyTable, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var t LatencyTable
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("searchspace: latency table: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("searchspace: latency table: more after the table, expected the end of the file")
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("searchspace: latency table: %w", err)
	}
	return &t, nil
}

// Write writes the table as JSON.
func (t *LatencyTable) Write(w io.Writer) error {
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
	known := t.index()
	var out []LatencyLayer
	for _, l := range g.Latencies() {
		if _, ok := known[l]; !ok && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// Seconds is the predicted time of g for a batch of t.Batch images. When
// layers were not measured the error wraps ErrNoLatency and lists them.
func (t *LatencyTable) Seconds(g *Graph) (float64, error) {
	if missing := t.Missing(g); len(missing) > 0 {
		names := make([]string, len(missing))
		for i, l := range missing {
			names[i] = l.String()
		}
		return 0, fmt.Errorf("searchspace: %w: %s", ErrNoLatency, strings.Join(names, "; "))
	}
	known := t.index()
	sum := t.Fixed
	for _, l := range g.Latencies() {
		sum += known[l]
	}
	return sum, nil
}

func (t *LatencyTable) index() map[LatencyLayer]float64 {
	out := make(map[LatencyLayer]float64, len(t.Entries))
	for _, e := range t.Entries {
		out[e.Layer] = e.Seconds
	}
	return out
}
