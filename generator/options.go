package generator

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

var (
	// ErrSuperclass is wrapped when a scenario names a superclass that the generator does not know.
	ErrSuperclass = errors.New("unknown superclass")
	// ErrBudget is wrapped when a budget is outside the range; the text has the range.
	ErrBudget = errors.New("budget out of range")
	// ErrNotFinite is wrapped when a loss, a gradient or a parameter is not finite: that of
	// searchspace.
	ErrNotFinite = searchspace.ErrNotFinite
	// ErrTraining is wrapped by a second Train while one runs.
	ErrTraining = errors.New("the generator is being trained")
)

// Options sets up a Generator. The zero value of a field is its default.
type Options struct {
	// Superclasses are the names that scenarios use, at least one, all different.
	Superclasses []string `json:"superclasses"`
	// Cost is what budgets are given in; the zero value is multiply-adds. Any cost that is a sum
	// over layers will do: parameters, the seconds of a searchspace.LatencyTable, terms of a
	// searchspace.CostModel of the caller's own. Its Max and Min are not used.
	Cost searchspace.CostLimit `json:"cost"`
	// Low and High are B_L and B_H, the smallest and largest budget that can be asked for, in units
	// of Cost. Default: the costs of the cheapest and the dearest architecture of the space. Low
	// must be more than 0 and cannot be below the cheapest.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Budgets is K_B, the number of budgets with an embedding of their own, evenly spaced from Low
	// to High; others lie between the embeddings of their neighbours. 0 = 10 (ours).
	Budgets int `json:"budgets"`
	// Embedding is the length of each embedding: superclass, budget, step; 0 = 32, as published.
	Embedding int `json:"embedding"`
	// Hidden is the width of the LSTM, a multiple of 16; 0 = 64 (ours).
	Hidden int `json:"hidden"`
	// MultiPath gives every decision a softmax over its candidates, the paper's multi-path
	// generator. Default: gates that nest the candidates of a decision, see the package.
	MultiPath bool `json:"multi_path"`
	// Seed of the initial parameters.
	Seed uint64 `json:"seed"`

	// Makers rebuild spaces of a program's own families when a generator is loaded.
	Makers []searchspace.Maker `json:"-"`
	// Logger; nil = silent.
	Logger *slog.Logger `json:"-"`
}

// Bounds that keep memory small whatever a file says.
const (
	maxSuperclasses = 1 << 12
	maxBudgets      = 1 << 12
	maxEmbedding    = 1 << 10
	maxHidden       = 1 << 10
)

// clean is the options with defaults that do not depend on the space.
func (o Options) clean() (Options, error) {
	o.Budgets, o.Embedding, o.Hidden = or(o.Budgets, 10), or(o.Embedding, 32), or(o.Hidden, 64)
	o.Cost.Of = or(o.Cost.Of, searchspace.CostMAdds)
	o.Cost.Max, o.Cost.Min = 0, 0
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if n := len(o.Superclasses); n < 1 || n > maxSuperclasses {
		return o, fmt.Errorf("generator: %d superclasses, expected 1 to %d", n, maxSuperclasses)
	}
	seen := map[string]bool{}
	for _, name := range o.Superclasses {
		if name == "" || seen[name] {
			return o,
				fmt.Errorf("generator: superclass %q, expected names that are different and not empty", name)
		}
		seen[name] = true
	}
	for _, v := range []struct {
		name      string
		got, most int
	}{{"budgets", o.Budgets, maxBudgets}, {"embedding", o.Embedding, maxEmbedding}, {"hidden", o.Hidden,
		maxHidden}} {
		if v.got < 1 || v.got > v.most {
			return o, fmt.Errorf("generator: %s %d, expected 1 to %d", v.name, v.got, v.most)
		}
	}
	if o.Hidden%16 != 0 {
		return o, fmt.Errorf("generator: hidden %d, expected a multiple of 16", o.Hidden)
	}
	return o, nil
}

// copied is a copy that shares no memory with the caller's.
func (o Options) copied() (Options, error) {
	text, err := json.Marshal(o.Cost)
	if err != nil {
		return o, fmt.Errorf("generator: cost: %w", err)
	}
	o.Cost = searchspace.CostLimit{}
	if err := json.Unmarshal(text, &o.Cost); err != nil {
		return o, fmt.Errorf("generator: cost: %w", err)
	}
	o.Superclasses = slices.Clone(o.Superclasses)
	return o, nil
}

// bounded sets the range of budgets, the costs of the cheapest and the dearest architecture being
// known.
func (o *Options) bounded(cheapest, dearest float64) error {
	if !(cheapest > 0) || math.IsInf(dearest, 0) {
		return fmt.Errorf("generator: %s of the space from %.6g to %.6g, expected more than 0", o.Cost.Of,
			cheapest,
			dearest)
	}
	o.Low, o.High = or(o.Low, cheapest), or(o.High, dearest)
	switch {
	case !(o.Low >= cheapest):
		return fmt.Errorf("generator: smallest budget %v, expected at least %v, the lowest cost of the space",
			o.Low, cheapest)
	case !(o.High >= o.Low) || math.IsInf(o.High, 0):
		return fmt.Errorf("generator: budgets from %v to %v, expected a range", o.Low, o.High)
	}
	return nil
}

// or is v, or the default where v is zero.
func or[T comparable](v, standard T) T {
	var zero T
	if v == zero {
		return standard
	}
	return v
}
