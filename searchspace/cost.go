package searchspace

// Cost counts what a network needs per image. Multiply-adds and parameters follow the convention of
// the published tables: convolution = Cin·Kh·Kw/groups·Cout·Hout·Wout, linear = in·out; bias, batch
// norm and activations are free; parameters include batch-norm affine pairs and biases, not running
// statistics.
type Cost struct {
	MAdds       int64 // ConvMAdds + LinearMAdds
	ConvMAdds   int64
	LinearMAdds int64
	Params      int64
	// ActivationTrain is the bytes of float32 activations that a training step keeps per image: the
	// output of every node.
	ActivationTrain int64
	// ActivationInfer is the peak of live float32 activation bytes per image when nodes run in
	// order and elementwise nodes work in place.
	ActivationInfer int64
}

// LayerCost is one row of the per-layer table of a Graph.
type LayerCost struct {
	Name    string
	Kind    string // "Conv2d", "BatchNorm2d" or "Linear"
	In, Out Shape
	MAdds   int64
	Params  int64
}

// Params is the number of learnable numbers of n.
func (n *Node) Params() int64 {
	out := int64(n.Out.C)
	switch n.Op {
	case OpConv:
		p := int64(n.In.C/n.Groups) * out * int64(n.Kernel) * int64(n.Kernel)
		if n.Bias {
			p += out
		}
		return p
	case OpLinear:
		p := int64(n.In.C) * out
		if n.Bias {
			p += out
		}
		return p
	case OpBatchNorm:
		return 2 * out
	}
	return 0
}

// MAdds is the number of multiply-adds of n per image.
func (n *Node) MAdds() int64 {
	switch n.Op {
	case OpConv:
		return int64(n.In.C/n.Groups) * int64(n.Kernel) * int64(n.Kernel) * n.Out.Size()
	case OpLinear:
		return int64(n.In.C) * int64(n.Out.C)
	}
	return 0
}

// Cost is the sum over the layers of g; see Cost for the conventions.
func (g *Graph) Cost() Cost {
	var c Cost
	for i := range g.Nodes {
		n := &g.Nodes[i]
		m := n.MAdds()
		if n.Op == OpLinear {
			c.LinearMAdds += m
		} else {
			c.ConvMAdds += m
		}
		c.Params += n.Params()
		if n.Op != OpFlatten {
			c.ActivationTrain += 4 * n.Out.Size()
		}
	}
	c.MAdds = c.ConvMAdds + c.LinearMAdds
	c.ActivationInfer = g.peak()
	return c
}

// inPlace reports whether n may overwrite its first input.
func (n *Node) inPlace() bool {
	switch n.Op {
	case OpBatchNorm, OpAct, OpAdd, OpMul, OpDropout, OpFlatten:
		return true
	}
	return false
}

// peak walks the nodes in order and returns the largest sum of live tensors, in bytes: a tensor
// lives from its node to its last reader.
func (g *Graph) peak() int64 {
	last := make([]int, len(g.Nodes))
	for i := range g.Nodes {
		last[i] = i
		for _, in := range g.Nodes[i].Inputs {
			last[in] = i
		}
	}
	var live, peak int64
	for i := range g.Nodes {
		n := &g.Nodes[i]
		out := 4 * n.Out.Size()
		reuse := n.inPlace() && last[n.Inputs[0]] == i
		if !reuse {
			live += out
		}
		peak = max(peak, live)
		for k, in := range n.Inputs {
			first := true // an input that is named twice is freed once
			for _, earlier := range n.Inputs[:k] {
				first = first && earlier != in
			}
			if last[in] == i && first && !(reuse && k == 0) {
				live -= 4 * g.Nodes[in].Out.Size()
			}
		}
	}
	return peak
}

// Layers is the per-layer table: convolutions, batch norms and linear layers in order.
func (g *Graph) Layers() []LayerCost {
	var out []LayerCost
	for i := range g.Nodes {
		switch n := &g.Nodes[i]; n.Op {
		case OpConv, OpBatchNorm, OpLinear:
			out = append(out, LayerCost{Name: n.Name, Kind: n.Op.String(), In: n.In, Out: n.Out,
				MAdds: n.MAdds(), Params: n.Params()})
		}
	}
	return out
}
