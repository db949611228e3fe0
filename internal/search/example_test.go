package search_test

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// Random search in the steady state: three evaluations in flight, the same history as with one.
func Example() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	largest, err := space.Cost(space.Largest())
	if err != nil {
		fmt.Println(err)
		return
	}
	// It stands for a supernet bound to validation data.
	evaluate := func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
		c, err := space.Cost(a)
		return searchspace.Measurement{Arch: a, Accuracy: float64(c.MAdds) / float64(largest.MAdds)}, err
	}
	loop, err := search.New(search.Strategy[struct{}](search.Uniform{Space: space, Seed: 1}), evaluate,
		search.Options{Steps: 20, Workers: 3, Window: 6})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := loop.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status, len(loop.History()), "records of", loop.Distinct(), "architectures")
	// Output: finished 20 records of 20 architectures
}
