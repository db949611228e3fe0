package zoo_test

import (
	"fmt"

	"github.com/tendril-nas/tendril/zoo"
)

// The published models that no other beats in accuracy and multiply-adds.
func ExampleFront() {
	front := zoo.Front(zoo.Published(), func(e *zoo.Entry) (float64, bool) { return float64(e.MAdds), e.MAdds > 0 })
	for _, e := range front[:3] {
		fmt.Printf("%s: %.1f %% at %d M multiply-adds\n", e.Name, 100*e.Accuracy, e.MAdds/1e6)
	}
	// Output:
	// ET-NAS-A: 62.1 % at 229 M multiply-adds
	// ET-NAS-B: 66.9 % at 390 M multiply-adds
	// ET-NAS-C: 71.3 % at 579 M multiply-adds
}
