package generator

import "github.com/tendril-nas/tendril/searchspace"

// cost is a cost of the space's architectures as a sum of tables.
type cost struct {
	model *searchspace.CostModel
	terms [][]int // those that each decision of the plan enters
}

func newCost(model *searchspace.CostModel, p *plan) *cost {
	c := &cost{model: model, terms: make([][]int, len(p.decisions))}
	for k := range p.decisions {
		for i := range model.Terms {
			for _, d := range model.Terms[i].Decisions {
				if d == p.decisions[k].index {
					c.terms[k] = append(c.terms[k], i)
				}
			}
		}
	}
	return c
}

// at is the cost of choices, in the order of CostModel.At. Those of inactive decisions have no
// effect.
func (c *cost) at(choices []int) float64 {
	var sum float64
	for i := range c.model.Terms {
		sum += c.model.Terms[i].At(choices)
	}
	return sum
}

// of is the part of the cost that decision k of the plan enters.
func (c *cost) of(k int, choices []int) float64 {
	var sum float64
	for _, i := range c.terms[k] {
		sum += c.model.Terms[i].At(choices)
	}
	return sum
}
