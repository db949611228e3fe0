package supernet

import (
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// layerRecord is the measured runs of one network.
type layerRecord struct {
	index  []int // the layer of every node
	kinds  []searchspace.LatencyLayer
	layers [][]float64 // seconds of every layer in every run
	rest   []float64   // seconds of every run beside its layers
}

func newLayerRecord(g *searchspace.Graph) *layerRecord {
	kinds := g.Latencies()
	return &layerRecord{index: g.LatencyIndex(), kinds: kinds, layers: make([][]float64, len(kinds))}
}

func (r *layerRecord) add(p *Profile) {
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

// layerViews is what the networks say about one kind of layer: one number for each place of each
// network.
type layerViews struct{ seconds, spread []float64 }

// latencyBook collects the layers of networks beside those that a table had before.
type latencyBook struct {
	old   []searchspace.Latency
	known map[searchspace.LatencyLayer]bool // those of old
	order []searchspace.LatencyLayer
	of    map[searchspace.LatencyLayer]*layerViews
	rest  []float64 // seconds of every network beside its layers
}

func newLatencyBook(t *searchspace.LatencyTable) *latencyBook {
	b := &latencyBook{old: slices.Clone(t.Entries), known: make(map[searchspace.LatencyLayer]bool),
		of: make(map[searchspace.LatencyLayer]*layerViews)}
	for _, e := range b.old {
		b.known[e.Layer] = true
	}
	return b
}

// has reports whether a layer is in the table.
func (b *latencyBook) has(l searchspace.LatencyLayer) bool { return b.known[l] || b.of[l] != nil }

// add takes in a network measured in parts and whole. All parts are scaled by one factor so that
// they add up to the whole, which ran without a clock inside: on a busy machine the middles of many
// short times add up to a few per cent less than the middle of the long one.
func (b *latencyBook) add(r *layerRecord, whole []float64) {
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
			v = &layerViews{}
			b.of[l] = v
			b.order = append(b.order, l)
		}
		v.seconds = append(v.seconds, factor*seconds[k])
		v.spread = append(v.spread, factor*halfRange(r.layers[k]))
	}
}

// fill puts the layers into the table, each with the mean over its places. The fixed part is that
// of a table's first measurement.
func (b *latencyBook) fill(t *searchspace.LatencyTable) {
	t.Entries = slices.Clone(b.old)
	for _, l := range b.order {
		v := b.of[l]
		e := searchspace.Latency{Layer: l, Seconds: mean(v.seconds), Spread: mean(v.spread)}
		t.Entries = append(t.Entries, e)
	}
	if len(b.old) == 0 {
		t.Fixed = max(quantile(b.rest, 0.5), 0)
	}
}
