package supernet_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// A learning rate that is too high costs time, but no weights: the model is as good as before, and
// trains with a lower rate.
func ExampleModel_Train_diverging() {
	ctx := context.Background()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: 0.25, InputSize: 16, StemStride: 1, Classes: 2, Depths: []int{1}, Dropout: -1})
	if err != nil {
		log.Fatal(err)
	}
	model, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	train, val := bars(128, 1), bars(64, 2)
	for _, rate := range []float64{0.05, 100, 0.01} {
		o := &supernet.TrainOptions{Epochs: 8, BatchSize: 16, LR: rate, Validation: val}
		res, err := model.Train(ctx, train, o)
		if err != nil && !errors.Is(err, supernet.ErrNotFinite) {
			log.Fatal(err)
		}
		m, err := model.Evaluate(ctx, val, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("rate %v: %v, at least 95%% right: %v\n", rate, res.Status, m.Accuracy >= 0.95)
	}
	// Output:
	// rate 0.05: finished, at least 95% right: true
	// rate 100: diverged, at least 95% right: true
	// rate 0.01: finished, at least 95% right: true
}
