package supernet

import (
	"math"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// importance says how important the channels of every node of a network are. A channel counts, for
// every layer that mixes it with others, the L1 norm of that layer's weights for it times the scale
// |γ| of the batch normalisation that it comes from (sums of several add up): for the inner
// channels of an inverted residual these are the projection and the normalisation of the depthwise
// convolution. A squeeze-and-excitation's reading of the channels that it scales does not count.
//
// Weights into channels that do not count themselves, nor lead to a class that is kept, are left
// out, and channels of scale 0 do not count. So what has no effect goes first: a network that grew
// shrinks back to what it was.
//
// classes has a source for every class of the new network, −1 for those that the old one does not
// have.
func importance(g *searchspace.Graph, weights arrays, classes []int) [][]float64 {
	return importanceBy(g, weights, classes, true)
}

// magnitude is importance by the L1 norm of weights alone.
func magnitude(g *searchspace.Graph, weights arrays, classes []int) [][]float64 {
	return importanceBy(g, weights, classes, false)
}

func importanceBy(g *searchspace.Graph, weights arrays, classes []int, scaled bool) [][]float64 {
	im := importances{graph: g, scaled: scaled, of: func(n *searchspace.Node, k weightKind) *array {
		return weights[own{}.place(n, k).key]
	}}
	im.forward()
	im.backward(classes)
	return im.counts
}

// importances is the work of importance.
type importances struct {
	graph  *searchspace.Graph
	of     func(n *searchspace.Node, k weightKind) *array
	scaled bool        // by batch normalisations
	scales [][]float64 // by node and channel
	counts [][]float64
}

// forward finds the scale of every channel.
func (im *importances) forward() {
	im.scales = make([][]float64, len(im.graph.Nodes))
	for i := range im.graph.Nodes {
		n := &im.graph.Nodes[i]
		var scale []float64
		switch {
		case !im.scaled:
			scale = slices.Repeat([]float64{1}, n.Out.C)
		case n.Op == searchspace.OpBatchNorm:
			for _, gamma := range im.of(n, kindGamma).data {
				scale = append(scale, math.Abs(float64(gamma)))
			}
		case n.Op == searchspace.OpConcat:
			scale = slices.Concat(im.scales[n.Inputs[0]], im.scales[n.Inputs[1]])
		case n.Op == searchspace.OpSlice:
			scale = im.scales[n.Inputs[0]][n.Offset:][:n.Out.C]
		case n.Op == searchspace.OpAdd:
			scale = slices.Clone(im.scales[n.Inputs[0]])
			addTo(scale, im.scales[n.Inputs[1]])
		case channelwise(n):
			scale = im.scales[n.Inputs[0]]
		case n.Op == searchspace.OpShuffle:
			scale = make([]float64, n.Out.C)
			for c, from := range shuffled(n) {
				scale[c] = im.scales[n.Inputs[0]][from]
			}
		default:
			scale = slices.Repeat([]float64{1}, n.Out.C)
		}
		im.scales[i] = scale
	}
}

// backward adds up what channels count, from the logits on.
func (im *importances) backward(classes []int) {
	nodes := im.graph.Nodes
	im.counts = make([][]float64, len(nodes))
	for i := range nodes {
		im.counts[i] = make([]float64, nodes[i].Out.C)
	}
	logits := im.counts[im.graph.Output()]
	for _, from := range classes {
		if from >= 0 {
			logits[from] = 1
		}
	}
	if carried(classes) == 0 {
		addTo(logits, slices.Repeat([]float64{1}, len(logits)))
	}
	gate := make([]bool, len(nodes)) // of a squeeze-and-excitation
	for i := len(nodes) - 1; i > 0; i-- {
		n := &nodes[i]
		pool := n.Op == searchspace.OpGlobalAvgPool
		if gate[i] && pool {
			continue
		}
		for k, in := range n.Inputs {
			gate[in] = gate[in] || gate[i] || n.Op == searchspace.OpMul && k == 1
			im.pass(n, k, im.counts[in])
		}
	}
}

// pass adds to the counts of input k of a node what its own count for it.
func (im *importances) pass(n *searchspace.Node, k int, to []float64) {
	own := im.counts[n.ID]
	switch {
	case n.Op == searchspace.OpConcat:
		first := im.graph.Nodes[n.Inputs[0]].Out.C
		if k == 0 {
			addTo(to, own[:first])
		} else {
			addTo(to, own[first:])
		}
	case n.Op == searchspace.OpSlice:
		addTo(to[n.Offset:], own)
	case n.Op == searchspace.OpShuffle:
		for c, from := range shuffled(n) {
			to[from] += own[c]
		}
	case n.Op == searchspace.OpBatchNorm:
		for c, gamma := range im.scales[n.ID] {
			if gamma != 0 {
				to[c] += own[c]
			}
		}
	case channelwise(n):
		addTo(to, own)
	default:
		im.mix(n, to)
	}
}

// mix adds what the inputs of a convolution or linear layer count.
func (im *importances) mix(n *searchspace.Node, to []float64) {
	w, own, scale := im.of(n, kindWeight), im.counts[n.ID], im.scales[n.Inputs[0]]
	perGroup := w.out / max(n.Groups, 1)
	for at := 0; at < len(w.data); at += w.out {
		in := at / w.out % w.in
		for o, v := range w.data[at:][:w.out] {
			if own[o] > 0 {
				c := o/perGroup*w.in + in
				to[c] += math.Abs(float64(v)) * scale[c]
			}
		}
	}
}

// addTo adds as many elements as the second vector has.
func addTo(to, add []float64) {
	for i, v := range add {
		to[i] += v
	}
}

// shuffled is the input channel of every output channel of a shuffle.
func shuffled(n *searchspace.Node) []int {
	from := make([]int, n.Out.C)
	each := n.Out.C / n.Groups
	for c := range from {
		from[c] = c%n.Groups*each + c/n.Groups
	}
	return from
}

// best is the n most important channels in their order; of equals the first.
func best(important []float64, n int) []int {
	source := ranked(important)[:n]
	slices.Sort(source)
	return source
}
