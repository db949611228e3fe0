package nn

import (
	"math"
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

// Mask is a class mask on a tape, valid as long as an input is. The zero Mask keeps all classes.
type Mask struct{ v Value }

// Goal is targets on a tape, valid as long as an input is: what losses and counts of right answers
// of one batch have in common, in one pass or in several.
type Goal struct {
	Mask    Mask
	weights Value // N×1×1×K
}

// Goal uploads targets for K classes.
func (t *Tape) Goal(classes int, target Targets) Goal {
	const op = "targets"
	if classes < 1 {
		tensor.Failf(op, "%d classes", classes)
	}
	mask := t.Mask(classes, target.Mask)
	n := len(target.Labels)
	if target.Soft != nil {
		n = len(target.Soft) / classes
	}
	s := tensor.Vector(n, classes)
	if n < 1 {
		tensor.Failf(op, "no rows")
	}
	if target.Mask != nil && len(target.Mask) != s.Size() {
		tensor.Failf(op, "mask of %d entries for %v logits", len(target.Mask), s)
	}
	return Goal{Mask: mask, weights: t.Input(s, t.weights(op, s, target))}
}

// Mask uploads a mask of K classes, N·K entries: a false class leaves its row's softmax. Every row
// keeps one at least.
func (t *Tape) Mask(classes int, keep []bool) Mask {
	const op = "mask"
	if keep == nil {
		return Mask{}
	}
	if classes < 1 || len(keep) == 0 || len(keep)%classes != 0 {
		tensor.Failf(op, "%d entries for %d classes", len(keep), classes)
	}
	t.host = slices.Grow(t.host[:0], len(keep))[:len(keep)]
	for i, k := range keep {
		t.host[i] = 0
		if k {
			t.host[i] = 1
		}
	}
	s := tensor.Vector(len(keep)/classes, classes)
	for n := range s.N {
		if !slices.Contains(keep[n*classes:(n+1)*classes], true) {
			tensor.Failf(op, "row %d has no unmasked class", n)
		}
	}
	return Mask{t.Input(s, t.host)}
}

// weights is the N·K weights of targets, in host scratch.
func (t *Tape) weights(op string, s tensor.Shape, g Targets) []float32 {
	if g.Soft != nil {
		if len(g.Soft) != s.Size() || g.Labels != nil || g.Smoothing != 0 {
			tensor.Failf(op, "%d soft weights for %v logits; labels or smoothing do not go with them",
				len(g.Soft), s)
		}
		return g.Soft
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

// logits is a tensor of logits and the mask that goes with it, nil for none.
func (t *Tape) logits(op string, v Value, mask Mask) (x, m tensor.Tensor) {
	x = t.get(op, v)
	if s := x.Shape(); s.H != 1 || s.W != 1 {
		tensor.Failf(op, "logits have shape %v, expected N×1×1×K", s)
	}
	if mask.v != 0 {
		m = t.get(op, mask.v)
		tensor.CheckShape(op, "mask", m, x.Shape())
	}
	return x, m
}

// CrossEntropy is the cross entropy of every row of logits N×1×1×K: N×1×1×1.
func (t *Tape) CrossEntropy(logits Value, goal Goal) Value {
	const op = "cross entropy"
	x, m := t.logits(op, logits, goal.Mask)
	w := t.get(op, goal.weights)
	tensor.CheckShape(op, "targets", w, x.Shape())
	out := t.push(t.st.CrossEntropy(x, w, m), t.needs(logits))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.b, r.c = opCrossEntropy, logits, goal.weights, goal.Mask.v
	}
	return out
}

// Correct is 1 for every row of logits whose largest one is at the class of the largest target,
// masked classes left aside, and 0 for the others and for those with logits that are not finite:
// N×1×1×1. The first of equals counts. No gradient flows through it.
func (t *Tape) Correct(logits Value, goal Goal) Value {
	const op = "correct"
	x, m := t.logits(op, logits, goal.Mask)
	w := t.get(op, goal.weights)
	tensor.CheckShape(op, "targets", w, x.Shape())
	return t.push(t.st.Correct(x, w, m), false)
}

// Distill is T² times the Kullback–Leibler divergence of the student's softmax at temperature T
// from the teacher's, for every row: N×1×1×1. Both are softmaxes over the classes that the mask
// keeps. The teacher gets no gradient.
func (t *Tape) Distill(student, teacher Value, temperature float64, mask Mask) Value {
	const op = "distill"
	x, m := t.logits(op, student, mask)
	y := t.get(op, teacher)
	tensor.CheckShape(op, "teacher", y, x.Shape())
	if !(temperature > 0) || math.IsInf(temperature, 1) {
		tensor.Failf(op, "temperature is %g, expected a finite number above 0", temperature)
	}
	out := t.push(t.st.Distill(x, y, m, temperature), t.needs(student))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.b, r.c, r.alpha = opDistill, student, teacher, mask.v, temperature
		t.Pin(teacher)
	}
	return out
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
