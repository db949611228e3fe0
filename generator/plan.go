package generator

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// plan says how the outputs of the recurrent network stand for the decisions of a space.
type plan struct {
	decisions []decided // those with a choice to make, in the space's order
	steps     int       // of the recurrent network
	heads     []head
	outputs   int   // of all heads together
	rows      int   // candidates of all decisions together
	choices   []int // an allowed choice of every decision of the space
}

// decided is a decision with more than one candidate.
type decided struct {
	index      int   // in the space
	candidates []int // its allowed choices in the order of the gates, the smallest value first
	step       int   // of the recurrent network
	output     int   // the first of the outputs of its head
	mixed      bool  // a softmax over candidates instead of gates
	row        int   // where its candidates begin in rows of all decisions
}

// head is a fully connected layer that decisions of one kind with the same candidates share.
type head struct {
	name    string
	kind    searchspace.Kind
	key     string
	output  int // its first output
	outputs int
}

// outputs is the number of logits that a decision needs.
func (d *decided) outputs() int {
	if d.mixed {
		return len(d.candidates)
	}
	return len(d.candidates) - 1
}

// newPlan reads the decisions of a space. Decisions of the same stage and layer share a step unless
// they would get the same outputs of the same head.
func newPlan(space *searchspace.Space, multiPath bool) (*plan, error) {
	type place struct{ stage, layer, nth int }
	steps, used := map[place]int{}, map[[2]int]map[string]int{}
	p := &plan{}
	for i, d := range space.Decisions() {
		p.choices = append(p.choices, d.Allowed[0])
		if len(d.Allowed) < 2 {
			continue
		}
		unordered := d.Values == nil || d.Kind == searchspace.KindOp
		x := decided{index: i, candidates: slices.Clone(d.Allowed), mixed: multiPath || unordered,
			row: p.rows}
		if !unordered {
			slices.SortStableFunc(x.candidates, func(a, b int) int {
				return cmp.Compare(d.Values[a],
					d.Values[b])
			})
		}
		h := p.head(&d, &x)
		x.output = h.output
		at := [2]int{d.Stage, d.Layer}
		if used[at] == nil {
			used[at] = map[string]int{}
		}
		where := place{d.Stage, d.Layer, used[at][h.key]}
		used[at][h.key]++
		step, ok := steps[where]
		if !ok {
			step = p.steps
			steps[where] = step
			p.steps++
		}
		x.step = step
		p.rows += len(x.candidates)
		p.decisions = append(p.decisions, x)
	}
	if len(p.decisions) == 0 {
		return nil, fmt.Errorf("generator: space %s has nothing to decide", space.Name())
	}
	return p, nil
}

// head is the head of a decision.
func (p *plan) head(d *searchspace.Decision, x *decided) head {
	key := fmt.Sprint(d.Kind, x.mixed)
	for _, c := range x.candidates {
		key += fmt.Sprintf(" %q", d.Labels[c])
	}
	for _, h := range p.heads {
		if h.key == key {
			return h
		}
	}
	h := head{name: d.Kind.String(), kind: d.Kind, key: key, output: p.outputs, outputs: x.outputs()}
	n := 1
	for _, other := range p.heads {
		if other.kind == d.Kind {
			n++
		}
	}
	if n > 1 {
		h.name = fmt.Sprint(h.name, n)
	}
	p.heads = append(p.heads, h)
	p.outputs += h.outputs
	return h
}
