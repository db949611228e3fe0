package supernet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// Architectures are judged after an epoch of training. Each model begins with what those before it
// have learnt, so that the later ones are compared on more than an epoch.
func ExampleTrainEvaluator() {
	ctx, space := context.Background(), small()
	training := supernet.BriefTraining()
	training.BatchSize, training.LR = 10, 0.05
	evaluator, err := supernet.NewTrainEvaluator(space, bars(80, 1), bars(100, 2),
		&supernet.TrainEvaluatorOptions{Train: training})
	if err != nil {
		log.Fatal(err)
	}
	var first, last searchspace.Measurement
	for i, arch := range []searchspace.Arch{space.Smallest(), space.Largest(), space.Smallest(),
		space.Largest(), space.Smallest()} {
		if last, err = evaluator.Evaluate(ctx, arch); err != nil {
			log.Fatal(err)
		}
		if i == 0 {
			first = last
		}
	}
	fmt.Println("weights of versions", first.WeightVersion, "and", last.WeightVersion)
	fmt.Println("better with inherited weights:", last.Loss < first.Loss)
	// What a search asks together begins with the same weights, in whatever order it is trained.
	archs := []searchspace.Arch{space.Smallest(), space.Largest()}
	const step = 5
	if err := evaluator.BeginStep(step, archs); err != nil {
		log.Fatal(err)
	}
	for _, arch := range archs {
		m, err := evaluator.EvaluateStep(ctx, arch, step)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("weights of version", m.WeightVersion)
	}
	if err := evaluator.EndStep(ctx, step); err != nil {
		log.Fatal(err)
	}
	// Output:
	// weights of versions 0 and 4
	// better with inherited weights: true
	// weights of version 5
	// weights of version 5
}

// A model begins with the weights that others left, as far as it has the same layers.
func ExampleWeightStore() {
	ctx, space := context.Background(), small()
	teacher, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	_, err = teacher.Train(ctx, bars(80, 1), &supernet.TrainOptions{Epochs: 6, BatchSize: 10, LR: 0.05})
	if err != nil {
		log.Fatal(err)
	}
	store := supernet.NewWeightStore()
	if err := store.Write(ctx, teacher); err != nil {
		log.Fatal(err)
	}
	pupil, err := supernet.NewModel(space, space.Smallest(),
		&supernet.Options{Seed: 2, Classes: teacher.ClassNames()})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Read(ctx, pupil); err != nil {
		log.Fatal(err)
	}
	want, err := teacher.Evaluate(ctx, bars(100, 2), nil)
	if err != nil {
		log.Fatal(err)
	}
	got, err := pupil.Evaluate(ctx, bars(100, 2), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the same function:", got.Loss == want.Loss)
	// Output:
	// the same function: true
}
