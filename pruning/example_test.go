package pruning_test

import (
	"fmt"

	"github.com/tendril-nas/tendril/pruning"
)

// Which classes are easy, by the answers of two classifiers.
func ExampleMeasureEasiness() {
	cat, car, owl := 0, 1, 2
	var models []*pruning.Answers
	for _, shift := range []float32{0, 0.05} {
		a := pruning.NewAnswers("model", 3)
		for _, image := range []struct {
			label int
			p     []float32
		}{
			{cat, []float32{0.6 - shift, 0.1, 0.3 + shift}}, {cat, []float32{0.7 - shift, 0.1 + shift, 0.2}},
			{car, []float32{0.02, 0.95, 0.03}}, {car, []float32{shift, 1 - shift, 0}},
			{owl, []float32{0.4 + shift, 0.2, 0.4 - shift}}, {owl, []float32{0.3, 0.3, 0.4}},
		} {
			if err := a.Add(image.label, image.p); err != nil {
				fmt.Println(err)
				return
			}
		}
		models = append(models, a)
	}
	easiness, err := pruning.MeasureEasiness(nil, models...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range easiness.Ranking() {
		fmt.Printf("class %d: entropy %.2f, accuracy %.2f\n", c, easiness.Classes[c].Mean,
			easiness.Classes[c].Accuracy)
	}
	// Output:
	// class 1: entropy 0.17, accuracy 1.00
	// class 0: entropy 0.88, accuracy 1.00
	// class 2: entropy 1.07, accuracy 0.50
}

// The published schedule for 100 classes, and what it leaves of the work.
func ExampleSchedule() {
	ranking := make([]int, 100) // easiest first
	for i := range ranking {
		ranking[i] = i
	}
	phases, err := pruning.Schedule{Ranking: ranking}.Phases()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range phases {
		fmt.Printf("%s: %d epochs of %d classes\n", p.Name, p.Epochs, len(p.Classes))
	}
	fmt.Printf("work %.2f\n", pruning.RelativeWork(phases, 100, 6, 0))
	// Output:
	// warm-up: 10 epochs of 10 classes
	// step 1: 20 epochs of 30 classes
	// step 2: 20 epochs of 60 classes
	// step 3: 20 epochs of 100 classes
	// work 0.36
}
