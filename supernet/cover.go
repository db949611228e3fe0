package supernet

import (
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// This file finds networks of a space that have, together, all of the tensors of a scheme. What can
// be said of the weights of a network can then be said of all weights that are shared.

// use is a way to use a stored tensor: as much of it, in the networks with these choices.
type use struct {
	extent
	key     string
	stage   int
	choices []int // by decision, −1 for those without influence
}

// part is a network that stands for some of the tensors that it has.
type part struct {
	*searchspace.Graph
	keys map[string]bool // of the first tensors of nodes; nil is all
}

// has reports whether the network stands for the weights of a node.
func (p *part) has(n *searchspace.Node, by placer) bool {
	kinds := kindsOf(n)
	return len(kinds) > 0 && (p.keys == nil || p.keys[by.place(n, kinds[0]).key])
}

// within reports whether another use of the tensor is at least as large on every axis.
func (e extent) within(other extent) bool {
	return e.kernel <= other.kernel && e.in <= other.in && e.out <= other.out
}

// uses is how tensors can be used, as far as no use lies within another; keys are in the order of
// the networks.
type uses struct {
	keys  []string
	byKey map[string][]use
	// least is the smallest number of output channels that a site has in any network.
	least map[string]int
}

func newUses() *uses { return &uses{byKey: make(map[string][]use), least: make(map[string]int)} }

// see notes the output channels of a node.
func (u *uses) see(n *searchspace.Node) {
	if least, ok := u.least[n.Site]; !ok || n.Out.C < least {
		u.least[n.Site] = n.Out.C
	}
}

// add notes one use of the tensors of a node. Of equal uses the last stays, which has the most
// layers beside it.
func (u *uses) add(n *searchspace.Node, by placer, deps, choices []int) {
	u.see(n)
	at := by.place(n, kindsOf(n)[0])
	e := extent{at.kernel, at.in.to, at.out.to}
	known, ok := u.byKey[at.key]
	if !ok {
		u.keys = append(u.keys, at.key)
	}
	for i := range known {
		if known[i].extent != e && e.within(known[i].extent) {
			return
		}
	}
	known = slices.DeleteFunc(known, func(k use) bool { return k.within(e) })
	needs := slices.Repeat([]int{-1}, len(choices))
	for _, d := range deps {
		needs[d] = choices[d]
	}
	u.byKey[at.key] = append(known, use{e, at.key, n.Stage, needs})
}

// cover is networks of a space that have, together, all of the tensors of a store; where tensors
// come into being with networks, those that brought them. otherwise is choices for what the use of
// a tensor leaves open.
func cover(space *searchspace.Space, ss *specs, otherwise []int) ([]part, *uses, error) {
	u := newUses()
	if ss.openEnded {
		var out []part
		for _, a := range ss.archs {
			g, err := space.Lower(a)
			if err != nil {
				return nil, nil, err
			}
			for i := range g.Nodes {
				if n := &g.Nodes[i]; len(kindsOf(n)) > 0 {
					u.see(n)
				}
			}
			out = append(out, part{Graph: g})
		}
		return out, u, nil
	}
	g, err := space.LowerChoices()
	if err != nil {
		return nil, nil, err
	}
	err = eachUse(g, func(n *searchspace.Node, deps, choices []int) { u.add(n, ss, deps, choices) })
	if err != nil {
		return nil, nil, err
	}
	out, err := u.networks(g, otherwise)
	return out, u, err
}

// networks puts uses together to networks, as many in one as go together. A layer is used with the
// skip connections of its stage that otherwise has, unless it exists only with others: they decide
// whether it is residual.
func (u *uses) networks(g *searchspace.ChoiceGraph, otherwise []int) ([]part, error) {
	var open []use
	for _, key := range u.keys {
		open = append(open, u.byKey[key]...)
	}
	for d := range g.Decisions {
		skip := &g.Decisions[d]
		if skip.Kind != searchspace.KindSkip || !slices.Contains(skip.Allowed, otherwise[d]) {
			continue
		}
		for i := range open {
			if open[i].stage == skip.Stage && open[i].choices[d] < 0 {
				open[i].choices[d] = otherwise[d]
			}
		}
	}
	var out []part
	for len(open) > 0 {
		choices := slices.Repeat([]int{-1}, len(g.Decisions))
		keys := make(map[string]bool)
		open = slices.DeleteFunc(open, func(k use) bool {
			joins := k.join(choices)
			if joins {
				keys[k.key] = true
			}
			return joins
		})
		for d, c := range choices {
			allowed := g.Decisions[d].Allowed
			switch {
			case c >= 0:
			case slices.Contains(allowed, otherwise[d]):
				choices[d] = otherwise[d]
			default:
				choices[d] = allowed[0]
			}
		}
		network, err := g.Lower(choices)
		if err != nil {
			return nil, err
		}
		out = append(out, part{network, keys})
	}
	return out, nil
}

// join makes a use's choices unless others are made already.
func (k use) join(choices []int) bool {
	for d, c := range k.choices {
		if c >= 0 && choices[d] >= 0 && choices[d] != c {
			return false
		}
	}
	for d, c := range k.choices {
		if c >= 0 {
			choices[d] = c
		}
	}
	return true
}
