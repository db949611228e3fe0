package supernet_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/tendril-nas/tendril/supernet"
)

// A network that serves grows, and a class with it. It knows what it knew until it is trained on; a
// plan says beforehand what would change, and at what cost.
func ExampleModel_Morph() {
	ctx, space, images := context.Background(), small(), bars(40, 1)
	serving, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Classes: images.Classes()})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := serving.Train(ctx, images, &supernet.TrainOptions{Epochs: 2, BatchSize: 20, LR: 0.05}); err != nil {
		log.Fatal(err)
	}
	to, err := space.Parse("1,2,1,1,1:5,0,3,3,3,0,3,0,3,0:3,0,6,3,3,0,3,0,3,0")
	if err != nil {
		log.Fatal(err)
	}
	options := &supernet.MorphOptions{Classes: append(images.Classes(), "crossed")}
	plan, err := serving.PlanMorph(to, options)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan)
	grown, _, err := serving.Morph(ctx, to, options)
	if err != nil {
		log.Fatal(err)
	}
	known := &supernet.EvalOptions{Classes: []int{0, 1}}
	before, err := serving.Evaluate(ctx, images, known)
	if err != nil {
		log.Fatal(err)
	}
	after, err := grown.Evaluate(ctx, images, known)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("same loss on the classes it knew:", math.Abs(before.Loss-after.Loss) < 1e-4)
	// Output:
	// from 1,1,1,1,1:3,3,3,3,3,3,3,3,3,3:3,3,3,3,3,3,3,3,3,3, 2 classes: 0.34 M MAdds, 0.11 M parameters
	// to   1,2,1,1,1:5,3,3,3,3,3,3,3,3,3:3,3,6,3,3,3,3,3,3,3, 3 classes: 0.42 M MAdds, 0.12 M parameters
	// layers: 37 kept, 9 grown, 8 started; the function stays
	// same loss on the classes it knew: true
}
