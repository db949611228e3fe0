package supernet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/supernet"
)

// A step is a list of passes. Here the largest sub-network learns from labels, others from its
// answers, and for every image some superclasses leave the softmax.
func ExampleSampler() {
	train, space := bars(32, 1), small()
	net, err := supernet.New(space, nil)
	if err != nil {
		log.Fatal(err)
	}
	masks, err := supernet.SuperclassDropout([]int{0, 1}, 0.5, 1)
	if err != nil {
		log.Fatal(err)
	}
	pupil := &supernet.Teacher{Temperature: 2} // of the largest sub-network of the step
	sampler := supernet.NewSampler("largest and smallest", func(int) ([]supernet.Pass, error) {
		return []supernet.Pass{{Arch: space.Largest()}, {Arch: space.Smallest(), Weight: 0.5, Teacher: pupil}}, nil
	})
	res, err := net.Train(context.Background(), train, &supernet.TrainOptions{Epochs: 1, BatchSize: 16, LR: 0.05,
		DecayWeightsOnly: true, Masks: masks, Subnets: supernet.SubnetOptions{Sampler: sampler, StepsPerDraw: 1}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status, "after", res.Steps, "steps")
	// Output:
	// finished after 2 steps
}

// Weights and choices learn in turn: every step trains the weights at the present rows, and before
// every second one the rows follow their gradient.
func ExamplePass() {
	train, space := bars(32, 1), small()
	net, err := supernet.New(space, nil)
	if err != nil {
		log.Fatal(err)
	}
	relaxation, err := net.Relax(nil)
	if err != nil {
		log.Fatal(err)
	}
	loss, err := relaxation.On(train, nil)
	if err != nil {
		log.Fatal(err)
	}
	rows, err := space.Relax(space.Smallest())
	if err != nil {
		log.Fatal(err)
	}
	sampler := supernet.NewSampler("rows under way", func(int) ([]supernet.Pass, error) {
		return []supernet.Pass{{Relaxation: relaxation, Rows: rows}}, nil
	})
	updates := 0
	_, err = net.Train(context.Background(), train, &supernet.TrainOptions{Epochs: 2, BatchSize: 16, LR: 0.05,
		Subnets: supernet.SubnetOptions{Sampler: sampler, StepsPerDraw: 1},
		Before: func(ctx context.Context, step int) error {
			if step%2 == 1 {
				return nil
			}
			_, grad, err := loss.Gradient(ctx, rows, []int{0, 1, 2, 3, 4, 5, 6, 7})
			for d := range grad {
				for c := range grad[d] {
					rows[d][c] -= 0.01 * grad[d][c]
				}
			}
			updates++
			return err
		}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(updates, "updates of", len(rows), "rows")
	// Output:
	// 2 updates of 25 rows
}
