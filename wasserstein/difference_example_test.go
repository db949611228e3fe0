package wasserstein_test

import (
	"errors"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/wasserstein"
	"gorgonia.org/tensor"
)

// embeddings stands for the features of n images under a model: two numbers each.
func embeddings(r *rand.Rand, n int, mean float64) *tensor.Dense {
	rows := make([]float64, 2*n)
	for i := range rows {
		rows[i] = mean + r.NormFloat64()
	}
	return tensor.New(tensor.WithShape(n, 2), tensor.WithBacking(rows))
}

// A relative distance does not mind how large a model's features are.
func ExampleRelative() {
	for _, scale := range []float64{1, 100} {
		reference, err := wasserstein.NewMoments(1, "v1")
		if err != nil {
			log.Fatal(err)
		}
		if err := reference.AddFloat64([]float64{0, 2 * scale}); err != nil {
			log.Fatal(err)
		}
		now := reference.Clone()
		if err := now.AddFloat64([]float64{2 * scale, 4 * scale}); err != nil {
			log.Fatal(err)
		}
		squared, err := wasserstein.Squared(now, reference)
		if err != nil {
			log.Fatal(err)
		}
		relative, err := wasserstein.Relative(now, reference)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("squared %.4f, relative %.4f\n", squared, relative)
	}
	// Output:
	// squared 1.1716, relative 1.1716
	// squared 11715.7288, relative 1.1716
}

// Forty images, and forty more: alike at first, then others. To the plain distance even the first
// forty seem different.
func ExampleDistance_Between() {
	distance := wasserstein.Distance{Relative: true, Unbiased: true}
	r := rand.New(rand.NewPCG(1, 2))
	old := embeddings(r, 40, 0)
	for _, mean := range []float64{0, 2} {
		added := embeddings(r, 40, mean)
		reference, err := wasserstein.NewMoments(2, "weights-7")
		if err != nil {
			log.Fatal(err)
		}
		if err := reference.Add(old); err != nil {
			log.Fatal(err)
		}
		now := reference.Clone()
		if err := now.Add(added); err != nil {
			log.Fatal(err)
		}
		// All images of D_t pass once more, in any batches.
		relabelled, err := wasserstein.NewRelabellings(reference, now.Count(), nil)
		if err != nil {
			log.Fatal(err)
		}
		for _, batch := range []*tensor.Dense{old, added} {
			if err := relabelled.Add(batch); err != nil {
				log.Fatal(err)
			}
		}
		d, err := distance.Between(now, reference, relabelled)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("d = %.3f: %.3f less %.3f by chance\n", d.Value, d.Raw, d.Bias)
	}
	// Output:
	// d = 0.002: 0.028 less 0.026 by chance
	// d = 1.371: 1.395 less 0.024 by chance
}

// The unit of a distance is that of two halves of the first data's classes.
func ExampleCalibration() {
	distance := wasserstein.Distance{Relative: true, Unbiased: true}
	images := []int{30, 30, 30, 30} // of each class
	calibration, err := distance.Calibrate(2, "weights-7", images, nil)
	if errors.Is(err, wasserstein.ErrNoUnit) {
		return // few classes: the distance stays without a unit
	}
	if err != nil {
		log.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 3))
	for label, n := range images {
		labels := make([]int, n)
		for i := range labels {
			labels[i] = label
		}
		// Model.Embed of package supernet calls a function like Add with each batch.
		if err := calibration.Add(embeddings(r, n, float64(label)), labels); err != nil {
			log.Fatal(err)
		}
	}
	if distance.Unit, err = calibration.Unit(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+.3v\n", distance)
	// Output: {Relative:true Unbiased:true Unit:0.492}
}
