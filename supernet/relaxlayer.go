package supernet

import (
	"fmt"

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
	at, err := n.At(sc.choices)
	if err != nil {
		return 0, err
	}
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
	at, err := n.At(sc.choices)
	if err != nil {
		return 0, err
	}
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
	sizes, err := e.values(n, sc, n.Kernel)
	if err != nil {
		return 0, err
	}
	var m mixture
	for _, k := range sizes {
		at.Kernel = k
		at.Pad, at.PadExtra = n.Padding(k)
		out, err := e.write(at)
		if err != nil {
			return 0, err
		}
		m.add(out, kernels.where(0, func(v int) bool { return v == k }))
	}
	return e.mix(n, sc, &m)
}
