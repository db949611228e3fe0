package supernet

import (
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// weightKind tells the tensors of one node apart.
type weightKind uint8

const (
	kindWeight weightKind = iota // convolution or linear weight
	kindBias
	kindGamma
	kindBeta
	kindMean // running statistics
	kindVar
)

// suffix is PyTorch's name of the tensor inside its module.
func (k weightKind) suffix() string {
	return [...]string{".weight", ".bias", ".weight", ".bias", ".running_mean", ".running_var"}[k]
}

// vector reports whether the tensor has one element per output channel.
func (k weightKind) vector() bool { return k != kindWeight }

// statistic reports whether the tensor is gathered rather than trained.
func (k weightKind) statistic() bool { return k == kindMean || k == kindVar }

// kindsOf lists the tensors of a node, none for nodes without weights.
func kindsOf(n *searchspace.Node) []weightKind {
	switch {
	case n.Op == searchspace.OpBatchNorm:
		return []weightKind{kindGamma, kindBeta, kindMean, kindVar}
	case n.Op != searchspace.OpConv && n.Op != searchspace.OpLinear:
		return nil
	case n.Bias:
		return []weightKind{kindWeight, kindBias}
	}
	return []weightKind{kindWeight}
}

// span is a range [from, to) of the channels of a stored tensor.
type span struct{ from, to int }

// place says where the weights of a node are stored: the key of a tensor and, for its input and output channels, the ranges
// that the node uses, in order. Kernels are always cropped around their centre. Inputs of a concat may need several ranges.
type place struct {
	key     string
	in, out []span
}

// scheme is a form of weight sharing.
type scheme interface {
	// place finds the tensor of the given kind for a node of a lowered network.
	place(n *searchspace.Node, k weightKind) place
}

// inChannels is the extent of the input axis of a node's weight; groups have weights of their own.
func inChannels(n *searchspace.Node) int {
	if n.Op == searchspace.OpConv {
		return n.In.C / max(n.Groups, 1)
	}
	return n.In.C
}

// elastic shares one tensor per site: every network takes its first channels.
type elastic struct{}

func (elastic) place(n *searchspace.Node, k weightKind) place {
	return place{key: n.Site + k.suffix(), in: []span{{0, inChannels(n)}}, out: []span{{0, n.Out.C}}}
}

// singlePath shares one tensor per site and candidate.
type singlePath struct{}

func (singlePath) place(n *searchspace.Node, k weightKind) place {
	p := elastic{}.place(n, k)
	if n.Variant != "" {
		p.key = n.Site + "@" + n.Variant + k.suffix()
	}
	return p
}

// own gives every node of one network its own tensor, under the name that PyTorch gives it.
type own struct{}

func (own) place(n *searchspace.Node, k weightKind) place {
	p := elastic{}.place(n, k)
	p.key = n.Name + k.suffix()
	return p
}

// schemeOf returns the scheme of a form of sharing.
func schemeOf(s Sharing) (scheme, error) {
	switch s {
	case Elastic:
		return elastic{}, nil
	case SinglePath:
		return singlePath{}, nil
	}
	return nil, fmt.Errorf("sharing %d, expected Elastic or SinglePath", s)
}
