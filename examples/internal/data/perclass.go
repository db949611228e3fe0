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
	return dataset.Subset(ds, chosen)
}
