package supernet_test

import (
	"context"
	"fmt"
	"log"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// small is a space whose networks run in no time.
func small() *searchspace.Space {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: 0.25, InputSize: 16, StemStride: 1, Classes: 2, Depths: []int{1, 2}, Dropout: -1})
	if err != nil {
		log.Fatal(err)
	}
	return space
}

// Two sub-networks race over blocks of images: the differences on the same blocks vary less than
// the accuracies themselves. What was gathered for a sub-network serves all its blocks.
func ExampleJudge_EvaluateRange() {
	ctx := context.Background()
	space := small()
	net, err := supernet.New(space, nil)
	if err != nil {
		log.Fatal(err)
	}
	judge, err := net.On(bars(100, 2), &supernet.EvalOptions{Calibration: bars(50, 1)})
	if err != nil {
		log.Fatal(err)
	}
	const block = 20
	correct := map[searchspace.Arch]int{}
	var differences []float64
	for from := 0; from < judge.Len(); from += block {
		var accuracy []float64
		for _, a := range []searchspace.Arch{space.Smallest(), space.Largest()} {
			m, err := judge.EvaluateRange(ctx, a, from, from+block)
			if err != nil {
				log.Fatal(err)
			}
			accuracy = append(accuracy, m.Accuracy)
			correct[a] += m.Correct
		}
		differences = append(differences, accuracy[1]-accuracy[0])
	}
	whole, err := judge.Evaluate(ctx, space.Largest())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("paired differences:", len(differences))
	fmt.Println("blocks add up to the whole:", correct[space.Largest()] == whole.Correct)
	// Output:
	// paired differences: 5
	// blocks add up to the whole: true
}

// The probabilities of a data set come batch by batch.
func ExampleModel_Predict() {
	space := small()
	model, err := supernet.NewModel(space, space.Smallest(), nil)
	if err != nil {
		log.Fatal(err)
	}
	images, sums := 0, 0.0
	err = model.Predict(context.Background(), bars(30, 1), nil, func(probs *tensor.Dense, labels []int) error {
		images += len(labels)
		for _, p := range probs.Data().([]float32) {
			sums += float64(p)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d images, probabilities add up to %.3f\n", images, sums)
	// Output: 30 images, probabilities add up to 30.000
}

// A table of layer times predicts every network of a space.
func ExampleMeasureLatency() {
	ctx := context.Background()
	space := small()
	res, err := supernet.MeasureLatency(ctx, space, &supernet.LatencyOptions{Rounds: 1, Views: 1})
	if err != nil {
		log.Fatal(err)
	}
	seconds, err := res.Table.Cost(space, space.Largest())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("layers that are missing:", len(res.Missing))
	fmt.Println("the largest network takes time:", seconds > 0)
	// Output:
	// layers that are missing: 0
	// the largest network takes time: true
}

// Freezing stages makes a training step cheaper; TimeStep says by how much, and changes nothing.
func ExampleModel_TimeStep() {
	ctx := context.Background()
	space := small()
	model, err := supernet.NewModel(space, space.Smallest(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, frozen := range [][]int{nil, {0, 1, 2}} {
		step, err := model.TimeStep(ctx, &supernet.TimeOptions{BatchSize: 8, FrozenStages: frozen, Repetitions: 3})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(step.BatchSize, "images,", step.Repetitions, "runs, a median above 0:", step.Median > 0)
	}
	fmt.Println("weight version:", model.WeightVersion())
	// Output:
	// 8 images, 3 runs, a median above 0: true
	// 8 images, 3 runs, a median above 0: true
	// weight version: 0
}
