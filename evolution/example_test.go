package evolution_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/searchspace"
)

// A function of real vectors with two objectives: closeness to 0 and to 2.
func ExampleMinimize() {
	genes := evolution.Vectors{Low: []float64{-10, -10}, High: []float64{10, 10}}
	s, err := evolution.NewNSGA2(genes, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	front, err := evolution.Minimize(context.Background(), s,
		func(_ context.Context, x []float64) (evolution.Point, error) {
			sq := func(v float64) float64 { return v * v }
			return evolution.Point{Objectives: []float64{sq(x[0]) + sq(x[1]), sq(x[0]-2) + sq(x[1])}}, nil
		}, &evolution.MinimizeOptions{Evaluations: 5000})
	if err != nil {
		fmt.Println(err)
		return
	}
	points := make([][]float64, len(front))
	for i, o := range front {
		points[i] = o.Objectives
	}
	volume, err := evolution.Hypervolume(points, []float64{4, 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d points, hypervolume %.1f of 13.3\n", len(front), volume)
	// Output: 100 points, hypervolume 13.3 of 13.3
}

// table stands for a supernet bound to validation data: it makes up accuracies.
type table struct{ space *searchspace.Space }

func (t table) Evaluate(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	c, err := t.space.Cost(a)
	return searchspace.Measurement{Arch: a, Accuracy: 1 - 1/(1+float64(c.MAdds)/1e6), Samples: 1000}, err
}

// The trade-off between accuracy and multiply-adds in a space of architectures, two evaluations at
// a time.
func ExampleNewSearch() {
	space, err := searchspace.MobileNetV3(
		searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := evolution.NewNSGA2(evolution.Architectures{Space: space},
		&evolution.NSGA2Options[searchspace.Arch]{
			BreedOptions: evolution.BreedOptions[searchspace.Arch]{Population: 20, Mutants: true, Seed: 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "search")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	x, err := evolution.NewSearch(space, s, table{space},
		[]evolution.Objective{evolution.ErrorRate(), evolution.MAdds(space)},
		&evolution.SearchOptions{Evaluations: 100, Workers: 2, Checkpoint: filepath.Join(dir, "search.ckpt")})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := x.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status, len(x.History()), "evaluated,", len(x.Front()), "on the front")
	// Output: finished 100 evaluated, 20 on the front
}
