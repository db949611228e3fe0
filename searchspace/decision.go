package searchspace

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Kind says what a decision decides, so that algorithms can treat alike decisions alike (one
// softmax head per kind, one mutation rate per kind).
type Kind uint8

// Kinds of decisions.
const (
	KindOther  Kind = iota
	KindDepth       // number of layers of a stage
	KindKernel      // kernel size
	KindExpand      // expansion ratio of an inverted residual
	KindWidth       // channels, or a channel factor
	KindOp          // which operation or block
	KindSkip        // a skip connection
)

var kindNames = [...]string{"other", "depth", "kernel", "expand", "width", "op", "skip"}

// String is the lower-case name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind" + strconv.Itoa(int(k))
}

// Decision is one categorical choice of a Space.
type Decision struct {
	Name  string // unique in the space, e.g. "stage2.layer1.kernel"
	Kind  Kind
	Stage int // searched stage the decision belongs to, from 1; 0 = the whole network
	Layer int // position inside the stage, from 0; -1 = the whole stage
	// Values[i] is the numeric meaning of choice i; nil for a symbolic decision.
	Values []int
	// Labels[i] is the text of choice i, always set.
	Labels []string
	// Allowed lists the choice indices that restrictions have left, ascending. In a space without
	// restrictions it is every index.
	Allowed []int
	// Weights[i] is the weight of choice i when Sample draws; nil = all equal.
	Weights []float64
}

// draw draws an allowed choice.
func (d *Decision) draw(r *rand.Rand) int {
	if d.Weights == nil {
		return d.Allowed[r.IntN(len(d.Allowed))]
	}
	var sum float64
	for _, c := range d.Allowed {
		sum += d.Weights[c]
	}
	u := r.Float64() * sum
	for _, c := range d.Allowed[:len(d.Allowed)-1] {
		if u -= d.Weights[c]; u < 0 {
			return c
		}
	}
	return d.Allowed[len(d.Allowed)-1]
}

// Len is the number of choices, removed ones included.
func (d *Decision) Len() int { return len(d.Labels) }

// number is the numeric meaning of choice c, or c itself for a symbolic decision.
func (d *Decision) number(c int) int {
	if d.Values == nil {
		return c
	}
	return d.Values[c]
}

// expected lists the allowed labels for error messages: "3, 5 or 7".
func (d *Decision) expected() string {
	labels := make([]string, len(d.Allowed))
	for i, c := range d.Allowed {
		labels[i] = d.Labels[c]
	}
	return orList(labels)
}

func orList(items []string) string {
	if len(items) > 12 {
		return fmt.Sprintf("%s, … (%d choices)", strings.Join(items[:8], ", "), len(items))
	}
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " or " + items[len(items)-1]
}
