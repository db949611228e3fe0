package supernet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// Among is a Judge for the images of some classes alone, given by their numbers in the supernet:
// only these images are judged, and only the logits of their classes are read, as with
// EvalOptions.Classes. It shares images and batch-norm statistics with j, so that an architecture
// that is judged on all superclasses is recalibrated once and no image is decoded twice, as long as
// the architecture is the outer loop:
//
//	for each architecture a { for each superclass's judge j { j.Evaluate(ctx, a) } }
//
// Len, EvaluateRange and EvaluateBatch count the images of these classes; Extract gives a model for
// these classes alone. The images are those that belong to the classes now: when classes are
// renamed, make it anew. The error wraps ErrData where no image is left.
func (j *Judge) Among(classes ...int) (*Judge, error) {
	data, err := j.net.among(j.data, classes)
	if err != nil {
		return nil, fmt.Errorf("supernet: %w", err)
	}
	o := j.o
	o.Classes = slices.Clone(classes)
	return newJudge(j.net, data, j.calibration, j.gathered, o), nil
}

// Among is the loss on the images of some classes alone, given by their numbers in the network, as
// with RelaxOptions.Classes: images are numbered anew, from 0 to Len()−1. It shares images with l.
// The error wraps ErrData where no image is left.
func (l *RelaxedLoss) Among(classes ...int) (*RelaxedLoss, error) {
	data, err := l.relax.net.among(l.data, classes)
	if err != nil {
		return nil, fmt.Errorf("supernet: relax: %w", err)
	}
	o := l.o
	o.Classes = slices.Clone(classes)
	return &RelaxedLoss{relax: l.relax, data: data, o: o}, nil
}

// among is the images of some classes of the network, which alone it is asked about.
func (n *network) among(im *images, classes []int) (*images, error) {
	known := n.classList()
	subset, err := newClassSubset(append([]int{}, classes...), len(known))
	if err != nil {
		return nil, err
	}
	ds := im.cache.ds
	numbers := known.number(ds.Classes())
	out := &images{cache: im.cache, classes: subset}
	for _, i := range im.index {
		if subset.columnOf(numbers.class(ds.Label(i)), len(known)) >= 0 {
			out.index = append(out.index, i)
		}
	}
	if len(out.index) == 0 {
		return nil, fmt.Errorf("%w: no image of the classes %v", ErrData, classes)
	}
	return out, nil
}

// only is a model for some of the classes, by their numbers; one that nobody else knows yet. Where
// classes have no names their numbers become their names.
func (m *Model) only(ctx context.Context, classes []int) (*Model, error) {
	known := m.classList()
	if !known.named() {
		numbers := make(classList, len(known))
		for c := range numbers {
			numbers[c] = strconv.Itoa(c)
		}
		if err := m.setClassNames(ctx, numbers); err != nil {
			return nil, err
		}
		known = numbers
	}
	chosen := make(classList, len(classes))
	for k, c := range classes {
		chosen[k] = known[c]
	}
	return m.withClasses(ctx, chosen)
}
