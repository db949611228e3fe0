package supernet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// Three networks learn one after the other, each from what those before it left in one store. A
// search of package evolution does the same with the architectures that it proposes.
func ExampleSuccession() {
	ctx := context.Background()
	space := small()
	heirs, err := supernet.NewSuccession(space, bars(64, 1), bars(100, 2), &supernet.SuccessionOptions{
		Train: &supernet.TrainOptions{BatchSize: 8, LR: 0.05}, Images: 32, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range []searchspace.Arch{space.Smallest(), space.Largest(), space.Smallest()} {
		m, err := heirs.Evaluate(ctx, a)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d images, after %d models\n", m.Samples, m.WeightVersion)
	}
	// Output:
	// 100 images, after 0 models
	// 100 images, after 1 models
	// 100 images, after 2 models
}
