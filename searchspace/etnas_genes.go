package searchspace

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// ETNASGenesOptions sets up NewETNASGenes. The zero value changes block and macro layout alike.
type ETNASGenesOptions struct {
	// Operators are what Mutate draws from, with equal chances; nil = those of the block and of the
	// macro layout, and ETNASExchangeBlock where there are Blocks. ETNASBlockOperators and
	// ETNASMacroOperators are the two levels of NASOA's search.
	Operators []ETNASOperator
	// Blocks are architectures whose blocks ETNASExchangeBlock chooses from, and Random if there
	// are any: those that a search of the block level has found.
	Blocks []Arch
	// Layout, an architecture, gives Random its stem and its stages; the zero value = drawn.
	Layout Arch
	// Steps is the most operators that one mutation applies: each number from one on with equal
	// chances, at most 1000; 0 = 1.
	Steps int
}

// ETNASGenes makes and varies architectures of an ETNAS space by the operators of a search for
// networks that train fast. It satisfies what package evolution asks of genes.
//
//	H. Xu, N. Kang, G. Zhang, C. Xie, X. Liang, Z. Li: NASOA: Towards Faster Task-oriented Online
//	Fine-tuning with a Zoo of Models. ICCV 2021.
//
// The paper names operators on the block and on the macro layout and leaves them to an appendix
// that was not published; these are ours. Space.Mutate changes one decision, which in this space is
// often much: of a deeper stage the new blocks grow at random. Here every operator changes one
// thing that a person would call one. ETNASAddDoubling and ETNASRemoveDoubling are among them
// because otherwise no descendant would have more or fewer doublings than its ancestors.
type ETNASGenes struct {
	space  *Space
	index  *etDecisionIndex
	o      ETNASGenesOptions
	blocks []*etDesign
	layout *etDesign
}

// NewETNASGenes readies operators on a space of ETNAS, which may be restricted; o may be nil.
func NewETNASGenes(space *Space, o *ETNASGenesOptions) (*ETNASGenes, error) {
	if o == nil {
		o = &ETNASGenesOptions{}
	}
	index, err := newETDecisionIndex(space)
	if err != nil {
		return nil, err
	}
	g := &ETNASGenes{space: space, index: index, o: *o}
	if o.Steps < 0 || o.Steps > maxTries {
		return nil, fmt.Errorf("searchspace: mutation of %d steps, expected 0 to %d", o.Steps, maxTries)
	}
	g.o.Steps = max(1, o.Steps)
	for _, op := range o.Operators {
		if op < 0 || op >= etOperators {
			return nil, fmt.Errorf("searchspace: %v, expected 0 to %d", op, int(etOperators)-1)
		}
	}
	g.o.Operators = slices.Clone(o.Operators)
	if g.o.Operators == nil {
		g.o.Operators = append(ETNASBlockOperators(), ETNASMacroOperators()...)
		if len(o.Blocks) > 0 {
			g.o.Operators = append(g.o.Operators, ETNASExchangeBlock)
		}
	}
	for _, a := range o.Blocks {
		d, err := g.design(a)
		if err != nil {
			return nil, fmt.Errorf("searchspace: blocks: %w", err)
		}
		g.blocks = append(g.blocks, d)
	}
	if o.Layout != (Arch{}) {
		if g.layout, err = g.design(o.Layout); err != nil {
			return nil, fmt.Errorf("searchspace: layout: %w", err)
		}
	}
	return g, nil
}

// design reads an architecture whose choices fit the space.
func (g *ETNASGenes) design(a Arch) (*etDesign, error) {
	if a.Len() != g.index.total || g.space.inRange(a) != nil {
		return nil, g.space.Valid(a)
	}
	return g.index.design(a.Choices()), nil
}

// Random draws an architecture as Space.Sample does; its block from Blocks and all else from
// Layout, where they are given.
func (g *ETNASGenes) Random(r *rand.Rand) (Arch, error) {
	if r == nil {
		return Arch{}, errNoRand
	}
	var last error
	for range maxTries {
		a, err := g.space.Sample(r)
		if err != nil || g.layout == nil && g.blocks == nil {
			return a, err
		}
		d := g.index.design(a.Choices())
		if g.layout != nil {
			d.stem = g.layout.stem
			for t := range d.stages {
				d.stages[t] = slices.Clone(g.layout.stages[t])
			}
		}
		if len(g.blocks) > 0 {
			d.takeBlock(g.blocks[r.IntN(len(g.blocks))])
		}
		if a, last = g.space.New(g.index.choices(d)); last == nil {
			return a, nil
		}
	}
	return Arch{}, g.space.infeasible(last)
}

// Mutate applies operators to a and returns a valid architecture with another network. The error
// wraps ErrInfeasible when 1000 draws give none.
func (g *ETNASGenes) Mutate(a Arch, r *rand.Rand) (Arch, error) {
	if r == nil {
		return Arch{}, errNoRand
	}
	if len(g.o.Operators) == 0 {
		return Arch{}, errors.New("searchspace: a mutation without operators")
	}
	if _, err := g.design(a); err != nil {
		return Arch{}, err
	}
	choices := a.Choices()
	var last error
	for range maxTries {
		d := g.index.design(choices)
		changed := false
		for range 1 + r.IntN(g.o.Steps) {
			op := g.o.Operators[r.IntN(len(g.o.Operators))]
			changed = d.operate(op, g.index, g.blocks, r) || changed
		}
		if !changed {
			continue
		}
		b, err := g.space.New(g.index.choices(d))
		if err != nil {
			last = err
			continue
		}
		if b != a && !g.space.sameNetwork(choices, b.Choices()) {
			return b, nil
		}
	}
	return Arch{}, g.space.infeasible(last)
}

// Cross exchanges whole parts of two architectures, each with chance ½: the block, the stem and
// every stage. A child that the space refuses is drawn again, at most 1000 times; then the parent
// stands in for it.
func (g *ETNASGenes) Cross(a, b Arch, r *rand.Rand) (Arch, Arch, error) {
	if r == nil {
		return a, b, errNoRand
	}
	for _, p := range [...]Arch{a, b} {
		if _, err := g.design(p); err != nil {
			return a, b, err
		}
	}
	c, d := a, b
	foundC, foundD := false, false
	for try := 0; try < maxTries && !(foundC && foundD); try++ {
		x, y := g.index.design(a.Choices()), g.index.design(b.Choices())
		if r.Uint64()>>63 == 1 {
			block := *x
			x.takeBlock(y)
			y.takeBlock(&block)
		}
		if r.Uint64()>>63 == 1 {
			x.stem, y.stem = y.stem, x.stem
		}
		for t := range x.stages {
			if r.Uint64()>>63 == 1 {
				x.stages[t], y.stages[t] = y.stages[t], x.stages[t]
			}
		}
		if z, err := g.space.New(g.index.choices(x)); err == nil && !foundC {
			c, foundC = z, true
		}
		if z, err := g.space.New(g.index.choices(y)); err == nil && !foundD {
			d, foundD = z, true
		}
	}
	return c, d, nil
}

// Key is the hexadecimal form of the choices.
func (g *ETNASGenes) Key(a Arch) string { return a.String() }

// Apply applies one operator to a; ok is false when it has nothing to change there, or what came of
// it is not valid.
func (g *ETNASGenes) Apply(op ETNASOperator, a Arch, r *rand.Rand) (b Arch, ok bool, err error) {
	if r == nil {
		return a, false, errNoRand
	}
	if op < 0 || op >= etOperators {
		return a, false, fmt.Errorf("searchspace: %v, expected 0 to %d", op, int(etOperators)-1)
	}
	d, err := g.design(a)
	if err != nil {
		return a, false, err
	}
	if !d.operate(op, g.index, g.blocks, r) {
		return a, false, nil
	}
	b, err = g.space.New(g.index.choices(d))
	if err != nil {
		return a, false, nil
	}
	return b, true, nil
}
