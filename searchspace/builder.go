package searchspace

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// maxChoices bounds one decision, because an Arch keeps a choice in a byte.
const maxChoices = 256

// Builder is what a family describes its networks with. One description serves both readings of a
// space: lowering an Arch, where decisions are resolved, and lowering the space, where they stay as
// choice nodes.
//
// A builder keeps the first error and ignores what follows; the space's constructor or Lower
// returns it.
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

// Norm sets the epsilon and momentum of the batch norms that follow. The defaults are 1e-5 and 0.1.
func (b *Builder) Norm(eps, momentum float64) { b.eps, b.momentum = eps, momentum }

// OneOf is a decision between numbers. Its full name is the enclosing scopes and name, joined by
// dots; naming it again gives the same decision.
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

// Weighted is OneOf with a weight per value: Sample draws the values in that proportion.
func (b *Builder) Weighted(name string, kind Kind, values []int, weights []float64) Int {
	x := b.OneOf(name, kind, values...)
	if b.choices == nil && b.err == nil {
		d := b.index[join(b.site, name)]
		if len(weights) != len(values) ||
			slices.ContainsFunc(weights, func(w float64) bool { return !(w > 0 && w <= math.MaxFloat64) }) {
			b.fail("decision %s has weights %v, expected %d positive, finite numbers", b.decisions[d].Name, weights,
				len(values))
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

// ScopeAs runs f inside a scope called name in weight names and site in sites and decision names.
// An empty string adds nothing.
func (b *Builder) ScopeAs(name, site string, f func()) {
	oldName, oldSite := b.name, b.site
	b.name, b.site = join(b.name, name), join(b.site, site)
	f()
	b.name, b.site = oldName, oldSite
}

// Stage runs f as the next searched stage: scope name in weight names (an empty one adds nothing),
// "stageN" in sites and decision names, with N from 1.
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

// Block runs f as one block of the network at position layer of its stage. In weight names it is
// "PREFIX.N", N counting the blocks of the network from 0; in sites it is "layerL".
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

// Variant adds label and the value of x to the variant key of the nodes that follow in this block:
// Variant("k", kernel) and Variant("e", expand) give "k5e4".
func (b *Builder) Variant(label string, x Int) {
	b.variant = append(slices.Clone(b.variant), tag{label, x})
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
