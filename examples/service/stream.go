package main

import "github.com/tendril-nas/tendril/supernet/dataset"

// batches cuts a training set into what arrives one after the other: the first classes, then half
// of their remaining images, then two more classes at a time.
func batches(train dataset.Dataset, perClass int) ([]dataset.Dataset, error) {
	byLabel := make([][]int, len(train.Classes()))
	for i := range train.Len() {
		l := train.Label(i)
		byLabel[l] = append(byLabel[l], i)
	}
	pick := func(from, to, lo, hi int) (dataset.Dataset, error) {
		var index []int
		for _, list := range byLabel[from:to] {
			index = append(index, list[min(lo, len(list)):min(hi, len(list))]...)
		}
		return dataset.Subset(train, index)
	}
	start := min(4, len(byLabel))
	var out []dataset.Dataset
	for _, step := range [][4]int{
		{0, start, 0, perClass},                // the first data
		{0, start, perClass, 3 * perClass / 2}, // more of the same
		{start, min(start+2, len(byLabel)), 0, perClass},
		{start + 2, len(byLabel), 0, perClass},
	} {
		if step[0] >= step[1] {
			continue
		}
		ds, err := pick(step[0], step[1], step[2], step[3])
		if err != nil {
			return nil, err
		}
		out = append(out, ds)
	}
	return out, nil
}
