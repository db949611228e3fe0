package searchspace

import (
	"fmt"
	"slices"
	"strconv"
)

// maxChoices bounds one decision, because an Arch keeps a choice in a byte.
const maxChoices = 256

// Builder is what a family describes its networks with. One description
// serves both readings of a space: lowering an Arch, where decisions are
// resolved, and lowering the space, where they stay as choice nodes.
//
// A builder keeps the first error and ignores what follows; the space's
// constructor or Lower returns it.
type Builder struct {
	fam       *Family
	choices   []int // one choice per decision; nil while the space is recorded
	index     map[string]int
	decisions []Decision
	activity  [][]Int // conditions of each decision
	nodes     []ChoiceNode
	name      string
	site      string
	block     string
	variant   []tag
	when      []Int
	stage     int
	stages    int
	layer     int
	counter   int
	eps       float64
	momentum  float64
	feature   int
	opaque    bool
	err       error
}

// tag is one part of a variant key: "k" and a kernel size.
type tag struct {
	label string
	value Int
}

// Ref is the output of a node in a family's description.
type Ref struct {
	id int
	ChoiceShape
}

func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("searchspace: family %s: "+format, append([]any{b.fam.Name}, args...)...)
	}
}

// Classes is the number of classes of the space.
func (b *Builder) Classes() int { return b.fam.Classes }

// InputSize is the height and width of the space's images.
func (b *Builder) InputSize() int { return b.fam.InputSize }

// Norm sets the epsilon and momentum of the batch norms that follow. The
// defaults are 1e-5 and 0.1.
func (b *Builder) Norm(eps, momentum float64) { b.eps, b.momentum = eps, momentum }

// OneOf is a decision between numbers. Its full name is the enclosing scopes
// and name, joined by dots; naming it again gives the same decision.
func (b *Builder) OneOf(name string, kind Kind, values ...int) Int {
	labels := make([]string, len(values))
	for i, v := range values {
		labels[i] = strconv.Itoa(v)
	}
	d := b.declare(name, kind, slices.Clone(values), labels)
	return b.pick(d, values)
}

// Labelled is OneOf with other texts than the numbers themselves.
func (b *Builder) Labelled(name string, kind Kind, labels []string, values []int) Int {
	if len(labels) != len(values) {
		b.fail("decision %s: %d labels for %d values", join(b.site, name), len(labels), len(values))
		return Int{}
	}
	return b.pick(b.declare(name, kind, slices.Clone(values), slices.Clone(labels)), values)
}

// Weighted is OneOf with a weight per value: Sample draws the values in that
// proportion.
func (b *Builder) Weighted(name string, kind Kind, values []int, weights []float64) Int {
	x := b.OneOf(name, kind, values...)
	if b.choices == nil && b.err == nil {
		d := b.index[join(b.site, name)]
		if len(weights) != len(values) || slices.ContainsFunc(weights, func(w float64) bool { return !(w > 0) }) {
			b.fail("decision %s has weights %v, expected %d positive numbers", b.decisions[d].Name, weights, len(values))
			return x
		}
		b.decisions[d].Weights = slices.Clone(weights)
	}
	return x
}

// Symbol is a decision without numbers; its value is the choice's index.
func (b *Builder) Symbol(name string, kind Kind, labels ...string) Int {
	d := b.declare(name, kind, nil, slices.Clone(labels))
	values := make([]int, len(labels))
	for i := range values {
		values[i] = i
	}
	return b.pick(d, values)
}

func (b *Builder) pick(d int, values []int) Int {
	if d < 0 {
		return Int{}
	}
	values = slices.Clone(values)
	if b.choices != nil {
		return Const(values[b.choices[d]])
	}
	return Int{e: &expr{[]int{d}, func(choices []int) int { return values[choices[d]] }}}
}

func (b *Builder) declare(name string, kind Kind, values []int, labels []string) int {
	name = join(b.site, name)
	if b.err != nil {
		return -1
	}
	if d, ok := b.index[name]; ok {
		if !slices.Equal(b.decisions[d].Labels, labels) {
			b.fail("decision %s is named twice with different choices", name)
			return -1
		}
		return d
	}
	if b.choices != nil {
		b.fail("decision %s appears only under some choices of others it does not depend on", name)
		return -1
	}
	if len(labels) == 0 || len(labels) > maxChoices {
		b.fail("decision %s has %d choices, expected 1 to %d", name, len(labels), maxChoices)
		return -1
	}
	sorted := slices.Clone(labels)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(labels) {
		b.fail("decision %s has equal choices in %q", name, labels)
		return -1
	}
	d := len(b.decisions)
	allowed := make([]int, len(labels))
	for i := range allowed {
		allowed[i] = i
	}
	b.index[name] = d
	b.decisions = append(b.decisions, Decision{Name: name, Kind: kind, Stage: b.stage, Layer: b.layer,
		Values: values, Labels: labels, Allowed: allowed})
	b.activity = append(b.activity, slices.Clone(b.when))
	return d
}

// Scope runs f inside the scope name, for weights, sites and decisions.
func (b *Builder) Scope(name string, f func()) { b.ScopeAs(name, name, f) }

// ScopeAs runs f inside a scope called name in weight names and site in sites
// and decision names. An empty string adds nothing.
func (b *Builder) ScopeAs(name, site string, f func()) {
	oldName, oldSite := b.name, b.site
	b.name, b.site = join(b.name, name), join(b.site, site)
	f()
	b.name, b.site = oldName, oldSite
}

// Stage runs f as the next searched stage: scope name in weight names (an empty
// one adds nothing), "stageN" in sites and decision names, with N from 1.
func (b *Builder) Stage(name string, f func()) {
	b.stages++
	b.stage, b.layer = b.stages, -1
	b.ScopeAs(name, "stage"+strconv.Itoa(b.stage), f)
	b.stage, b.layer = b.stages+1, -1
}

// declareStage runs f, which only declares decisions, in the scope of stage n.
func (b *Builder) declareStage(n int, f func()) {
	old := b.stage
	b.stage = n
	b.ScopeAs("", "stage"+strconv.Itoa(n), f)
	b.stage = old
}

// Block runs f as one block of the network at position layer of its stage. In
// weight names it is "PREFIX.N", N counting the blocks of the network from 0;
// in sites it is "layerL".
func (b *Builder) Block(prefix string, layer int, f func()) {
	n := b.counter
	b.counter++
	old := b.layer
	b.layer = layer
	b.ScopeAs(join(prefix, strconv.Itoa(n)), "layer"+strconv.Itoa(layer), func() {
		b.block = b.site
		f()
	})
	b.layer, b.block = old, ""
	b.variant = nil
}

// Named runs f as one block with the given scope, for blocks outside stages.
func (b *Builder) Named(name, site string, f func()) {
	b.ScopeAs(name, site, func() {
		b.block = b.site
		f()
	})
	b.block, b.variant = "", nil
}

// Variant adds label and the value of x to the variant key of the nodes that
// follow in this block: Variant("k", kernel) and Variant("e", expand) give "k5e4".
func (b *Builder) Variant(label string, x Int) {
	b.variant = append(slices.Clone(b.variant), tag{label, x})
}

// Repeat chains f depth times, f(0, x) first.
func (b *Builder) Repeat(depth Int, x Ref, f func(i int, x Ref) Ref) Ref {
	values := b.valuesOf(depth)
	outs := map[int]Ref{0: x}
	for i := range slices.Max(values) {
		if b.err != nil {
			return Ref{}
		}
		restore := b.guard(depth.above(i), slices.Min(values) > i)
		x = f(i, x)
		restore()
		outs[i+1] = x
	}
	return b.merge(depth, values, outs)
}

// Switch is f(v) for the value v of x; in the choice graph it is one branch
// per value and a choice node that selects between them.
func (b *Builder) Switch(x Int, f func(v int) Ref) Ref {
	values := b.valuesOf(x)
	outs := map[int]Ref{}
	for _, v := range values {
		restore := b.guard(x.is(v), len(values) == 1)
		outs[v] = f(v)
		restore()
	}
	return b.merge(x, values, outs)
}

// If is f(x) where cond is not 0, and x elsewhere.
func (b *Builder) If(cond Int, x Ref, f func(x Ref) Ref) Ref {
	yes := Map(func(v ...int) int { return flag(v[0] != 0) }, cond)
	return b.Switch(yes, func(v int) Ref {
		if v == 0 {
			return x
		}
		return f(x)
	})
}

// Resolved runs f on the choices of the decisions so far. It is for families
// whose structure has no reasonable form as choice nodes: such a space cannot
// be lowered as a whole (LowerChoices returns ErrNoChoiceGraph).
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
	assignments(len(b.decisions), x.e.deps, func(d int) []int { return b.decisions[d].Allowed }, func(choices []int) bool {
		values = append(values, x.At(choices))
		return true
	})
	slices.Sort(values)
	return slices.Compact(values)
}

// merge selects among the outputs of branches by the value of x.
func (b *Builder) merge(x Int, values []int, outs map[int]Ref) Ref {
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
	return b.add(ChoiceNode{Op: OpSelect, Inputs: inputs, Select: x, Cases: cases, In: out.ChoiceShape, Out: out.ChoiceShape}, "")
}

func join(scope, name string) string {
	switch {
	case scope == "":
		return name
	case name == "":
		return scope
	}
	return scope + "." + name
}
