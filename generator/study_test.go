package generator

import (
	"fmt"
	"testing"
)

func TestStudy(t *testing.T) {
	space := paper(t)
	for _, scale := range []float64{0.002, 0.005} {
		for _, lambda := range []float64{1, 10, 30} {
			for _, lr := range []float64{1e-3, 3e-3} {
				names, _ := tastes(space, 10)
				var learners []Learner
				for k := range names {
					learners = append(learners, newTaste(space, uint64(k), scale))
				}
				g := must[*Generator](t)(New(space, &Options{Superclasses: names, Seed: 1}))
				if _, err := g.Train(t.Context(), learners, &TrainOptions{Steps: 1500, LR: lr, Lambda: lambda}); err != nil {
					t.Fatal(err)
				}
				all := scenarios(g, 200, 9)
				answers := must[[]Answer](t)(g.Generate(t.Context(), all, nil))
				adapted, draws, use, value := 0, 0, 0.0, 0.0
				logp := 0.0
				for i, a := range answers {
					draws += a.Draws
					use += a.Cost / all[i].Budget / 200
					logp += a.LogProb / 200
					k := g.index[all[i].Superclasses[0]]
					value += learners[k].(*taste).value(space, a.Arch) / 200
					if a.Adapted {
						adapted++
					}
				}
				low := learners[0].(*taste).value(space, space.Smallest())
				high := learners[0].(*taste).value(space, space.Largest())
				fmt.Printf("scale %v lambda %v lr %v: range %.3f adapted %d draws %d use %.3f value %.4f logp %.2f\n", scale, lambda, lr, high-low, adapted, draws, use, value, logp)
			}
		}
	}
}
