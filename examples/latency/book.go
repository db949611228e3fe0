package main

import (
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// record is the measured runs of one network.
type record struct {
	index  []int // the layer of every node
	kinds  []searchspace.LatencyLayer
	layers [][]float64 // seconds of every layer in every run
	rest   []float64   // seconds of every run beside its layers
}

func newRecord(g *searchspace.Graph) *record {
	kinds := g.Latencies()
	return &record{index: g.LatencyIndex(), kinds: kinds, layers: make([][]float64, len(kinds))}
}

func (r *record) add(p *supernet.Profile) {
	sum, rest := make([]float64, len(r.layers)), p.Total
	for node, k := range r.index {
		if k >= 0 {
			sum[k] += p.Nodes[node]
			rest -= p.Nodes[node]
		}
	}
	r.rest = append(r.rest, rest)
	for k, s := range sum {
		r.layers[k] = append(r.layers[k], s)
	}
}

// views is what the networks say about one kind of layer: one number for each
// place of each network.
type views struct{ seconds, spread []float64 }

// book collects the layers of networks beside those that a table had before.
type book struct {
	old   []searchspace.Latency
	known map[searchspace.LatencyLayer]bool
	order []searchspace.LatencyLayer
	of    map[searchspace.LatencyLayer]*views
	rest  []float64 // seconds of every network beside its layers
}

func newBook(t *searchspace.LatencyTable) *book {
	b := &book{old: slices.Clone(t.Entries), known: map[searchspace.LatencyLayer]bool{}, of: map[searchspace.LatencyLayer]*views{}}
	for _, e := range b.old {
		b.known[e.Layer] = true
	}
	return b
}

// add takes in a network measured in parts and whole. All parts are scaled by
// one factor so that they add up to the whole, which ran without a clock
// inside: on a busy machine the middles of many short times add up to a few per
// cent less than the middle of the long one.
func (b *book) add(r *record, whole []float64) {
	rest := middle(r.rest)
	sum := rest
	seconds := make([]float64, len(r.layers))
	for k, times := range r.layers {
		seconds[k] = middle(times)
		sum += seconds[k]
	}
	factor := 1.0
	if sum > 0 {
		factor = middle(whole) / sum
	}
	b.rest = append(b.rest, factor*rest)
	for k, l := range r.kinds {
		if b.known[l] {
			continue
		}
		v := b.of[l]
		if v == nil {
			v = &views{}
			b.of[l] = v
			b.order = append(b.order, l)
		}
		v.seconds = append(v.seconds, factor*seconds[k])
		v.spread = append(v.spread, factor*halfRange(r.layers[k]))
	}
}

// fill puts the layers into the table, each with the mean over its places. The
// fixed part is that of a table's first measurement.
func (b *book) fill(t *searchspace.LatencyTable) {
	t.Entries = slices.Clone(b.old)
	for _, l := range b.order {
		v := b.of[l]
		t.Entries = append(t.Entries, searchspace.Latency{Layer: l, Seconds: mean(v.seconds), Spread: mean(v.spread)})
	}
	if len(b.old) == 0 {
		t.Fixed = max(quantile(b.rest, 0.5), 0)
	}
}
