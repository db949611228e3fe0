package supernet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// The best classifier on the features that a network has takes seconds; fine-tuning goes on from
// there, here with all but the classifier at a tenth of the rate and the stem as it is.
func ExampleModel_FitClassifier() {
	ctx, space, images := context.Background(), small(), bars(40, 1)
	model, err := supernet.NewModel(space, space.Smallest(), nil)
	if err != nil {
		log.Fatal(err)
	}
	options := &supernet.TrainOptions{Epochs: 6, BatchSize: 10, LR: 0.05}
	if _, err := model.Train(ctx, bars(40, 3), options); err != nil {
		log.Fatal(err)
	}
	fit, err := model.FitClassifier(ctx, images, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fit.Images, "images of", fit.Classes, "classes,", fit.HeldOut, "of them held out at first")
	_, err = model.Train(ctx, images, &supernet.TrainOptions{Epochs: 1, BatchSize: 20, LR: 0.01,
		FrozenStages: []int{0},
		Rate: func(n *searchspace.Node) float64 {
			if n.Op == searchspace.OpLinear {
				return 1
			}
			return 0.1
		}})
	if err != nil {
		log.Fatal(err)
	}
	m, err := model.Evaluate(ctx, bars(100, 2), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("better than chance:", fit.Accuracy > 0.5 && m.Accuracy > 0.5)
	// Output:
	// 40 images of 2 classes, 8 of them held out at first
	// better than chance: true
}

// What a morph adds learns at full rate, what it inherited at a smaller one.
func ExampleMorphReport_Rate() {
	ctx, space, images := context.Background(), small(), bars(40, 1)
	model, err := supernet.NewModel(space, space.Smallest(), nil)
	if err != nil {
		log.Fatal(err)
	}
	grown, report, err := model.Morph(ctx, space.Largest(), nil)
	if err != nil {
		log.Fatal(err)
	}
	rate, layers := report.Rate(0.1, 0.1), map[float64]int{}
	_, err = grown.Train(ctx, images, &supernet.TrainOptions{Epochs: 1, BatchSize: 20, LR: 0.05,
		Rate: func(n *searchspace.Node) float64 {
			layers[rate(n)]++
			return rate(n)
		}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("layers by rate:", layers)
	// Output:
	// layers by rate: map[0.1:35 1:47]
}
