package generator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// Scenario is what an architecture is wanted for.
type Scenario struct {
	// Superclasses is the superclass of interest, or several for their union, which is asked by the
	// mean of their embeddings (ours; a generator is trained on single ones).
	Superclasses []string `json:"superclasses"`
	// Budget is the highest cost, in units of Options.Cost, within Options.Low and Options.High.
	Budget float64 `json:"budget"`
}

// String is the scenario for people, "insect+spider at 4e+07".
func (s Scenario) String() string {
	return fmt.Sprintf("%s at %.6g", strings.Join(s.Superclasses, "+"), s.Budget)
}

// Answer is the architecture for a scenario. Its JSON form has the architecture for programs
// (hexadecimal); that for people is Space.Format of Arch.
type Answer struct {
	Arch searchspace.Arch `json:"choices"`
	// Cost is that of Arch, in units of Options.Cost; at most the budget.
	Cost float64 `json:"cost"`
	// LogProb is log p(Arch) in nats, over the decisions that have an effect.
	LogProb float64 `json:"log_prob"`
	// Draws is the number of architectures drawn for the scenario; of draws that the space refuses
	// 16 count as one.
	Draws int `json:"draws"`
	// Adapted says that nothing drawn was suitable: Arch is the most probable architecture, made
	// cheaper or dearer until it is.
	Adapted bool `json:"adapted"`
	// Measurement is what GenerateOptions.Evaluate found; zero without it.
	Measurement searchspace.Measurement `json:"measurement,omitzero"`
}

// GenerateOptions sets how architectures are chosen. Nil is all defaults.
type GenerateOptions struct {
	// Samples is the number of suitable architectures to draw and choose from; 0 = 4, and 16 with
	// Evaluate, where the most probable one counts if it is suitable.
	Samples int
	// Tries bounds Answer.Draws; 0 = 4·Samples.
	Tries int
	// Use is the part of its budget that an architecture must need to be suitable, in [0, 1]; 0 =
	// 0.9, negative = none. What fits but uses less is taken where nothing better is found.
	Use float64
	// Evaluate is the validation accuracy of an architecture on the classes of a scenario, that of
	// a supernet, say. With it the most accurate of the architectures drawn is the answer, without
	// it the most probable one.
	Evaluate func(ctx context.Context, s Scenario, a searchspace.Arch) (searchspace.Measurement, error)
	// Seed of the draws. Equal scenarios get equal answers, whatever stands beside them.
	Seed uint64
}

// The defaults of GenerateOptions.
const (
	standardSamples  = 4
	evaluatedSamples = 16
	triesPerSample   = 4
	standardUse      = 0.9
	maxTries         = 1 << 20
)

func (o *GenerateOptions) clean() (GenerateOptions, error) {
	var c GenerateOptions
	if o != nil {
		c = *o
	}
	if c.Samples == 0 {
		c.Samples = standardSamples
		if c.Evaluate != nil {
			c.Samples = evaluatedSamples
		}
	}
	if c.Samples < 1 || c.Samples > maxTries {
		return c, fmt.Errorf("generator: %d samples, expected 1 to %d", c.Samples, maxTries)
	}
	c.Tries = or(c.Tries, triesPerSample*c.Samples)
	if c.Tries < c.Samples || c.Tries > triesPerSample*maxTries {
		return c, fmt.Errorf("generator: %d tries, expected %d to %d", c.Tries, c.Samples,
			triesPerSample*maxTries)
	}
	if !(c.Use <= 1) {
		return c, fmt.Errorf("generator: use %v of the budget, expected up to 1", c.Use)
	}
	c.Use = max(or(c.Use, standardUse), 0)
	return c, nil
}

// ask looks a scenario up.
func (g *Generator) ask(s *Scenario, q *query) error {
	if len(s.Superclasses) == 0 {
		return fmt.Errorf("no superclass: %w", ErrSuperclass)
	}
	q.superclasses = q.superclasses[:0]
	for _, name := range s.Superclasses {
		k, ok := g.index[name]
		if !ok {
			return fmt.Errorf("superclass %q, expected one of %s: %w", name, g.someNames(), ErrSuperclass)
		}
		if slices.Contains(q.superclasses, k) {
			return fmt.Errorf("superclass %q twice: %w", name, ErrSuperclass)
		}
		q.superclasses = append(q.superclasses, k)
	}
	slices.Sort(q.superclasses) // a union has no order
	if !(s.Budget >= g.opts.Low && s.Budget <= g.opts.High) {
		return fmt.Errorf("budget %v of %s, expected %v to %v: %w", s.Budget, g.opts.Cost.Of,
			g.opts.Low, g.opts.High, ErrBudget)
	}
	q.point, q.share = between(s.Budget, g.opts.Low, g.opts.High, g.opts.Budgets)
	return nil
}

// someNames lists superclasses for an error.
func (g *Generator) someNames() string {
	const few = 12
	names := g.opts.Superclasses
	if len(names) > few {
		return fmt.Sprintf("%q … (%d)", names[:few], len(names))
	}
	return fmt.Sprintf("%q", names)
}
