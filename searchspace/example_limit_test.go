package searchspace_test

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/searchspace"
)

// A limit is a property of the space: whatever searches it stays within.
func ExampleSpace_Limit() {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	if err != nil {
		panic(err)
	}
	limited, err := space.Limit(
		searchspace.CostLimit{Of: searchspace.CostMAdds, Max: 150e6},
		searchspace.CostLimit{Of: searchspace.CostWeightBytes, Max: 16e6})
	if err != nil {
		panic(err)
	}
	arch, err := limited.Sample(rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		panic(err)
	}
	cost, err := limited.Cost(arch)
	if err != nil {
		panic(err)
	}
	fmt.Println(cost.MAdds <= 150e6, 4*cost.Params <= 16e6)

	_, err = space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Max: 100e6})
	fmt.Println(errors.Is(err, searchspace.ErrInfeasible))
	fmt.Println(err)
	// Output:
	// true true
	// true
	// searchspace: madds of mobilenetv3 reaches from 1.21279e+08 to 5.66171e+08, expected madds at most 1e+08: no valid architecture found
}
