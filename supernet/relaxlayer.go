package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// writeLayer writes the layer of a choice node and what it reads.
func (e *expander) writeLayer(n *searchspace.ChoiceNode, sc *scope) (int, error) {
	switch n.Op {
	case searchspace.OpSelect:
		return e.choice(n, sc)
	case searchspace.OpConv, searchspace.OpLinear:
		return e.conv(n, sc)
	case searchspace.OpAdd, searchspace.OpMul:
		if err := e.equalChannels(n, sc, n.In.C, e.graph.Nodes[n.Inputs[1]].Out.C); err != nil {
			return 0, err
		}
	case searchspace.OpShuffle:
		if err := e.fixedChannels(n, sc, n.In.C); err != nil {
			return 0, err
		}
	case searchspace.OpConcat:
		for _, in := range n.Inputs[:len(n.Inputs)-1] {
			if err := e.fixedChannels(n, sc, e.graph.Nodes[in].Out.C); err != nil {
				return 0, err
			}
		}
	}
	at := n.At(sc.choices)
	at.Inputs = make([]int, len(n.Inputs))
	for i, in := range n.Inputs {
		var err error
		if at.Inputs[i], err = e.output(in, sc); err != nil {
			return 0, err
		}
		if n.Op != searchspace.OpConcat {
			if at.Inputs[i], err = e.fit(n, sc, n.In.C, at.Inputs[i]); err != nil {
				return 0, err
			}
		}
	}
	if len(at.Inputs) > 0 {
		at.In.C = e.nodes[at.Inputs[0]].Out.C
	}
	switch n.Op {
	case searchspace.OpSlice, searchspace.OpInput:
	case searchspace.OpConcat:
		at.Out.C = 0
		for _, in := range at.Inputs {
			at.Out.C += e.nodes[in].Out.C
		}
	default:
		at.Out.C = at.In.C
	}
	return e.write(at)
}

// choice is the mix of the cases of an OpSelect.
func (e *expander) choice(n *searchspace.ChoiceNode, sc *scope) (int, error) {
	if n.Chain != nil {
		return e.output(n.Chain[len(n.Chain)-1], sc)
	}
	t, err := tabulate(e.graph, sc, n.Select)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", n.Site, err)
	}
	var m mixture
	for i, value := range n.Cases {
		weight := t.where(0, func(v int) bool { return v == value })
		if len(weight) == 0 {
			continue
		}
		if err := e.addOutput(&m, n.Inputs[i], sc, weight); err != nil {
			return 0, err
		}
	}
	return e.mix(n, sc, &m)
}

// conv writes a convolution or linear layer. By linearity a choice of kernels is the mix of the
// convolutions with each of them.
func (e *expander) conv(n *searchspace.ChoiceNode, sc *scope) (int, error) {
	t, err := tabulate(e.graph, sc, n.Groups, n.In.C, n.Out.C)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", n.Site, err)
	}
	grouped := n.Op == searchspace.OpConv && t.top(0) > 1
	depthwise := grouped && t.same(0, 1) && t.same(0, 2)
	if grouped && !depthwise {
		if err := e.fixedChannels(n, sc, n.Groups, n.In.C, n.Out.C); err != nil {
			return 0, err
		}
	}
	at := n.At(sc.choices)
	read := e.masked
	if depthwise {
		read = e.output
	}
	in, err := read(n.Inputs[0], sc)
	if err != nil {
		return 0, err
	}
	if in, err = e.fit(n, sc, n.In.C, in); err != nil {
		return 0, err
	}
	at.Inputs, at.In.C = []int{in}, e.nodes[in].Out.C
	if depthwise {
		at.Groups, at.Out.C = at.In.C, at.In.C
	} else if at.Out.C, err = e.width(n, sc, n.Out.C); err != nil {
		return 0, err
	}
	kernels, err := tabulate(e.graph, sc, n.Kernel)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", n.Site, err)
	}
	if kernels.constant() {
		return e.write(at)
	}
	if at.Bias {
		return 0, fmt.Errorf("%s: %w: a choice of kernels with a bias", n.Site, ErrNoRelaxed)
	}
	var m mixture
	for _, k := range kernels.distinct(0) {
		at.Kernel, at.Pad = k, k/2
		out, err := e.write(at)
		if err != nil {
			return 0, err
		}
		m.add(out, kernels.where(0, func(v int) bool { return v == k }))
	}
	return e.mix(n, sc, &m)
}

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
	fold := at.Op == searchspace.OpMul && e.readers[id] == 1 && x == len(e.nodes)-1
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
	return e.write(searchspace.Node{Op: searchspace.OpMul, Name: n.Site, Stage: n.Stage, Inputs: []int{x, s}, In: shape, Out: shape})
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

// width is the largest value that a number of channels has where node n exists.
func (e *expander) width(n *searchspace.ChoiceNode, sc *scope, c searchspace.Int) (int, error) {
	xs := []searchspace.Int{c}
	for _, cond := range n.When {
		if overlap(cond.Decisions(), c.Decisions()) {
			xs = append(xs, cond)
		}
	}
	t, err := tabulate(e.graph, sc, xs...)
	if err != nil {
		return 0, fmt.Errorf("%s: channels: %w", n.Site, err)
	}
	width := 0
	for j, v := range t.values[0] {
		if !slices.ContainsFunc(t.values[1:], func(cond []int) bool { return cond[j] == 0 }) {
			width = max(width, v)
		}
	}
	return width, nil
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
	return e.write(searchspace.Node{Op: opFit, Name: n.Site, Stage: n.Stage, Inputs: []int{id}, In: e.nodes[id].Out, Out: shape})
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
		return fmt.Errorf("%s: %w: it joins numbers of channels that depend on choices in different ways", n.Site, ErrNoRelaxed)
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

// mixture is a sum of written nodes, each weighted by a sum of products.
type mixture struct {
	nodes   []int
	weights [][]product
}

// add adds a node.
func (m *mixture) add(id int, weight []product) {
	if i := slices.Index(m.nodes, id); i >= 0 {
		m.weights[i] = slices.Concat(m.weights[i], weight)
		return
	}
	m.nodes, m.weights = append(m.nodes, id), append(m.weights, weight)
}

// mix writes a mixture that is the value of choice node n.
func (e *expander) mix(n *searchspace.ChoiceNode, sc *scope, m *mixture) (int, error) {
	if len(m.nodes) == 1 && len(m.weights[0]) == 1 && len(m.weights[0][0]) == 0 {
		return e.fit(n, sc, n.Out.C, m.nodes[0])
	}
	at := searchspace.Node{Op: opMix, Name: n.Site, Stage: n.Stage, Offset: len(e.coef.at)}
	for i, id := range m.nodes {
		in, err := e.fit(n, sc, n.Out.C, id)
		if err != nil {
			return 0, err
		}
		at.Inputs = append(at.Inputs, in)
		at.Out = e.nodes[in].Out
		if first := e.nodes[at.Inputs[0]].Out; at.Out != first {
			return 0, fmt.Errorf("%s: %w: branches end at %v and %v", n.Site, ErrNoRelaxed, first, at.Out)
		}
		e.coef.place(e.coef.sum(m.weights[i]))
	}
	at.In = at.Out
	return e.write(at)
}
