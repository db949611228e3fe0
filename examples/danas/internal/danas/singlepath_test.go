package danas

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// blank is so many images of each of 100 classes, one class after the other.
func blank(t *testing.T, each int) dataset.Dataset {
	t.Helper()
	const classes, size = 100, 32
	var names []string
	var labels []int
	for c := range classes {
		names = append(names, fmt.Sprint("class ", c))
		labels = slices.Concat(labels, slices.Repeat([]int{c}, each))
	}
	ds, err := dataset.FromPixels(size, names, labels, make([]uint8, 3*size*size*len(labels)))
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// The baseline has the multiply-adds of the search, counted phase by phase: 6, 6, 4 and 3
// candidates on 10, 30, 60 and 100 classes, steps on the architecture in all phases but the first.
func TestSinglePathBudget(t *testing.T) {
	cfg := Default()
	e := &engine{cfg: &cfg, images: &images{train: blank(t, 24), val: blank(t, 5)}}
	var err error
	if e.space, err = searchspace.DANAS(cfg.space(100)); err != nil {
		t.Fatal(err)
	}
	phases, err := cfg.schedule(slices.Collect(func(yield func(int) bool) {
		for c := 0; c < 100 && yield(c); c++ {
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	const all, fixed, mean = 8812672.0, 494848.0, 1881152.0 // of an image
	for _, pairs := range []bool{false, true} {
		work := 0.0
		for i, left := range []float64{6, 6, 4, 3} {
			if pairs {
				left = 2
			}
			images := 24 * float64(len(phases[i].Classes)*phases[i].Epochs)
			passes := 3.0
			if i > 0 {
				passes += 2 * 128 / (5.0 * 64)
			}
			work += images * passes * (fixed + (all-fixed)*left/6)
		}
		for _, evaluations := range []int{0, 5} {
			cfg.Evaluations, cfg.Pairs = evaluations, pairs
			got, err := e.singlePathEpochs(phases)
			judging := float64(evaluations*(500+500)) * mean
			if want := (work - judging) / (3 * 2400 * mean); err != nil ||
				math.Abs(float64(got)-want) > 0.5 {
				t.Errorf("%d evaluations, pairs %v: %d epochs, expected %.1f: %v", evaluations, pairs, got,
					want, err)
			}
		}
	}
}
