package searchspace_test

import (
	"context"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// A search has learnt probabilities that favour large kernels and ratios. The network that is taken
// in the end has the wanted cost, and is the most probable one of those that have.
func ExampleSpace_MostProbable() {
	space, err := searchspace.DANAS(searchspace.DANASOptions{InputSize: 32, StemStride: 1, Classes: 100,
		Width: 0.25, Layers: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := space.Zeros()
	for layer := range rows {
		var sum float64
		for c := range rows[layer] {
			rows[layer][c] = math.Exp(0.3 * float64(c) * float64(layer%3))
			sum += rows[layer][c]
		}
		for c := range rows[layer] {
			rows[layer][c] /= sum
		}
	}
	const target = 1.5e6
	for _, limits := range [][]searchspace.CostLimit{nil,
		{{Of: searchspace.CostMAdds, Min: 0.95 * target, Max: 1.05 * target}}} {
		arch, logP, err := space.MostProbable(context.Background(), rows, limits...)
		if err != nil {
			fmt.Println(err)
			return
		}
		cost, err := space.Cost(arch)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.2f M multiply-adds, log p %.2f\n", float64(cost.MAdds)/1e6, logP)
	}
	// Output:
	// 2.09 M multiply-adds, log p -14.15
	// 1.57 M multiply-adds, log p -15.95
}
