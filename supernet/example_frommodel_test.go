package supernet_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/tendril-nas/tendril/supernet"
)

// A supernet starts from a network that is trained already, knows what it knows in networks of that
// size and above, and learns with it as teacher what the smaller ones need.
func ExampleNet_Inherit() {
	ctx, space, images := context.Background(), small(), bars(40, 1)
	trained, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Classes: images.Classes()})
	if err != nil {
		log.Fatal(err)
	}
	training := &supernet.TrainOptions{Epochs: 2, BatchSize: 20, LR: 0.05}
	if _, err := trained.Train(ctx, images, training); err != nil {
		log.Fatal(err)
	}
	net, err := supernet.New(space, &supernet.Options{Classes: images.Classes()})
	if err != nil {
		log.Fatal(err)
	}
	report, err := net.Inherit(ctx, trained, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
	shared := &supernet.EvalOptions{Statistics: supernet.Running}
	judge, err := net.On(images, shared)
	if err != nil {
		log.Fatal(err)
	}
	want, err := trained.Evaluate(ctx, images, shared)
	if err != nil {
		log.Fatal(err)
	}
	got, err := judge.Evaluate(ctx, space.Largest())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the largest network has the same loss:", math.Abs(got.Loss-want.Loss) < 1e-4)
	res, err := net.Train(ctx, images, &supernet.TrainOptions{Epochs: 1, BatchSize: 20, LR: 0.01,
		Teacher: &supernet.Teacher{Model: trained, Temperature: 2}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status, "after", res.Steps, "steps")
	// Output:
	// from 1,1,1,1,1:3,3,3,3,3,3,3,3,3,3:3,3,3,3,3,3,3,3,3,3, 2 classes: 0.34 M MAdds, 0.11 M parameters
	// up to 2,2,2,2,2:7,7,7,7,7,7,7,7,7,7:6,6,6,6,6,6,6,6,6,6, 2 classes: 1.26 M MAdds, 0.31 M parameters
	// sites: 15 kept, 31 grown, 36 started; the model's architecture and the largest one have its function
	// the largest network has the same loss: true
	// finished after 2 steps
}
