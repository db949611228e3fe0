package wasserstein_test

import (
	"context"
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

func ExampleTransport() {
	// Two bakeries, three shops; cost is the distance.
	cost := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{
		1, 2, 5,
		4, 3, 1,
	}))
	plan, err := wasserstein.Transport(context.Background(), cost, []float64{6, 4}, []float64{3, 4, 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("cost %.1f\n", plan.Cost)
	for _, f := range plan.Flows {
		fmt.Printf("%.0f %% from %d to %d\n", 100*f.Mass, f.From, f.To)
	}
	// Output:
	// cost 1.5
	// 30 % from 0 to 0
	// 30 % from 0 to 1
	// 10 % from 1 to 1
	// 30 % from 1 to 2
}

func ExampleSinkhorn() {
	cost := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking([]float64{0, 1, 1, 0}))
	for _, reg := range []float64{1, 0.1} {
		r, err := wasserstein.Sinkhorn(context.Background(), cost, nil, nil, &wasserstein.SinkhornOptions{Reg: reg})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("entropy %.1f: cost %.4f\n", reg, r.Cost)
	}
	// Output:
	// entropy 1.0: cost 0.2689
	// entropy 0.1: cost 0.0000
}

func ExampleOneDim() {
	d, err := wasserstein.OneDim([]float64{0, 1, 3}, []float64{5, 6, 8}, nil, nil, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d)
	// Output: 5
}
