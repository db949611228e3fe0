package supernet

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// spec describes a stored tensor: a weight [kernel][kernel][in][out], a linear weight [in][out], or
// a vector [out].
type spec struct {
	extent
	key    string
	kind   weightKind
	groups int
	linear bool
	node   *searchspace.Node // one of those that use it; they are of one stage
}

// dims is the shape in storage.
func (s *spec) dims() []int {
	switch {
	case s.kind.vector():
		return []int{s.out}
	case s.linear:
		return []int{s.in, s.out}
	}
	return []int{s.kernel, s.kernel, s.in, s.out}
}

// layer is the key without what tells the tensors of one layer apart.
func (s *spec) layer() string { return strings.TrimSuffix(s.key, s.kind.suffix()) }

// specs collects the tensors that nodes need, in the order of their first use; a tensor is as large
// as its largest use.
type specs struct {
	placer
	list      []*spec
	byKey     map[string]*spec
	openEnded bool               // tensors come into being with the first network that uses them
	archs     []searchspace.Arch // if so: the networks that brought tensors, in order
}

func newSpecs(p placer) *specs { return &specs{placer: p, byKey: make(map[string]*spec)} }

func (ss *specs) add(n *searchspace.Node) {
	for _, k := range kindsOf(n) {
		p := ss.place(n, k)
		s := ss.byKey[p.key]
		if s == nil {
			s = &spec{key: p.key, kind: k, linear: n.Op == searchspace.OpLinear, node: n}
			ss.byKey[p.key] = s
			ss.list = append(ss.list, s)
		}
		s.extent = extent{max(s.kernel, p.kernel), max(s.in, p.in.to), max(s.out, p.out.to)}
		s.groups = max(s.groups, n.Groups, 1)
	}
}

// maxJoint bounds the joint choices that one node may depend on.
const maxJoint = 1 << 20

// specsOfSpace collects the tensors of all networks of a space: every weight under every joint
// choice of the decisions that it depends on; where a space cannot say, those of the networks
// archs.
func specsOfSpace(space *searchspace.Space, s scheme, archs ...searchspace.Arch) (*specs, error) {
	g, err := space.LowerChoices()
	if err != nil {
		return openSpecs(space, s, archs, err)
	}
	ss := newSpecs(s)
	return ss, eachUse(g, func(n *searchspace.Node, _, _ []int) { ss.add(n) })
}

// eachUse calls f for every node with weights under every joint choice of the decisions deps that
// it depends on, where it exists. Other choices are 0. The slices are only lent.
func eachUse(g *searchspace.ChoiceGraph, f func(n *searchspace.Node, deps, choices []int)) error {
	choices := make([]int, len(g.Decisions))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Op != searchspace.OpConv && n.Op != searchspace.OpLinear && n.Op != searchspace.OpBatchNorm {
			continue
		}
		deps := n.Decisions()
		joint := 1
		for _, d := range deps {
			if joint *= len(g.Decisions[d].Allowed); joint > maxJoint {
				return fmt.Errorf("sharing weights: %s depends on %d decisions with more than %d joint choices",
					n.Site, len(deps), maxJoint)
			}
		}
		clear(choices)
		for j := range joint {
			for _, d := range deps {
				allowed := g.Decisions[d].Allowed
				choices[d] = allowed[j%len(allowed)]
				j /= len(allowed)
			}
			exists, err := n.Exists(choices)
			if err != nil {
				return err
			}
			if exists {
				node, err := n.At(choices)
				if err != nil {
					return err
				}
				f(&node, deps, choices)
			}
		}
	}
	return nil
}

// specsOfGraph collects the tensors of one network.
func specsOfGraph(g *searchspace.Graph, p placer) *specs {
	ss := newSpecs(p)
	for i := range g.Nodes {
		ss.add(&g.Nodes[i])
	}
	return ss
}

// store holds the tensors of a scheme on a backend.
type store struct {
	*specs
	set *nn.ParamSet
}

// beginning says which tensors of a new network get initial numbers. The others are zeros, for
// numbers that come from elsewhere at once: drawing initial weights takes longer than copying
// others.
type beginning func(sp *spec) bool

func initialWeights(*spec) bool { return true }

func zeros(*spec) bool { return false }

// newStore makes the tensors.
func newStore(b tensor.Backend, st tensor.Stream, ss *specs, seed uint64, from beginning) (
	s *store, err error) {
	defer tensor.Recover(&err)
	s = &store{specs: ss, set: nn.NewParamSet(b)}
	for _, sp := range ss.list {
		if !from(sp) {
			s.add(sp)
		} else if err := s.make(st, sp, seed); err != nil {
			return nil, err
		}
	}
	return s, st.Sync()
}

// add adds a tensor of zeros.
func (s *store) add(sp *spec) *nn.Param {
	if sp.kind.statistic() {
		return s.set.AddState(sp.key, sp.dims()...)
	}
	return s.set.Add(sp.key, sp.dims()...)
}

// make adds a tensor with its initial values.
func (s *store) make(st tensor.Stream, sp *spec, seed uint64) error {
	p := s.add(sp)
	values := make([]float32, p.Size())
	initial(sp, seed, values)
	return p.Set(st, values)
}

// grow gives the tensors the shapes of another collection with the same keys, none smaller. Old
// values stay where their indices are, new places get initial values.
func (s *store) grow(st tensor.Stream, to *specs, seed uint64) (err error) {
	defer tensor.Recover(&err)
	grown := make(arrays)
	for _, sp := range to.list {
		old := s.byKey[sp.key]
		if old == nil {
			return fmt.Errorf("tensor %s is new", sp.key)
		}
		if old.extent == sp.extent {
			continue
		}
		a := &array{extent: sp.extent, data: make([]float32, sp.size())}
		initial(sp, seed, a.data)
		before := &array{extent: old.extent, data: s.set.Lookup(sp.key).Get(st)}
		if err := a.keep(sp.key, before); err != nil {
			return err
		}
		grown[sp.key] = a
	}
	for key, a := range grown {
		p, err := s.set.Replace(key, to.byKey[key].dims()...)
		if err != nil {
			return err
		}
		if err := p.Set(st, a.data); err != nil {
			return err
		}
	}
	s.specs = to
	return st.Sync()
}

// download reads tensors.
func (s *store) download(st tensor.Stream, keys map[string]bool) (arrays, error) {
	out := make(arrays, len(keys))
	for key := range keys {
		p, err := s.find(key)
		if err != nil {
			return nil, err
		}
		out[key] = &array{extent: s.byKey[key].extent, data: p.Get(st)}
	}
	return out, nil
}

// upload replaces the values of tensors.
func (s *store) upload(st tensor.Stream, tensors arrays) error {
	for key, a := range tensors {
		p, err := s.find(key)
		if err != nil {
			return err
		}
		if err := p.Set(st, a.data); err != nil {
			return err
		}
	}
	return st.Sync()
}

// weight is the part of the stored weight that a convolution or linear node uses.
func (s *store) weight(n *searchspace.Node) (nn.Weight, error) {
	at := s.place(n, kindWeight)
	p, err := s.find(at.key)
	if err != nil {
		return nn.Weight{}, err
	}
	w := p.Weight()
	w.V.Off += at.in.from*w.V.StrideIn + at.out.from
	w.V.In, w.V.Out = w.V.In-at.in.from, w.V.Out-at.out.from
	return w.Crop(at.kernel, at.in.len(), at.out.len()), nil
}

// vector is the part of a stored vector that a node uses.
func (s *store) vector(n *searchspace.Node, k weightKind) (nn.Vector, error) {
	at := s.place(n, k)
	p, err := s.find(at.key)
	if err != nil {
		return nn.Vector{}, err
	}
	v := p.Vector()
	v.V.Off, v.V.Len = at.out.from, v.V.Len-at.out.from
	return v.First(at.out.len()), nil
}

// norm is the batch normalisation of a node with the parts of the stored vectors that it uses.
func (s *store) norm(n *searchspace.Node) (nn.BatchNorm, error) {
	var v [4]nn.Vector
	for i, k := range kindsOf(n) {
		var err error
		if v[i], err = s.vector(n, k); err != nil {
			return nn.BatchNorm{}, err
		}
	}
	stats := &nn.Stats{Mean: v[2].V, Var: v[3].V}
	return nn.BatchNorm{Gamma: v[0], Beta: v[1], Stats: stats, Eps: n.Eps, Momentum: n.Momentum}, nil
}

func (s *store) find(key string) (*nn.Param, error) {
	p := s.set.Lookup(key)
	if p == nil {
		return nil, fmt.Errorf("no weights for %s: the architecture is outside the space of the weights", key)
	}
	return p, nil
}
