package eas

import (
	"context"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// Headroom is what choosing among architectures of one cost can bring, with the weights of the
// supernet.
type Headroom struct {
	Budget float64 `json:"budget"`
	Archs  int     `json:"archs"`
	Split
	// Each is what an oracle gains over a random architecture: for each superclass it takes the
	// best by the images of one half (those that choose, or those of the test) and is scored on the
	// other, a mean of both ways. All is the gain of one architecture for all superclasses.
	Each float64 `json:"oracle_each"`
	All  float64 `json:"oracle_all"`
}

const headroomPhase = "headroom"

// headroomBand is the part of a budget from which architectures count as equally costly.
const headroomBand = 0.97

// headroom judges random architectures of every budget. They are the same for all seeds.
func (e *engine) headroom(ctx context.Context) ([]Headroom, error) {
	if e.cfg.Headroom == 0 {
		return nil, nil
	}
	return run.Once(e.job, headroomPhase, func() (out []Headroom, err error) {
		shown := e.job.Out.Phase(titleHeadroom, e.cfg.Headroom*len(e.budgets))
		for b, budget := range e.budgets {
			l := e.cost
			l.Max, l.Min = budget, headroomBand*budget
			space, err := e.space.Limit(l)
			if err != nil {
				return nil, err
			}
			r := run.Seed(1).Stream("eas.headroom", b)
			var halves [2][][][]bool
			for i := range e.cfg.Headroom {
				a, err := space.Sample(r)
				if err != nil {
					return nil, err
				}
				for h, j := range []*judges{e.choose, e.test} {
					right, err := j.right(ctx, a)
					if err != nil {
						return nil, err
					}
					halves[h] = append(halves[h], right)
				}
				shown.Set(b*e.cfg.Headroom+i+1, "")
			}
			out = append(out, headroomOf(budget, halves))
		}
		return out, nil
	})
}

// right says of every image of every superclass whether an architecture is right about it.
func (j *judges) right(ctx context.Context, a searchspace.Arch) (out [][]bool, err error) {
	for k := range j.of {
		one, err := j.answers(ctx, k, a)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// headroomOf is the headroom of architectures whose answers are halves[half][architecture]
// [superclass][image].
func headroomOf(budget float64, halves [2][][][]bool) Headroom {
	h := Headroom{Budget: budget, Archs: len(halves[0])}
	both := make([][][]bool, h.Archs)
	for a := range both {
		for k := range halves[0][a] {
			both[a] = append(both[a], slices.Concat(halves[0][a][k], halves[1][a][k]))
		}
	}
	h.Split = split(both)
	for i := range halves {
		each, all := oracle(halves[i], halves[1-i])
		h.Each, h.All = h.Each+each/2, h.All+all/2
	}
	return h
}

// oracle is what choosing on some images gains on others, over the mean of all architectures: one
// for each superclass, and one for all.
func oracle(choose, score [][][]bool) (each, all float64) {
	nk := float64(len(choose[0]))
	meanOf := func(right [][]bool) (m float64) {
		for _, images := range right {
			m += share(images) / nk
		}
		return m
	}
	random, best := 0.0, 0
	for a := range choose {
		random += meanOf(score[a]) / float64(len(score))
		if meanOf(choose[a]) > meanOf(choose[best]) {
			best = a
		}
	}
	for k := range choose[0] {
		one := 0
		for a := range choose {
			if share(choose[a][k]) > share(choose[one][k]) {
				one = a
			}
		}
		each += share(score[one][k]) / nk
	}
	return each - random, meanOf(score[best]) - random
}
