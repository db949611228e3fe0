package evolution

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// StalePolicy says what happens when data stage or weight version of measurements move during a
// search over architectures. A measurement is reused only for the stage and weights it was made
// with.
type StalePolicy uint8

const (
	StaleError  StalePolicy = iota // the search ends with an error
	StaleForget                    // older measurements are forgotten, open ones made again
	StaleKeep                      // all are told as they are; the population may mix them
)

// SearchOptions sets up a Search. The zero value evaluates one generation after the other, one
// candidate at a time, until the strategy has nothing more to propose.
type SearchOptions struct {
	// Evaluations is how many candidates are proposed; 0 = until the strategy has no more. A search
	// that has come to its end goes on when it is resumed with more.
	Evaluations int
	// Workers bounds the evaluations in flight; 0 = 1.
	Workers int
	// Window makes the search a steady-state one with so many candidates asked and not told: each
	// result is told at once and another candidate asked for. Two or three times Workers keep these
	// busy. The history depends on it. 0 = generations.
	Window int
	// Retries is how often a failed evaluation is tried again; 0 = 2, negative = never.
	Retries int
	// Failures is how many candidates in a row may fail; one more ends the search. 0 = 10,
	// negative = none.
	Failures int
	// Repeat evaluates a candidate each time that it is proposed, for evaluators that draw anew.
	Repeat bool
	// Stale is what to do when the weights move; default StaleError.
	Stale StalePolicy
	// Version tells the data stage and the weight version that an evaluation beginning now would be
	// made with. nil = those of the last measurement, so that a move shows with the next one.
	Version func() (stage int, weights uint64)
	// Constraints of a search over architectures.
	Constraints []Constraint
	// Checkpoint is the file that the search is saved to, after every SaveEvery results and when
	// Run returns; "" = none. See Search.Resume.
	Checkpoint string
	// SaveEvery is in results; 0 = 1.
	SaveEvery int
	// SaveFirst is called each time before Checkpoint is written, for what an evaluator keeps: a
	// crash between the two leaves the evaluator ahead of the search, never behind it.
	SaveFirst func() error
}

func (o *SearchOptions) constraints() []Constraint {
	if o == nil {
		return nil
	}
	return o.Constraints
}

func (x *Search[G]) init(e search.EvaluateValues, o *SearchOptions) error {
	if o != nil {
		x.opts = *o
	}
	if x.opts.Evaluations < 0 || x.opts.Window < 0 || x.opts.SaveEvery < 0 {
		return fmt.Errorf("evolution: %d evaluations, window %d, saved every %d results, expected none below 0",
			x.opts.Evaluations, x.opts.Window, x.opts.SaveEvery)
	}
	x.budgets = []int{x.opts.Evaluations}
	x.genomes, x.open, x.begun = map[searchspace.Arch]G{}, map[int][]searchspace.Arch{}, map[int]bool{}
	if x.stepper != nil {
		x.opts.Repeat, x.opts.Stale = true, StaleKeep
	}
	options := search.Options{Workers: x.opts.Workers, Window: x.opts.Window, Retries: x.opts.Retries,
		Failures: x.opts.Failures, Repeat: x.opts.Repeat, Stale: search.StalePolicy(x.opts.Stale),
		SaveEvery: x.opts.SaveEvery}
	if x.opts.Checkpoint != "" {
		options.Save = x.save
	}
	if version := x.opts.Version; version != nil {
		options.At = func() search.Stamp {
			stage, weights := version()
			return search.Stamp{Stage: stage, WeightVersion: weights}
		}
	}
	var err error
	x.loop, err = search.NewWithValues(search.Strategy[struct{}](steps[G]{x}), e, options)
	return err
}

// Run searches until everything is told, the context ends or too many evaluations fail, and says
// which: StatusFinished after SearchOptions.Evaluations, StatusExhausted when the strategy has no
// more. It may be called again to go on. Without a single outcome that is measured and feasible the
// error of a finished search is ErrNothing.
func (x *Search[G]) Run(ctx context.Context) (searchspace.Status, error) {
	status, err := x.loop.Run(ctx)
	if status == searchspace.StatusExhausted && x.opts.Evaluations > 0 && x.asked >= x.opts.Evaluations {
		status = searchspace.StatusFinished
	}
	if err == nil && len(x.Front()) == 0 {
		err = fmt.Errorf("evolution: %w", ErrNothing)
	}
	return status, err
}

// History is every proposal told so far, in the order of telling.
func (x *Search[G]) History() []Record[G] { return slices.Clone(x.history) }

// Observe has f called with the records of every step once it is part of the history. An error ends
// the search; ErrStop does so without being an error of Run. What Resume reads is not observed
// again.
func (x *Search[G]) Observe(f func(records []Record[G]) error) { x.observe = append(x.observe, f) }

// Best are the k best different candidates of the whole history by the first objective, the best
// first: of those that were measured, by their last measurement, those that keep the constraints
// before others.
func (x *Search[G]) Best(k int) []Outcome[G] {
	last := map[searchspace.Arch]int{}
	var members []*member[G]
	for i, r := range x.history {
		if r.failed() {
			continue
		}
		m := &member[G]{Outcome: r.Outcome, violation: r.Violation()}
		if at, ok := last[x.names[i]]; ok {
			members[at] = m
			continue
		}
		last[x.names[i]] = len(members)
		members = append(members, m)
	}
	best := sorted(members)
	return best[:min(max(k, 0), len(best))]
}

// Population is that of the strategy.
func (x *Search[G]) Population() []Outcome[G] { return x.strategy.Population() }

// Front is the front of the strategy's population.
func (x *Search[G]) Front() []Outcome[G] { return Front(x.strategy.Population()) }

func (x *Search[G]) genome(a searchspace.Arch) G {
	x.mutex.RLock()
	defer x.mutex.RUnlock()
	return x.genomes[a]
}

// steps shows the loop a strategy that counts in candidates.
type steps[G any] struct{ *Search[G] }

// Ask is the strategy's, once for every step: a step that is asked again has the same candidates.
func (x steps[G]) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	names, ok := x.open[step]
	if !ok {
		var err error
		if names, err = x.next(); err != nil || len(names) == 0 {
			return nil, err
		}
		x.open[step] = names
	}
	return names, x.begin(step)
}

// left is how many candidates may be asked; −1 = any number.
func (x *Search[G]) left() int {
	for _, b := range x.budgets {
		if b == 0 {
			return -1
		}
		if b > x.asked {
			return b - x.asked
		}
	}
	return 0
}

// next asks the strategy.
func (x *Search[G]) next() ([]searchspace.Arch, error) {
	n := x.left()
	if n == 0 {
		return nil, nil
	}
	if x.opts.Window > 0 {
		n = 1
	}
	candidates, err := x.strategy.Ask(n)
	if err != nil {
		return nil, err
	}
	names := make([]searchspace.Arch, len(candidates))
	for i, g := range candidates {
		if names[i], err = x.name(g); err != nil {
			return nil, err
		}
		x.mutex.Lock()
		x.genomes[names[i]] = g
		x.mutex.Unlock()
	}
	x.asked += len(names)
	return names, nil
}

// Tell makes outcomes of results.
func (x steps[G]) Tell(ctx context.Context, step int, results []search.Result) ([]struct{}, error) {
	if err := x.end(ctx, step); err != nil {
		return nil, err
	}
	records := make([]Record[G], len(results))
	outcomes := make([]Outcome[G], len(results))
	for i, r := range results {
		o := Outcome[G]{Genome: x.genome(r.Arch), Failed: !r.Measured()}
		failure := r.Failure
		if !o.Failed {
			var err error
			if o.Point, err = x.point(r); err != nil {
				o.Failed, failure = true, err.Error()
			} else if o.failed() {
				o.Failed, failure = true, "not a finite number"
			}
		}
		outcomes[i] = o
		records[i] = Record[G]{Step: step, Outcome: o, Cached: r.Cached, Attempts: r.Attempts, Failure: failure}
		if r.Measurement.Samples > 0 || r.Measurement.Accuracy != 0 {
			records[i].Measurement = r.Measurement
		}
	}
	if err := x.strategy.Tell(outcomes...); err != nil {
		return nil, err
	}
	x.names = append(x.names, x.open[step]...)
	delete(x.open, step)
	x.history = append(x.history, records...)
	return make([]struct{}, len(results)), nil
}

// Observe hands on what was told last.
func (x steps[G]) Observe(records []search.Record[struct{}]) error {
	own := slices.Clone(x.history[len(x.history)-len(records):])
	for _, f := range x.observe {
		if err := f(own); err != nil {
			return err
		}
	}
	return nil
}

// pack writes a point as numbers: how many of each, then all.
func pack(p Point) []float64 {
	out := []float64{float64(len(p.Objectives)), float64(len(p.Violations)), float64(len(p.Errors))}
	return slices.Concat(out, p.Objectives, p.Violations, p.Errors)
}

// unpack reads what pack wrote.
func unpack(v []float64) (Point, error) {
	const head = 3
	if len(v) < head {
		return Point{}, errors.New("evolution: a point without its counts")
	}
	var parts [head][]float64
	rest := v[head:]
	for i := range parts {
		n := v[i]
		if !(n >= 0 && n <= float64(len(rest))) {
			return Point{}, fmt.Errorf("evolution: a point of %g numbers, %d left", n, len(rest))
		}
		if n > 0 {
			parts[i], rest = slices.Clone(rest[:int(n)]), rest[int(n):]
		}
	}
	return Point{parts[0], parts[1], parts[2]}, nil
}
