package searchspace

import "slices"

// Repeat chains f depth times, f(0, x) first.
func (b *Builder) Repeat(depth Int, x Ref, f func(i int, x Ref) Ref) Ref {
	values := b.valuesOf(depth)
	outs := map[int]Ref{0: x}
	chain := []int{x.id}
	for i := range slices.Max(values) {
		if b.err != nil {
			return Ref{}
		}
		restore := b.guard(depth.above(i), slices.Min(values) > i)
		x = f(i, x)
		restore()
		outs[i+1] = x
		chain = append(chain, x.id)
	}
	return b.merge(depth, values, outs, chain)
}

// Switch is f(v) for the value v of x; in the choice graph it is one branch per value and a choice
// node that selects between them.
func (b *Builder) Switch(x Int, f func(v int) Ref) Ref {
	values := b.valuesOf(x)
	outs := map[int]Ref{}
	for _, v := range values {
		restore := b.guard(x.is(v), len(values) == 1)
		outs[v] = f(v)
		restore()
	}
	return b.merge(x, values, outs, nil)
}

// If is f(x) where cond is not 0, and x elsewhere.
func (b *Builder) If(cond Int, x Ref, f func(x Ref) Ref) Ref {
	return b.Switch(cond.isNot(0), func(v int) Ref {
		if v == 0 {
			return x
		}
		return f(x)
	})
}

// Resolved runs f on the choices of the decisions so far. It is for families whose structure has no
// reasonable form as choice nodes: such a space cannot be lowered as a whole (LowerChoices returns
// ErrNoChoiceGraph).
func (b *Builder) Resolved(f func(choices []int) error) {
	if b.err != nil {
		return
	}
	if b.choices == nil {
		b.opaque = true
		return
	}
	if err := f(slices.Clone(b.choices)); err != nil && b.err == nil {
		b.err = err
	}
}

// guard makes cond a condition of what is built until restore is called.
func (b *Builder) guard(cond Int, always bool) (restore func()) {
	old, variant := b.when, b.variant
	if !always && !cond.Constant() {
		b.when = append(slices.Clone(b.when), cond)
	}
	return func() { b.when, b.variant = old, variant }
}

// valuesOf is the distinct values of x over all choices, ascending.
func (b *Builder) valuesOf(x Int) []int {
	if x.Constant() {
		return []int{x.value}
	}
	var values []int
	allowed := func(d int) []int { return b.decisions[d].Allowed }
	assignments(len(b.decisions), x.e.deps, allowed, func(choices []int) bool {
		values = append(values, x.at(choices))
		return true
	})
	slices.Sort(values)
	return slices.Compact(values)
}

// merge selects among the outputs of branches by the value of x. chain is nil or what
// ChoiceNode.Chain says.
func (b *Builder) merge(x Int, values []int, outs map[int]Ref, chain []int) Ref {
	if b.err != nil {
		return Ref{}
	}
	first := outs[values[0]]
	if len(values) == 1 {
		return first
	}
	channels := make([]Int, 0, len(values)+1)
	channels = append(channels, x)
	inputs := make([]int, len(values))
	for i, v := range values {
		o := outs[v]
		if o.H != first.H || o.W != first.W {
			b.fail("branches of a choice end at %d×%d and %d×%d", first.H, first.W, o.H, o.W)
			return Ref{}
		}
		inputs[i] = o.id
		channels = append(channels, o.C)
	}
	cases := slices.Clone(values)
	out := first
	if slices.ContainsFunc(channels[1:], func(c Int) bool { return !c.Same(first.C) }) {
		out.C = Map(func(v ...int) int { return v[1+max(0, slices.Index(cases, v[0]))] }, channels...)
	}
	return b.add(ChoiceNode{Op: OpSelect, Inputs: inputs, Select: x, Cases: cases, Chain: chain,
		In: out.ChoiceShape, Out: out.ChoiceShape}, "")
}
