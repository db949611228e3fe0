package supernet

import "github.com/tendril-nas/tendril/searchspace"

// start is the last batch normalisation of the branch of a new residual layer. With scale and shift
// 0 the layer is the identity at first, and its scale and shift have a gradient; once the first
// step has moved them all others have one. Convolution weights of zero would not do: the
// normalisation of a constant multiplies their gradient by 1/√eps. Channels that are new themselves
// need no such start: nothing old reads them, and they would learn a step later.
type start struct {
	norm  *searchspace.Node
	shift float32
	out   axis // channels that start without effect
}

// openShift is the shift of branches that end in ReLU, whose slope at 0 is 0: with a shift of 0
// they would never train.
const openShift = 1e-6

// start finds out whether a sum that the old network does not have is that of a new residual layer:
// an input is the end of a branch that has nothing of the old network, batch normalisation last,
// the other goes by. Then the branch starts without effect, and the sum is what goes by.
func (c *channels) start(sum *searchspace.Node) (skip int, ok bool) {
	if sum.Block != "" && c.blocks[sum.Block] {
		return 0, false // a layer that the old network has in another form
	}
	for k, end := range sum.Inputs {
		norm, shift := c.lastNorm(end)
		skip := sum.Inputs[1-k]
		if other, _ := c.lastNorm(skip); norm == nil || other != nil {
			continue
		}
		var out axis // all of them
		if f := c.matches[skip].flow; f.node >= 0 {
			out = inPlace(f.source)
		}
		c.starts = append(c.starts, start{norm, shift, out})
		c.mark(norm.ID, skip)
		return skip, true
	}
	return 0, false
}

// lastNorm is the batch normalisation that a node shows, with nothing but activations after it that
// keep 0, if it takes over none of the old network; and the shift that it starts with.
func (c *channels) lastNorm(id int) (norm *searchspace.Node, shift float32) {
	n := &c.new.Nodes[id]
	for ; n.Op == searchspace.OpAct; n = &c.new.Nodes[n.Inputs[0]] {
		switch n.Act {
		case searchspace.ActReLU, searchspace.ActReLU6:
			shift = openShift
		case searchspace.ActHSwish, searchspace.ActSwish:
		default:
			return nil, 0
		}
	}
	if n.Op != searchspace.OpBatchNorm || c.matches[n.ID].old >= 0 {
		return nil, 0
	}
	return n, shift
}

// mark notes the layers with weights from the beginning of a branch to a node of it.
func (c *channels) mark(id, begin int) {
	if id == begin || c.matches[id].old >= 0 {
		return
	}
	n := &c.new.Nodes[id]
	if len(kindsOf(n)) > 0 {
		c.started[id] = true
	}
	for _, in := range n.Inputs {
		c.mark(in, begin)
	}
}
