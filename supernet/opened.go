package supernet

import (
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// openSpecs is the tensors of some networks of a space whose networks cannot all be listed; err
// says why they cannot.
func openSpecs(space *searchspace.Space, s scheme, archs []searchspace.Arch, err error) (*specs, error) {
	if !errors.Is(err, searchspace.ErrNoChoiceGraph) {
		return nil, fmt.Errorf("sharing weights: %w", err)
	}
	p := s.openEnded()
	if p == nil {
		return nil, fmt.Errorf("%s sharing: %w; %v sharing works", s.name(), err, SinglePath)
	}
	ss := newSpecs(p)
	ss.openEnded = true
	for _, a := range archs {
		g, err := space.Lower(a)
		if err != nil {
			return nil, err
		}
		ss.admit(a, g)
	}
	return ss, nil
}

// admit adds the tensors of a network and returns those that are new.
func (ss *specs) admit(a searchspace.Arch, g *searchspace.Graph) []*spec {
	before := len(ss.list)
	for i := range g.Nodes {
		ss.add(&g.Nodes[i])
	}
	if len(ss.list) > before {
		ss.archs = append(ss.archs, a)
	}
	return ss.list[before:]
}

// admit makes the tensors of a network of an open space. The caller has the turn.
func (n *network) admit(a searchspace.Arch, g *searchspace.Graph) (err error) {
	if !n.store.openEnded {
		return nil
	}
	defer tensor.Recover(&err)
	n.weights.Lock()
	defer n.weights.Unlock()
	st := n.runner.tape.Stream()
	for _, s := range n.store.specs.admit(a, g) {
		if err := n.store.make(st, s, n.seed); err != nil {
			return err
		}
	}
	return st.Sync()
}

// admitted is the text forms of the networks that brought tensors, in order.
func (n *network) admitted() []string {
	var out []string
	for _, a := range n.store.archs {
		out = append(out, n.space.Format(a))
	}
	return out
}

// parseArchs reads what admitted wrote.
func parseArchs(space *searchspace.Space, texts []string) ([]searchspace.Arch, error) {
	var out []searchspace.Arch
	for _, text := range texts {
		a, err := space.Parse(text)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// readmit makes the tensors that a training checkpoint holds.
func (n *network) readmit(texts []string) error {
	archs, err := parseArchs(n.space, texts)
	if err != nil {
		return err
	}
	for _, a := range archs {
		g, err := n.space.Lower(a)
		if err != nil {
			return err
		}
		if err := n.admit(a, g); err != nil {
			return err
		}
	}
	return nil
}
