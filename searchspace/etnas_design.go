package searchspace

import (
	"fmt"
	"slices"
	"strconv"
)

// etDesign is an architecture of the ETNAS space as operators see it.
type etDesign struct {
	ops    []int           // operation digits of the block's layers
	ratios []int           // channel digits of all layers but the last
	skips  []etSkip        // in the order of the encoding
	stem   int             // choice of the stem's channels
	stages [etStages][]int // choices of the growth of every block: 0, 1, 2 for ×1, ×2, ×4
}

// etDecisionIndex knows where the decisions of an ETNAS space are.
type etDecisionIndex struct {
	total    int
	layers   int
	ops      [etLayers]int
	channels [etLayers - 1]int
	skips    [etSkips]int
	stem     int
	depths   [etStages]int
	growth   [etStages][]int
	stems    int // number of choices of the stem
}

// newETDecisionIndex looks the decisions up by name.
func newETDecisionIndex(s *Space) (*etDecisionIndex, error) {
	if s == nil || s.fam.Name != "etnas" {
		return nil, fmt.Errorf("searchspace: etnas operators of another space")
	}
	x := &etDecisionIndex{total: len(s.decisions), layers: s.index["block.layers"], stem: s.index["channels"]}
	for i := range x.ops {
		x.ops[i] = s.index["block.op"+strconv.Itoa(i)]
	}
	for i := range x.channels {
		x.channels[i] = s.index["block.channels"+strconv.Itoa(i)]
	}
	for i := range x.skips {
		x.skips[i] = s.index["block.skip"+strconv.Itoa(i)]
	}
	for t := range x.depths {
		x.depths[t] = s.index[fmt.Sprintf("stage%d.depth", t+1)]
		for i := range s.decisions[x.depths[t]].Len() {
			x.growth[t] = append(x.growth[t], s.index[fmt.Sprintf("stage%d.layer%d.growth", t+1, i)])
		}
	}
	x.stems = s.decisions[x.stem].Len()
	return x, nil
}

// blocks is the most blocks that a stage may have.
func (x *etDecisionIndex) blocks() int { return len(x.growth[0]) }

// design is the architecture with the given choices.
func (x *etDecisionIndex) design(choices []int) *etDesign {
	d := &etDesign{stem: choices[x.stem]}
	for i := range choices[x.layers] + 1 {
		d.ops = append(d.ops, choices[x.ops[i]])
		if i > 0 {
			d.ratios = append(d.ratios, choices[x.channels[i-1]])
		}
	}
	for _, k := range x.skips {
		if c := choices[k]; c > 0 {
			d.skips = append(d.skips, etSkipChoices()[c-1])
		}
	}
	for t := range d.stages {
		for _, k := range x.growth[t][:choices[x.depths[t]]+1] {
			d.stages[t] = append(d.stages[t], choices[k])
		}
	}
	return d
}

// choices is the inverse of design; inactive decisions have choice 0.
func (x *etDecisionIndex) choices(d *etDesign) []int {
	choices := make([]int, x.total)
	choices[x.layers], choices[x.stem] = len(d.ops)-1, d.stem
	for i, op := range d.ops {
		choices[x.ops[i]] = op
	}
	for i, r := range d.ratios {
		choices[x.channels[i]] = r
	}
	for i, skip := range d.skips {
		choices[x.skips[i]] = slices.Index(etSkipChoices(), skip) + 1
	}
	for t, stage := range d.stages {
		choices[x.depths[t]] = len(stage) - 1
		for i, g := range stage {
			choices[x.growth[t][i]] = g
		}
	}
	return choices
}

// takeBlock makes the block of other the one of d.
func (d *etDesign) takeBlock(other *etDesign) {
	d.ops, d.ratios, d.skips = slices.Clone(other.ops), slices.Clone(other.ratios), slices.Clone(other.skips)
}

// sameBlock reports whether two blocks are written the same.
func (d *etDesign) sameBlock(other *etDesign) bool {
	return slices.Equal(d.ops, other.ops) && slices.Equal(d.ratios, other.ratios) &&
		slices.Equal(d.skips, other.skips)
}
