package wasserstein

import (
	"math"
	"testing"
)

// members passes the numbers 0 … n−1 as one-hot vectors and tells which ones each relabelling has
// chosen: those whose mean over the chosen is not zero.
func members(t *testing.T, n, chosen int, o *RelabelOptions) [][]int {
	x := make([]float64, n*n)
	for i := range n {
		x[i*n+i] = 1
	}
	var sets [][]int
	_, err := relabelled(t, x, n, chosen, o).Distances(func(now, reference *Moments) (float64, error) {
		if now.Count() != n || reference.Count() != chosen {
			t.Fatalf("%d of %d images, expected %d of %d", reference.Count(), now.Count(), chosen, n)
		}
		var set []int
		for i, v := range reference.Mean() {
			if math.Abs(v) > 1e-9 {
				set = append(set, i)
			}
		}
		if len(set) != chosen {
			t.Fatalf("%d images in the mean of %d", len(set), chosen)
		}
		sets = append(sets, set)
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

// chiSquare fails when counts of n equally likely cases, dependent only through their sum, are not
// what chance gives; 5 standard deviations of the statistic.
func chiSquare(t *testing.T, what string, counts []int) {
	t.Helper()
	var total, x float64
	for _, c := range counts {
		total += float64(c)
	}
	mean, free := total/float64(len(counts)), float64(len(counts)-1)
	for _, c := range counts {
		x += (float64(c) - mean) * (float64(c) - mean) / mean
	}
	if math.Abs(x-free) > 5*math.Sqrt(2*free) {
		t.Errorf("%s: χ² is %.1f on %.0f degrees of freedom: %v", what, x, free, counts)
	}
}

// Every set of the right size is equally likely, whichever side is the smaller one.
func TestRelabellingsAreUniform(t *testing.T) {
	const n = 6
	for chosen, sets := range map[int]int{1: 6, 2: 15, 3: 20, 4: 15, 5: 6} {
		counts := map[int]int{}
		for seed := range uint64(8) {
			for _, set := range members(t, n, chosen, &RelabelOptions{Times: 1000, Seed: seed}) {
				key := 0
				for _, i := range set {
					key |= 1 << i
				}
				counts[key]++
			}
		}
		var c []int
		for _, k := range counts {
			c = append(c, k)
		}
		if len(c) != sets {
			t.Errorf("%d of %d: %d sets, expected %d", chosen, n, len(c), sets)
		}
		chiSquare(t, "sets", c)
	}
}

// Each image is chosen with probability n_ref/n, each pair with n_ref(n_ref−1)/(n(n−1)), over the
// relabellings of a seed as over the seeds of a relabelling.
func TestRelabellingsChooseImagesAndPairs(t *testing.T) {
	const n, chosen, times = 12, 8, 3000
	draws := map[string]func() [][]int{
		"times": func() (all [][]int) {
			for seed := range uint64(times / 1000) {
				all = append(all, members(t, n, chosen, &RelabelOptions{Times: 1000, Seed: seed})...)
			}
			return all
		},
		"seeds": func() (all [][]int) {
			for seed := range uint64(times) {
				all = append(all, members(t, n, chosen, &RelabelOptions{Times: 1, Seed: seed})...)
			}
			return all
		},
	}
	for name, draw := range draws {
		single, pair := make([]float64, n), make([]float64, n*n)
		for _, set := range draw() {
			for _, i := range set {
				single[i]++
				for _, j := range set {
					pair[i*n+j]++
				}
			}
		}
		within := func(what string, count, p float64) {
			t.Helper()
			if sd := math.Sqrt(times * p * (1 - p)); math.Abs(count-times*p) > 4.5*sd {
				t.Errorf("%s: %s chosen %.0f times, expected %.0f ± %.0f", name, what, count, times*p, sd)
			}
		}
		for i := range n {
			within("an image", single[i], float64(chosen)/n)
			for j := range i {
				within("a pair", pair[i*n+j], float64(chosen*(chosen-1))/(n*(n-1)))
			}
		}
	}
}
