package main

import (
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// record is the measured runs of one network.
type record struct {
	graph  *searchspace.Graph
	layers [][]float64 // seconds of every layer in every run
	rest   []float64   // seconds of every run beside the layers
}

func (r *record) add(p *supernet.Profile) {
	sum := make([]float64, len(r.layers))
	rest := p.Total
	for node, k := range r.graph.LatencyIndex() {
		if k >= 0 {
			sum[k] += p.Nodes[node]
			rest -= p.Nodes[node]
		}
	}
	for k, s := range sum {
		r.layers[k] = append(r.layers[k], s)
	}
	r.rest = append(r.rest, rest)
}

// views is what the networks say about one kind of layer: one number for each
// place of each network.
type views struct{ seconds, spread []float64 }

// book collects the layers of networks, those left out that are known.
type book struct {
	known map[searchspace.LatencyLayer]bool
	order []searchspace.LatencyLayer
	of    map[searchspace.LatencyLayer]*views
	rest  []float64
}

func (b *book) add(r *record) {
	for k, l := range r.graph.Latencies() {
		if b.known[l] {
			continue
		}
		v := b.of[l]
		if v == nil {
			v = &views{}
			b.of[l] = v
			b.order = append(b.order, l)
		}
		v.seconds = append(v.seconds, quantile(r.layers[k], 0.5))
		v.spread = append(v.spread, (quantile(r.layers[k], 0.75)-quantile(r.layers[k], 0.25))/2)
	}
	b.rest = append(b.rest, quantile(r.rest, 0.5))
}

// entries is the book as lines of a table: a layer takes the mean over its
// places of the median over the runs.
func (b *book) entries() []searchspace.Latency {
	var out []searchspace.Latency
	for _, l := range b.order {
		v := b.of[l]
		out = append(out, searchspace.Latency{Layer: l, Seconds: mean(v.seconds), Spread: mean(v.spread)})
	}
	return out
}

// quantile is the value below which a share q of xs lies, between neighbours
// in proportion; 0 of nothing.
func quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	xs = slices.Sorted(slices.Values(xs))
	at := q * float64(len(xs)-1)
	i := int(at)
	if i+1 == len(xs) {
		return xs[i]
	}
	return xs[i] + (at-float64(i))*(xs[i+1]-xs[i])
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(max(len(xs), 1))
}
