package nn

import (
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// Targets is what a softmax loss compares N rows of K logits with.
type Targets struct {
	Labels    []int     // N class numbers, or
	Soft      []float32 // N·K weights per class; they need not sum to 1
	Smoothing float64   // s: Labels become (1−s)·onehot + s/K, K counting a row's unmasked classes
	Mask      []bool    // nil, or N·K: a false class leaves its row's softmax; a label must not be masked
}

// Labels is the plain targets of a classification.
func Labels(labels []int) Targets { return Targets{Labels: labels} }

// CrossEntropy is the cross entropy of every row of logits N×1×1×K: N×1×1×1.
func (t *Tape) CrossEntropy(logits Value, target Targets) Value {
	const op = "cross entropy"
	x := t.get(op, logits)
	s := x.Shape()
	checkRows(op, s)
	mask := t.mask(op, s, target.Mask)
	tv := t.Input(s, t.targets(op, s, target))
	out := t.push(t.st.CrossEntropy(x, t.nodes[tv].t, t.optional(mask)), t.needs(logits))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.b, r.c = opCrossEntropy, logits, tv, mask
	}
	return out
}

// LogProb is the log-probability of one class per row.
func (t *Tape) LogProb(logits Value, classes []int, mask []bool) Value {
	return t.Scale(t.CrossEntropy(logits, Targets{Labels: classes, Mask: mask}), -1)
}

// Entropy is the entropy of every row's softmax, N×1×1×1. A nil mask keeps all classes.
func (t *Tape) Entropy(logits Value, mask []bool) Value {
	const op = "entropy"
	x := t.get(op, logits)
	checkRows(op, x.Shape())
	mv := t.mask(op, x.Shape(), mask)
	out := t.push(t.st.Entropy(x, t.optional(mv)), t.needs(logits))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.c = opEntropy, logits, mv
	}
	return out
}

// Distill is T² times the Kullback–Leibler divergence of the student's softmax at temperature T from the teacher's, for every row. The
// teacher gets no gradient.
func (t *Tape) Distill(student, teacher Value, temperature float64) Value {
	const op = "distill"
	x, y := t.get(op, student), t.get(op, teacher)
	checkRows(op, x.Shape())
	tensor.CheckShape(op, "teacher", y, x.Shape())
	if !(temperature > 0) {
		tensor.Failf(op, "temperature is %g, expected more than 0", temperature)
	}
	out := t.push(t.st.Distill(x, y, temperature), t.needs(student))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.b, r.alpha = opDistill, student, teacher, temperature
		t.Pin(teacher)
	}
	return out
}

// Softmax is the probabilities of every row; no gradient flows through it.
func (t *Tape) Softmax(logits Value, mask []bool) Value {
	const op = "softmax"
	x := t.get(op, logits)
	checkRows(op, x.Shape())
	return t.push(t.st.Softmax(x, t.optional(t.mask(op, x.Shape(), mask))), false)
}

// Sum is alpha times the sum of all elements.
func (t *Tape) Sum(x Value, alpha float64) Value {
	out := t.push(t.st.Sum(t.get("sum", x), alpha), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.alpha = opSum, x, alpha
	}
	return out
}

// Mean is the mean of all elements.
func (t *Tape) Mean(x Value) Value {
	return t.Sum(x, 1/float64(t.get("mean", x).Shape().Size()))
}

func checkRows(op string, s tensor.Shape) {
	if s.H != 1 || s.W != 1 {
		tensor.Failf(op, "logits have shape %v, expected N×1×1×K", s)
	}
}

// mask uploads a class mask, 0 for nil.
func (t *Tape) mask(op string, s tensor.Shape, mask []bool) Value {
	if mask == nil {
		return 0
	}
	if len(mask) != s.Size() {
		tensor.Failf(op, "mask of %d entries for %v logits", len(mask), s)
	}
	t.host = slices.Grow(t.host[:0], len(mask))[:len(mask)]
	for i, keep := range mask {
		t.host[i] = 0
		if keep {
			t.host[i] = 1
		}
	}
	for n := range s.N {
		if !slices.Contains(mask[n*s.C:(n+1)*s.C], true) {
			tensor.Failf(op, "row %d has no unmasked class", n)
		}
	}
	return t.Input(s, t.host)
}

// targets is the N·K weights in host scratch.
func (t *Tape) targets(op string, s tensor.Shape, g Targets) []float32 {
	if g.Soft != nil {
		if len(g.Soft) != s.Size() || g.Labels != nil || g.Smoothing != 0 {
			tensor.Failf(op, "%d soft targets for %v logits; labels or smoothing do not go with them", len(g.Soft), s)
		}
		return g.Soft
	}
	if len(g.Labels) != s.N {
		tensor.Failf(op, "%d labels for %d rows", len(g.Labels), s.N)
	}
	if g.Smoothing < 0 || g.Smoothing > 1 {
		tensor.Failf(op, "smoothing is %g, expected [0, 1]", g.Smoothing)
	}
	t.host = slices.Grow(t.host[:0], s.Size())[:s.Size()]
	for n, label := range g.Labels {
		if label < 0 || label >= s.C {
			tensor.Failf(op, "label %d of row %d, expected [0, %d)", label, n, s.C)
		}
		row := t.host[n*s.C : (n+1)*s.C]
		kept := s.C
		if g.Mask != nil {
			kept = 0
			for _, keep := range g.Mask[n*s.C : (n+1)*s.C] {
				if keep {
					kept++
				}
			}
			if !g.Mask[n*s.C+label] {
				tensor.Failf(op, "label %d of row %d is masked", label, n)
			}
		}
		for k := range row {
			row[k] = 0
			if g.Mask == nil || g.Mask[n*s.C+k] {
				row[k] = float32(g.Smoothing / float64(kept))
			}
		}
		row[label] = float32(1 - g.Smoothing + g.Smoothing/float64(kept))
	}
	return t.host
}
