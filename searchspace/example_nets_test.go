package searchspace_test

import (
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// A space around a published network: its largest architecture is the network itself.
func ExampleResNet() {
	space, err := searchspace.ResNet(searchspace.NetOptions{Width: 1, Layers: []int{3, 3, 3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, arch := range []searchspace.Arch{space.Smallest(), space.Largest()} {
		cost, err := space.Cost(arch)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %.1f M multiply-adds, %.2f M parameters\n", space.Format(arch),
			float64(cost.MAdds)/1e6, float64(cost.Params)/1e6)
	}
	// Output:
	// 2,2,2:8,16,32: 6.8 M multiply-adds, 0.04 M parameters
	// 3,3,3:16,32,64: 40.8 M multiply-adds, 0.27 M parameters
}
