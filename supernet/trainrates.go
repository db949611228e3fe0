package supernet

import (
	"fmt"
	"maps"
	"slices"
)

// askRates asks for the factors of the learning rate of layers that came since the last call.
func (t *training) askRates() error {
	if t.opts == nil || t.opts.Rate == nil {
		return nil
	}
	if t.rates == nil {
		t.rates = make(map[string]float64)
	}
	for _, s := range t.store.list[t.held:] {
		layer := s.layer()
		if _, known := t.rates[layer]; known {
			continue
		}
		n := *s.node
		rate := t.opts.Rate(&n)
		if !finite(rate) || rate < 0 {
			return fmt.Errorf("rate %v of layer %s, expected a finite number, at least 0", rate, layer)
		}
		t.rates[layer] = rate
	}
	return nil
}

// rateOf is the factor of the learning rate of a layer.
func (t *training) rateOf(layer string) float64 {
	if rate, ok := t.rates[layer]; ok {
		return rate
	}
	return 1
}

// otherRates is the factors that are not 1, as a checkpoint keeps them.
func (t *training) otherRates() map[string]float64 {
	out := maps.Clone(t.rates)
	maps.DeleteFunc(out, func(_ string, rate float64) bool { return rate == 1 })
	return out
}

// rateDifferences says in what the factors of a checkpoint differ from those of this training.
func (t *training) rateDifferences(got map[string]float64) []string {
	layers := maps.Clone(t.rates)
	if layers == nil {
		layers = make(map[string]float64)
	}
	maps.Copy(layers, got)
	var out []string
	for _, layer := range slices.Sorted(maps.Keys(layers)) {
		had, ok := got[layer]
		if !ok {
			had = 1
		}
		if now := t.rateOf(layer); had != now {
			out = append(out, fmt.Sprintf("rate of %s is %v, expected %v", layer, had, now))
		}
	}
	const most = 3
	if more := len(out) - most; more > 0 {
		out = append(out[:most], fmt.Sprintf("rates of %d layers more", more))
	}
	return out
}
