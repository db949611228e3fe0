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

// len is the number of channels.
func (s span) len() int { return s.to - s.from }

// place says where a weight of a node is stored: the key of a tensor, the kernel, which lies at the
// centre of the stored one, and the range of channels on each axis. A vector has kernel 1 and one
// input.
type place struct {
	key     string
	kernel  int
	in, out span
}

// firstChannels is the place of a weight that uses the first channels of a tensor. Groups have
// weights of their own, so that the input axis of a convolution has the channels of one group.
func firstChannels(key string, n *searchspace.Node, k weightKind) place {
	p := place{key: key + k.suffix(), kernel: 1, in: span{0, 1}, out: span{0, n.Out.C}}
	if k == kindWeight {
		p.kernel, p.in.to = max(n.Kernel, 1), n.In.C/max(n.Groups, 1)
	}
	return p
}

// A placer says where the weights of networks are stored.
type placer interface {
	// place finds the tensor of the given kind for a node of a lowered network.
	place(n *searchspace.Node, k weightKind) place
}

// A scheme is a form of weight sharing. To add one, write its type, give it a constant of type
// Sharing, and enter it in schemes.
type scheme interface {
	placer
	// name is what files and messages call it.
	name() string
	// openEnded is what places weights in spaces whose networks cannot be listed
	// (searchspace.ErrNoChoiceGraph): its keys must tell shapes apart, since nobody knows the
	// largest use of a tensor before it is used. Nil if the form has none.
	openEnded() placer
}

// schemes is the forms of sharing.
var schemes = [...]scheme{Elastic: elastic{}, SinglePath: singlePath{}}

// scheme is the form's scheme, or an error that lists those there are.
func (s Sharing) scheme() (scheme, error) {
	if s < 0 || int(s) >= len(schemes) {
		return nil, fmt.Errorf("sharing %d, expected one of %s", s, schemeNames())
	}
	return schemes[s], nil
}

// parseSharing finds the form that has a name.
func parseSharing(name string) (Sharing, error) {
	for s, scheme := range schemes {
		if scheme.name() == name {
			return Sharing(s), nil
		}
	}
	return 0, fmt.Errorf("form of sharing %q, expected one of %s", name, schemeNames())
}

// schemeNames lists the names of all forms.
func schemeNames() string {
	var names []string
	for _, s := range schemes {
		names = append(names, s.name())
	}
	return fmt.Sprint(names)
}

// elastic shares one tensor per site: every network takes its first channels.
type elastic struct{}

func (elastic) name() string      { return "elastic" }
func (elastic) openEnded() placer { return nil }

func (elastic) place(n *searchspace.Node, k weightKind) place { return firstChannels(n.Site, n, k) }

// singlePath shares one tensor per site and candidate.
type singlePath struct{}

func (singlePath) name() string      { return "single-path" }
func (singlePath) openEnded() placer { return exactPath{} }

func (singlePath) place(n *searchspace.Node, k weightKind) place {
	if n.Variant == "" {
		return firstChannels(n.Site, n, k)
	}
	return firstChannels(n.Site+"@"+n.Variant, n, k)
}

// exactPath shares one tensor per site, candidate and shape. It is single path for spaces without a
// choice graph, whose layers are too many to list. Only classes are not part of the key, so that
// they can grow.
type exactPath struct{}

func (exactPath) place(n *searchspace.Node, k weightKind) place {
	shape := fmt.Sprint(n.Out.C)
	switch n.Op {
	case searchspace.OpConv:
		shape = fmt.Sprintf("%dx%dx%dg%d", n.Kernel, n.In.C, n.Out.C, n.Groups)
	case searchspace.OpLinear:
		shape = fmt.Sprint(n.In.C)
	}
	return firstChannels(n.Site+"@"+n.Variant+"#"+shape, n, k)
}

// own gives every node of one network its own tensor, under the name that PyTorch gives it.
type own struct{}

func (own) place(n *searchspace.Node, k weightKind) place { return firstChannels(n.Name, n, k) }
