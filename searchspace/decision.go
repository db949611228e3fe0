package searchspace

import "strconv"

// Kind says what a decision decides, so that algorithms can treat alike
// decisions alike (one softmax head per kind, one mutation rate per kind).
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
	// Allowed lists the choice indices that restrictions have left, ascending.
	// In a space without restrictions it is every index.
	Allowed []int
}

// Len is the number of choices, removed ones included.
func (d *Decision) Len() int { return len(d.Labels) }
