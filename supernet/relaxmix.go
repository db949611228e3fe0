package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

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

// addOutput adds a node's value as others read it to a mixture.
func (e *expander) addOutput(m *mixture, id int, sc *scope, weight []product) error {
	sc, _ = e.place(id, sc)
	if _, chained := e.chains[id]; !chained && !e.mixed(id, sc) {
		return e.addLayer(m, id, sc, weight)
	}
	out, err := e.output(id, sc)
	m.add(out, weight)
	return err
}

// addLayer adds a node's own value to a mixture; a sum as its terms, which are often in the mixture
// already: what a residual layer passes by, layers and candidates have in common.
func (e *expander) addLayer(m *mixture, id int, sc *scope, weight []product) error {
	n := &e.graph.Nodes[id]
	if n.Op == searchspace.OpAdd && !e.mixed(id, sc) {
		if err := e.equalChannels(n, sc, n.In.C, e.graph.Nodes[n.Inputs[1]].Out.C); err != nil {
			return err
		}
		for _, in := range n.Inputs {
			out, err := e.output(in, sc)
			if err != nil {
				return err
			}
			m.add(out, weight)
		}
		return nil
	}
	out, err := e.candidates(id, sc)
	m.add(out, weight)
	return err
}
