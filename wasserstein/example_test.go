package wasserstein_test

import (
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/wasserstein"
	"gorgonia.org/tensor"
)

// Moments of old data are kept, the data are not; new data arrive in batches.
func Example() {
	features := func(rows ...float32) *tensor.Dense {
		return tensor.New(tensor.WithShape(len(rows)/2, 2), tensor.WithBacking(rows))
	}
	old, err := wasserstein.NewMoments(2, "weights-7")
	if err != nil {
		log.Fatal(err)
	}
	if err := old.Add(features(0, 0, 2, 0, 0, 2, 2, 2)); err != nil {
		log.Fatal(err)
	}
	now := old.Clone()
	for range 2 {
		if err := now.Add(features(4, 0, 6, 0, 4, 2, 6, 2)); err != nil {
			log.Fatal(err)
		}
	}
	d, err := wasserstein.Squared(old, now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d and %d vectors, distance² %.4f\n", old.Count(), now.Count(), d)
	// Output: 4 and 12 vectors, distance² 8.3979
}

func ExampleSquaredGaussian() {
	a := wasserstein.Gaussian{Mean: []float64{0, 1}, Cov: []float64{1, 0, 0, 4}}
	b := wasserstein.Gaussian{Mean: []float64{2, 1}, Cov: []float64{9, 0, 0, 0}} // singular
	d, err := wasserstein.SquaredGaussian(a, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d) // 2² + (1−3)² + (2−0)²
	// Output: 12
}

func ExampleJensenShannon() {
	a := wasserstein.Gaussian{Mean: []float64{0}, Cov: []float64{1}}
	b := wasserstein.Gaussian{Mean: []float64{3}, Cov: []float64{4}}
	js, err := wasserstein.JensenShannon(a, b)
	if err != nil {
		log.Fatal(err)
	}
	kl, err := wasserstein.KL(a, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("JS %.6f nats, KL %.6f nats\n", js, kl)
	// Output: JS 0.351190 nats, KL 1.443147 nats
}

func ExampleMoments_Merge() {
	// Two workers see different parts of the data.
	a, err := wasserstein.NewMoments(1, "v1")
	if err != nil {
		log.Fatal(err)
	}
	b, err := wasserstein.NewMoments(1, "v1")
	if err != nil {
		log.Fatal(err)
	}
	if err := a.AddFloat64([]float64{1, 2}); err != nil {
		log.Fatal(err)
	}
	if err := b.AddFloat64([]float64{3, 4, 5}); err != nil {
		log.Fatal(err)
	}
	if err := a.Merge(b); err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.Count(), a.Mean(), a.Covariance())
	// Output: 5 [3] [2]
}
