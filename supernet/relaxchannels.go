package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// masked is what a layer that mixes channels reads of choice node id: every channel times the sum
// over the joint choices that have it.
func (e *expander) masked(id int, sc *scope) (int, error) {
	n := &e.graph.Nodes[id]
	x, err := e.output(id, sc)
	if err != nil {
		return 0, err
	}
	own, _ := e.place(id, sc)
	t, err := tabulate(e.graph, own, n.Out.C)
	if err != nil {
		return 0, fmt.Errorf("%s: channels: %w", n.Site, err)
	}
	if t.constant() {
		return x, nil
	}
	at := e.nodes[x]
	// x·s that was written just now and is read here only: its small factor gets the mask.
	fold := n.Op == searchspace.OpMul && at.Op == searchspace.OpMul && e.readers[id] == 1 &&
		x == len(e.nodes)-1
	if fold {
		e.nodes = e.nodes[:x]
	}
	mask, err := e.mask(n, t, at.Out.C)
	if err != nil {
		return 0, err
	}
	if !fold {
		return e.times(n, x, mask)
	}
	if mask, err = e.times(n, at.Inputs[1], mask); err != nil {
		return 0, err
	}
	return e.times(n, at.Inputs[0], mask)
}

// times writes x with every channel multiplied by that of s.
func (e *expander) times(n *searchspace.ChoiceNode, x, s int) (int, error) {
	shape := e.nodes[x].Out
	return e.write(searchspace.Node{Op: searchspace.OpMul, Name: n.Site, Stage: n.Stage,
		Inputs: []int{x, s}, In: shape, Out: shape})
}

// mask is the vector of the factors of c channels whose number t tabulates.
func (e *expander) mask(n *searchspace.ChoiceNode, t *table, c int) (id int, err error) {
	key := fmt.Sprint(c, t.joint, t.values)
	if id, ok := e.masks[key]; ok {
		return id, nil
	}
	one := searchspace.Shape{C: 1, H: 1, W: 1}
	if e.ones == 0 {
		if e.ones, err = e.write(searchspace.Node{Op: opOnes, Inputs: []int{0}, Out: one}); err != nil {
			return 0, err
		}
	}
	at := make([]int, 0, c)
	for _, end := range t.distinct(0) {
		sum := e.coef.sum(t.where(0, func(v int) bool { return v >= end }))
		for len(at) < min(end, c) {
			at = append(at, sum)
		}
	}
	id, err = e.write(searchspace.Node{Op: opVec, Name: n.Site, Stage: n.Stage, Inputs: []int{e.ones},
		Offset: e.coef.place(at...), In: one, Out: searchspace.Shape{C: c, H: 1, W: 1}})
	e.masks[key] = id
	return id, err
}

// values lists the different values that a number has where node n exists, ascending.
func (e *expander) values(n *searchspace.ChoiceNode, sc *scope, x searchspace.Int) ([]int, error) {
	xs := []searchspace.Int{x}
	for _, cond := range n.When {
		if overlap(cond.Decisions(), x.Decisions()) {
			xs = append(xs, cond)
		}
	}
	t, err := tabulate(e.graph, sc, xs...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Site, err)
	}
	var out []int
	for j, v := range t.values[0] {
		if !slices.ContainsFunc(t.values[1:], func(cond []int) bool { return cond[j] == 0 }) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// width is the largest value that a number of channels has where node n exists.
func (e *expander) width(n *searchspace.ChoiceNode, sc *scope, c searchspace.Int) (int, error) {
	values, err := e.values(n, sc, c)
	if err != nil {
		return 0, err
	}
	return slices.Max(append(values, 0)), nil
}

// overlap reports whether two lists have an element in common.
func overlap(a, b []int) bool {
	return slices.ContainsFunc(a, func(x int) bool { return slices.Contains(b, x) })
}

// fit gives a written node the number of channels c that choice node n has.
func (e *expander) fit(n *searchspace.ChoiceNode, sc *scope, c searchspace.Int, id int) (int, error) {
	width, err := e.width(n, sc, c)
	if err != nil || e.nodes[id].Out.C == width {
		return id, err
	}
	shape := e.nodes[id].Out
	shape.C = width
	return e.write(searchspace.Node{Op: opFit, Name: n.Site, Stage: n.Stage,
		Inputs: []int{id}, In: e.nodes[id].Out, Out: shape})
}

// equalChannels is an error if two numbers of channels can differ.
func (e *expander) equalChannels(n *searchspace.ChoiceNode, sc *scope, a, b searchspace.Int) error {
	if a.Same(b) {
		return nil
	}
	t, err := tabulate(e.graph, sc, a, b)
	if err != nil {
		return fmt.Errorf("%s: channels: %w", n.Site, err)
	}
	if !t.same(0, 1) {
		return fmt.Errorf("%s: %w: it joins numbers of channels that depend on choices in different ways",
			n.Site, ErrNoRelaxed)
	}
	return nil
}

// fixedChannels is an error if a number depends on choices.
func (e *expander) fixedChannels(n *searchspace.ChoiceNode, sc *scope, xs ...searchspace.Int) error {
	t, err := tabulate(e.graph, sc, xs...)
	if err != nil {
		return fmt.Errorf("%s: channels: %w", n.Site, err)
	}
	for k := range xs {
		if len(t.distinct(k)) > 1 {
			return fmt.Errorf("%s: %w: %v needs a fixed number of channels", n.Site, ErrNoRelaxed, n.Op)
		}
	}
	return nil
}
