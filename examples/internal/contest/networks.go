package contest

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Networks judges architectures by networks that are trained for it, on images that are held back.
// It is an adjuster.RangeEvaluator: for a trial, or for a contest.
type Networks struct {
	Space *searchspace.Space
	Held  dataset.Dataset // without structure in its order
	Stage int             // of the data, and the version of the weights
	// Network is the trained network of an architecture. It is asked once for each.
	Network func(ctx context.Context, a searchspace.Arch) (*supernet.Model, error)
	// Clock starts a clock for training and judging, and returns what stops it; nil = none.
	Clock func() (stop func())

	judged map[searchspace.Arch][]Verdict
}

// Len is the number of images to judge on.
func (n *Networks) Len() int { return n.Held.Len() }

// Evaluate judges an architecture on all images.
func (n *Networks) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return n.EvaluateRange(ctx, a, 0, n.Len())
}

// EvaluateRange judges an architecture on the images from to to−1.
func (n *Networks) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (
	searchspace.Measurement, error) {
	m := searchspace.Measurement{Arch: a, Text: n.Space.Format(a), Stage: n.Stage,
		WeightVersion: uint64(n.Stage)}
	if from < 0 || from >= to || to > n.Len() {
		return m, fmt.Errorf("images %d to below %d, expected some of %d", from, to, n.Len())
	}
	all, err := n.of(ctx, a)
	if err != nil {
		return m, err
	}
	for _, v := range all[from:to] {
		if m.Samples++; v.Right() {
			m.Correct++
		}
		m.Loss += v.Loss()
	}
	m.Loss /= float64(m.Samples)
	m.Accuracy = float64(m.Correct) / float64(m.Samples)
	return m, nil
}

// of are the verdicts of an architecture's network on all images.
func (n *Networks) of(ctx context.Context, a searchspace.Arch) ([]Verdict, error) {
	if v := n.judged[a]; v != nil {
		return v, nil
	}
	if n.Clock != nil {
		defer n.Clock()()
	}
	m, err := n.Network(ctx, a)
	if err != nil {
		return nil, err
	}
	var out []Verdict
	if err := Verdicts(ctx, m, n.Held, func(v Verdict) { out = append(out, v) }); err != nil {
		return nil, err
	}
	if n.judged == nil {
		n.judged = map[searchspace.Arch][]Verdict{}
	}
	n.judged[a] = out
	return out, nil
}
