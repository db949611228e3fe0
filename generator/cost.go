package generator

import "github.com/tendril-nas/tendril/searchspace"

// cost is a cost of the space's architectures as a sum of tables.
type cost struct {
	model  *searchspace.CostModel
	tables []table
	terms  [][]int // those that each decision of the plan enters
}

// table is a term of the cost, read without the checks of searchspace.Term.At.
type table struct {
	decisions []int
	radix     []int // choices of each
	first     []int // allowed choice of each: what an inactive decision, which holds 0, stands for
	values    []float64
}

func newCost(model *searchspace.CostModel, decisions []searchspace.Decision, p *plan) *cost {
	c := &cost{model: model, terms: make([][]int, len(p.decisions))}
	for i := range model.Terms {
		t := table{decisions: model.Terms[i].Decisions, values: model.Terms[i].Table}
		for _, d := range t.decisions {
			t.radix = append(t.radix, decisions[d].Len())
			t.first = append(t.first, decisions[d].Allowed[0])
			for k := range p.decisions {
				if d == p.decisions[k].index {
					c.terms[k] = append(c.terms[k], i)
				}
			}
		}
		c.tables = append(c.tables, t)
	}
	return c
}

func (t *table) at(choices []int) float64 {
	i := 0
	for k, d := range t.decisions {
		i = i*t.radix[k] + max(choices[d], t.first[k])
	}
	return t.values[i]
}

// at is the cost of choices, in the order of CostModel.At. Those of inactive decisions have no
// effect.
func (c *cost) at(choices []int) float64 {
	var sum float64
	for i := range c.tables {
		sum += c.tables[i].at(choices)
	}
	return sum
}

// of is the part of the cost that decision k of the plan enters.
func (c *cost) of(k int, choices []int) float64 {
	var sum float64
	for _, i := range c.terms[k] {
		sum += c.tables[i].at(choices)
	}
	return sum
}
