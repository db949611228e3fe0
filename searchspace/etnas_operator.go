package searchspace

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// ETNASOperator is a way to change an architecture of the ETNAS space a little.
type ETNASOperator int

// Operators on the block, then on the macro layout.
const (
	ETNASOperation      ETNASOperator = iota // another operation for a layer
	ETNASRatio                               // another channel ratio for a layer that is not the last
	ETNASAddLayer                            // a layer with any operation and ratio, anywhere
	ETNASRemoveLayer                         // a layer goes; skips that lead past nothing go with it
	ETNASAddSkip                             // a skip connection more
	ETNASRemoveSkip                          // one less
	ETNASRetarget                            // another beginning or end for a skip connection
	ETNASRetype                              // a sum instead of a concatenation, or the other way round
	ETNASAddBlock                            // a block that keeps the channels, anywhere
	ETNASRemoveBlock                         // a block that keeps the channels goes
	ETNASMoveDoubling                        // the channels double elsewhere
	ETNASMoveBlock                           // a block goes to another stage, with its doubling
	ETNASStem                                // other channels of the stem
	ETNASAddDoubling                         // the channels double once more
	ETNASRemoveDoubling                      // once less
	ETNASExchangeBlock                       // another block of a list
	etOperators
)

var etOperatorNames = [...]string{"operation", "ratio", "add layer", "remove layer", "add skip",
	"remove skip", "retarget skip", "retype skip", "add block", "remove block", "move doubling", "move block",
	"stem channels", "add doubling", "remove doubling", "exchange block"}

// String is the operator in words: "add layer".
func (o ETNASOperator) String() string {
	if o < 0 || o >= etOperators {
		return fmt.Sprintf("ETNASOperator(%d)", int(o))
	}
	return etOperatorNames[o]
}

// ETNASBlockOperators are those that change the block and leave the macro layout as it is.
func ETNASBlockOperators() []ETNASOperator {
	return []ETNASOperator{ETNASOperation, ETNASRatio, ETNASAddLayer, ETNASRemoveLayer, ETNASAddSkip,
		ETNASRemoveSkip, ETNASRetarget, ETNASRetype}
}

// ETNASMacroOperators are those that change the macro layout and leave the block as it is.
func ETNASMacroOperators() []ETNASOperator {
	return []ETNASOperator{ETNASAddBlock, ETNASRemoveBlock, ETNASMoveDoubling, ETNASMoveBlock, ETNASStem,
		ETNASAddDoubling, ETNASRemoveDoubling}
}

// operate applies an operator; false when there is nothing that it could change. blocks are those
// of ETNASExchangeBlock. What comes out may break the rules of the space.
func (d *etDesign) operate(o ETNASOperator, x *etDecisionIndex, blocks []*etDesign, r *rand.Rand) bool {
	switch o {
	case ETNASOperation:
		other(&d.ops[r.IntN(len(d.ops))], len(etOps), r)
	case ETNASRatio:
		if len(d.ratios) == 0 {
			return false
		}
		other(&d.ratios[r.IntN(len(d.ratios))], 5, r)
	case ETNASAddLayer:
		return d.addLayer(r)
	case ETNASRemoveLayer:
		return d.removeLayer(r)
	case ETNASAddSkip, ETNASRemoveSkip, ETNASRetarget, ETNASRetype:
		return d.changeSkips(o, r)
	case ETNASStem:
		if x.stems < 2 {
			return false
		}
		other(&d.stem, x.stems, r)
	case ETNASExchangeBlock:
		open := slices.DeleteFunc(slices.Clone(blocks), d.sameBlock)
		if len(open) == 0 {
			return false
		}
		d.takeBlock(open[r.IntN(len(open))])
	default:
		return d.changeMacro(o, x.blocks(), r)
	}
	return true
}

// other sets v to another of n values.
func other(v *int, n int, r *rand.Rand) {
	if k := r.IntN(n - 1); k < *v {
		*v = k
	} else {
		*v = k + 1
	}
}

// addLayer puts a layer between two places; skips go on joining the places that they joined. The
// layer that was last keeps its ratio, ×1.
func (d *etDesign) addLayer(r *rand.Rand) bool {
	if len(d.ops) == etLayers {
		return false
	}
	at := r.IntN(len(d.ops) + 1)
	ratio := r.IntN(5)
	if at == len(d.ops) {
		ratio = 2 // of the layer that is no longer the last
		d.ratios = append(d.ratios, ratio)
	} else {
		d.ratios = slices.Insert(d.ratios, at, ratio)
	}
	d.ops = slices.Insert(d.ops, at, r.IntN(len(etOps)))
	for i := range d.skips {
		s := &d.skips[i]
		if s.from > at {
			s.from++
		}
		if s.to > at {
			s.to++
		}
	}
	return true
}

// removeLayer joins the places before and after a layer.
func (d *etDesign) removeLayer(r *rand.Rand) bool {
	if len(d.ops) == 1 {
		return false
	}
	at := r.IntN(len(d.ops))
	d.ops = slices.Delete(d.ops, at, at+1)
	ratio := min(at, len(d.ratios)-1) // that of the layer before, where the last one goes
	d.ratios = slices.Delete(d.ratios, ratio, ratio+1)
	for i := range d.skips {
		s := &d.skips[i]
		if s.from > at {
			s.from--
		}
		if s.to > at {
			s.to--
		}
	}
	d.skips = slices.DeleteFunc(d.skips, func(s etSkip) bool { return s.from == s.to })
	return true
}

// changeSkips adds, removes or changes a skip connection.
func (d *etDesign) changeSkips(o ETNASOperator, r *rand.Rand) bool {
	n := len(d.ops)
	if o == ETNASAddSkip {
		if len(d.skips) == etSkips {
			return false
		}
		fit := slices.DeleteFunc(etSkipChoices(), func(s etSkip) bool { return s.to > n })
		d.skips = slices.Insert(d.skips, r.IntN(len(d.skips)+1), fit[r.IntN(len(fit))])
		return true
	}
	if len(d.skips) == 0 {
		return false
	}
	k := r.IntN(len(d.skips))
	s := d.skips[k]
	switch o {
	case ETNASRemoveSkip:
		d.skips = slices.Delete(d.skips, k, k+1)
	case ETNASRetype:
		d.skips[k].concat = !s.concat
	case ETNASRetarget:
		fit := slices.DeleteFunc(etSkipChoices(), func(t etSkip) bool {
			return t == s || t.concat != s.concat || t.to > n || t.from != s.from && t.to != s.to
		})
		if len(fit) == 0 {
			return false
		}
		d.skips[k] = fit[r.IntN(len(fit))]
	}
	return true
}

// changeMacro applies an operator to the stages.
func (d *etDesign) changeMacro(o ETNASOperator, blocks int, r *rand.Rand) bool {
	switch o {
	case ETNASAddBlock:
		return d.addBlock(0, blocks, -1, r)
	case ETNASRemoveBlock:
		_, _, ok := d.removeBlock(func(growth int) bool { return growth == 0 }, r)
		return ok
	case ETNASMoveBlock:
		growth, from, ok := d.removeBlock(func(int) bool { return true }, r)
		return ok && d.addBlock(growth, blocks, from, r)
	case ETNASAddDoubling:
		return d.grow(1, nil, r) != nil
	case ETNASRemoveDoubling:
		return d.grow(-1, nil, r) != nil
	case ETNASMoveDoubling:
		at := d.grow(-1, nil, r)
		return at != nil && d.grow(1, at, r) != nil
	}
	return false
}

// addBlock puts a block into a stage that has room, other than one.
func (d *etDesign) addBlock(growth, blocks, except int, r *rand.Rand) bool {
	var open []int
	for t, stage := range d.stages {
		if len(stage) < blocks && t != except {
			open = append(open, t)
		}
	}
	if len(open) == 0 {
		return false
	}
	t := open[r.IntN(len(open))]
	d.stages[t] = slices.Insert(d.stages[t], r.IntN(len(d.stages[t])+1), growth)
	return true
}

// removeBlock takes one of the blocks that may go out of a stage that keeps others; every block has
// the same chance.
func (d *etDesign) removeBlock(may func(growth int) bool, r *rand.Rand) (growth, stage int, ok bool) {
	var open [][2]int
	for t, stage := range d.stages {
		for i, g := range stage {
			if len(stage) > 1 && may(g) {
				open = append(open, [2]int{t, i})
			}
		}
	}
	if len(open) == 0 {
		return 0, 0, false
	}
	at := open[r.IntN(len(open))]
	growth = d.stages[at[0]][at[1]]
	d.stages[at[0]] = slices.Delete(d.stages[at[0]], at[1], at[1]+1)
	return growth, at[0], true
}

// grow doubles the channels of a block once more, or once less, and says which: any but one.
func (d *etDesign) grow(by int, except *int, r *rand.Rand) *int {
	var open []*int
	for t := range d.stages {
		for i := range d.stages[t] {
			if g := &d.stages[t][i]; g != except && *g+by >= 0 && *g+by <= 2 {
				open = append(open, g)
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	at := open[r.IntN(len(open))]
	*at += by
	return at
}
