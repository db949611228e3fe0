package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// spec describes a stored tensor: a weight [kernel][kernel][in][out], a linear weight [in][out], or a vector [out].
type spec struct {
	key                     string
	kind                    weightKind
	kernel, in, out, groups int
	linear                  bool
	stage                   int // of the nodes that use it
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

// specs collects the tensors that nodes need under a scheme, in the order of their first use; a tensor is as large as its
// largest use.
type specs struct {
	scheme scheme
	list   []*spec
	byKey  map[string]*spec
	archs  []searchspace.Arch // of an open space: the networks that brought tensors, in order
}

func newSpecs(s scheme) *specs { return &specs{scheme: s, byKey: make(map[string]*spec)} }

func (ss *specs) add(n *searchspace.Node) {
	for _, k := range kindsOf(n) {
		p := ss.scheme.place(n, k)
		s := ss.byKey[p.key]
		if s == nil {
			s = &spec{key: p.key, kind: k, linear: n.Op == searchspace.OpLinear, stage: n.Stage}
			ss.byKey[p.key] = s
			ss.list = append(ss.list, s)
		}
		s.kernel = max(s.kernel, n.Kernel, 1)
		s.in = max(s.in, extent(p.in))
		s.out = max(s.out, extent(p.out))
		s.groups = max(s.groups, n.Groups, 1)
	}
}

// extent is the end of the last range.
func extent(spans []span) int {
	end := 0
	for _, s := range spans {
		end = max(end, s.to)
	}
	return end
}

// maxJoint bounds the joint choices that one node may depend on.
const maxJoint = 1 << 20

// specsOfSpace collects the tensors of all networks of a space: every weight under every joint choice of the decisions that it
// depends on; where a space cannot say, those of the networks archs.
func specsOfSpace(space *searchspace.Space, s scheme, archs ...searchspace.Arch) (*specs, error) {
	g, err := space.LowerChoices()
	if err != nil {
		return openSpecs(space, s, archs, err)
	}
	ss := newSpecs(s)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Op != searchspace.OpConv && n.Op != searchspace.OpLinear && n.Op != searchspace.OpBatchNorm {
			continue
		}
		deps := n.Decisions()
		joint := 1
		for _, d := range deps {
			if joint *= len(g.Decisions[d].Allowed); joint > maxJoint {
				return nil, fmt.Errorf("sharing weights: %s depends on %d decisions with more than %d joint choices", n.Site, len(deps), maxJoint)
			}
		}
		choices := make([]int, len(g.Decisions))
		for j := range joint {
			for _, d := range deps {
				allowed := g.Decisions[d].Allowed
				choices[d] = allowed[j%len(allowed)]
				j /= len(allowed)
			}
			if n.Exists(choices) {
				node := n.At(choices)
				ss.add(&node)
			}
		}
	}
	return ss, nil
}

// specsOfGraph collects the tensors of one network.
func specsOfGraph(g *searchspace.Graph, s scheme) *specs {
	ss := newSpecs(s)
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

// newStore makes the tensors with their initial values.
func newStore(b tensor.Backend, st tensor.Stream, ss *specs, seed uint64) (s *store, err error) {
	defer tensor.Recover(&err)
	s = &store{specs: ss, set: nn.NewParamSet(b)}
	for _, sp := range ss.list {
		if err := s.make(st, sp, seed); err != nil {
			return nil, err
		}
	}
	return s, st.Sync()
}

// make adds a tensor with its initial values.
func (s *store) make(st tensor.Stream, sp *spec, seed uint64) error {
	add := s.set.Add
	if sp.kind.statistic() {
		add = s.set.AddState
	}
	p := add(sp.key, sp.dims()...)
	values := make([]float32, p.Size())
	initial(sp, seed, values)
	return p.Set(st, values)
}

// grow gives the tensors the shapes of another collection with the same keys, none smaller. Old values stay where their
// indices are, new places get initial values.
func (s *store) grow(st tensor.Stream, to *specs, seed uint64) (err error) {
	defer tensor.Recover(&err)
	for _, sp := range to.list {
		old := s.byKey[sp.key]
		if old == nil {
			return fmt.Errorf("tensor %s is new", sp.key)
		}
		if slices.Equal(old.dims(), sp.dims()) {
			continue
		}
		if old.kernel != sp.kernel || old.in != sp.in || old.out > sp.out {
			return fmt.Errorf("tensor %s grows from %v to %v, expected more outputs only", sp.key, old.dims(), sp.dims())
		}
		before := s.set.Lookup(sp.key).Get(st)
		p, err := s.set.Replace(sp.key, sp.dims()...)
		if err != nil {
			return err
		}
		after := make([]float32, p.Size())
		initial(sp, seed, after)
		for row := 0; row*old.out < len(before); row++ {
			copy(after[row*sp.out:], before[row*old.out:(row+1)*old.out])
		}
		if err := p.Set(st, after); err != nil {
			return err
		}
	}
	s.specs = to
	return st.Sync()
}

// weight is the part of the stored weight that a convolution or linear node uses.
func (s *store) weight(n *searchspace.Node) (nn.Weight, error) {
	p, at, err := s.find(n, kindWeight)
	if err != nil {
		return nn.Weight{}, err
	}
	w := p.Weight()
	in, out, err := single(at)
	if err != nil {
		return nn.Weight{}, err
	}
	w.V.Off += in.from*w.V.StrideIn + out.from
	w.V.In, w.V.Out = w.V.In-in.from, w.V.Out-out.from
	return w.Crop(max(n.Kernel, 1), in.to-in.from, out.to-out.from), nil
}

// vector is the part of a stored vector that a node uses.
func (s *store) vector(n *searchspace.Node, k weightKind) (nn.Vector, error) {
	p, at, err := s.find(n, k)
	if err != nil {
		return nn.Vector{}, err
	}
	_, out, err := single(at)
	if err != nil {
		return nn.Vector{}, err
	}
	v := p.Vector()
	v.V.Off, v.V.Len = out.from, v.V.Len-out.from
	return v.First(out.to - out.from), nil
}

func (s *store) find(n *searchspace.Node, k weightKind) (*nn.Param, place, error) {
	at := s.scheme.place(n, k)
	p := s.set.Lookup(at.key)
	if p == nil {
		return nil, at, fmt.Errorf("no weights for %s: the architecture is outside the space of the weights", at.key)
	}
	return p, at, nil
}

// single is the ranges of a place that one view can show: each axis has one.
func single(at place) (in, out span, err error) {
	if len(at.in) != 1 || len(at.out) != 1 {
		return in, out, fmt.Errorf("%s: input channels in %d ranges and output channels in %d, expected one of each",
			at.key, len(at.in), len(at.out))
	}
	return at.in[0], at.out[0], nil
}
