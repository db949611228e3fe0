package data

import (
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// PerClass draws n images of every class of ds with the seed, all of a class that has fewer, in the
// order of ds; n ≤ 0 returns ds itself.
func PerClass(ds dataset.Dataset, n int, seed uint64) (dataset.Dataset, error) {
	if n <= 0 {
		return ds, nil
	}
	return dataset.Subset(ds, perClass(ds, n, seed))
}

// SplitPerClass is what PerClass draws, and the rest.
func SplitPerClass(ds dataset.Dataset, n int, seed uint64) (drawn, rest dataset.Dataset, err error) {
	chosen := perClass(ds, n, seed)
	if drawn, err = dataset.Subset(ds, chosen); err != nil {
		return nil, nil, err
	}
	var others []int
	for i := range ds.Len() {
		if _, found := slices.BinarySearch(chosen, i); !found {
			others = append(others, i)
		}
	}
	rest, err = dataset.Subset(ds, others)
	return drawn, rest, err
}

// perClass draws n images of every class, and gives their places in ascending order.
func perClass(ds dataset.Dataset, n int, seed uint64) []int {
	order := make([]int, ds.Len())
	for i := range order {
		order[i] = i
	}
	stream.New(seed, "data.PerClass").Shuffle(len(order), func(i, k int) {
		order[i], order[k] = order[k], order[i]
	})
	var chosen []int
	taken := make([]int, len(ds.Classes()))
	for _, i := range order {
		if c := ds.Label(i); taken[c] < n {
			taken[c]++
			chosen = append(chosen, i)
		}
	}
	slices.Sort(chosen)
	return chosen
}
