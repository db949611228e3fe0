package eas

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/searchspace"
)

// asked counts how often it is asked.
type asked struct{ n *int }

func (asked) Len() int { return 300 }

func (a asked) Gradient(context.Context, searchspace.Relaxed, []int) (float64, searchspace.Relaxed, error) {
	*a.n++
	return 0, nil, nil
}

// A generator for all superclasses learns from each as often as from the others, whether batches
// are a part of the images, which come in ascending order, or all of them.
func TestTogether(t *testing.T) {
	const steps, k = 2000, 10
	for _, batch := range []int{128, 300} {
		counts := make([]int, k)
		var all together
		for i := range k {
			all = append(all, generator.Learner(asked{&counts[i]}))
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range steps {
			images := r.Perm(all.Len())[:batch]
			slices.Sort(images)
			rows := make(searchspace.Relaxed, 45) // with one of three choices each
			for i := range rows {
				rows[i] = make([]float64, 3)
				rows[i][r.IntN(3)] = 1
			}
			if _, _, err := all.Gradient(t.Context(), rows, images); err != nil {
				t.Fatal(err)
			}
		}
		for i, n := range counts {
			if n < 150 || n > 250 { // 200, 3.7 standard deviations
				t.Errorf("batches of %d: superclass %d learnt in %d of %d steps", batch, i, n, steps)
			}
		}
	}
	if _, _, err := (together{asked{new(int)}}).Gradient(t.Context(), nil, nil); err == nil {
		t.Error("no images: no error")
	}
}
