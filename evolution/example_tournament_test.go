package evolution_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/searchspace"
)

// The best architecture of at most a million multiply-adds. A supernet bound to data, net.On(val),
// goes in the place of the table.
func ExampleNewTournament() {
	space, err := searchspace.MobileNetV3(
		searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	limited, err := space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Max: 1e6})
	if err != nil {
		fmt.Println(err) // ErrInfeasible, and what the space has, where that is too little
		return
	}
	s, err := evolution.NewTournament(evolution.Architectures{Space: limited},
		&evolution.TournamentOptions[searchspace.Arch]{Population: 20, Sample: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := evolution.NewSearch(limited, s, table{space}, []evolution.Objective{evolution.ErrorRate()},
		&evolution.SearchOptions{Evaluations: 100, Workers: 2, Window: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := x.Run(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	best := x.Best(1)[0]
	cost, err := space.Cost(best.Genome)
	fmt.Printf("error %.2f, within the limit: %v, %v\n", best.Objectives[0], cost.MAdds <= 1e6, err)
	// Output: error 0.50, within the limit: true, <nil>
}

// likes stands for training on a task: accuracy falls with the distance from what the task likes.
type likes struct {
	space *searchspace.Space
	best  searchspace.Arch
}

func (l likes) Evaluate(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	d := 0.0
	for i := range a.Len() {
		d += math.Abs(float64(a.At(i) - l.best.At(i)))
	}
	return searchspace.Measurement{Arch: a, Accuracy: 0.9 - d/100, Samples: 10000}, nil
}

// search is EAT-NAS on one task: the score weighs accuracy against multiply-adds, the quality of
// the population says when to stop.
func search(space *searchspace.Space, task likes, initial []searchspace.Arch) (
	*evolution.Tournament[searchspace.Arch], *evolution.Search[searchspace.Arch], error) {
	score, err := evolution.Score(space, nil)
	if err != nil {
		return nil, nil, err
	}
	s, err := evolution.NewTournament(evolution.Architectures{Space: space},
		&evolution.TournamentOptions[searchspace.Arch]{Initial: initial, Quality: &evolution.QualityOptions{}})
	if err != nil {
		return nil, nil, err
	}
	x, err := evolution.NewSearch(space, s, task, []evolution.Objective{score, evolution.ErrorRate()},
		&evolution.SearchOptions{Evaluations: 1000, Workers: 2, Window: 4})
	if err != nil {
		return nil, nil, err
	}
	_, err = x.Run(context.Background())
	return s, x, err
}

// Elastic architecture transfer: what a search finds on a small task is the basic architecture of
// the first population on a large one, whose limits are others.
func ExampleOffspring() {
	small, err := searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, StemChannels: 8, StemStride: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	large, err := searchspace.EATNAS(
		searchspace.EATNASOptions{StemChannels: 8, StemStride: 1, InputSize: 32, Classes: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := rand.New(rand.NewPCG(1, 1))
	liked, err := large.Sample(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, first, err := search(small, likes{small, liked}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	basic := first.Best(1)[0].Genome
	initial, err := evolution.Offspring(large, basic, 64, searchspace.MutateOptions{}, r)
	if err != nil {
		fmt.Println(err)
		return
	}
	transferred, _, err := search(large, likes{large, liked}, initial)
	if err != nil {
		fmt.Println(err)
		return
	}
	scratch, _, err := search(large, likes{large, liked}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("quality of the first population: %.2f from scratch, %.2f transferred\n",
		scratch.Qualities()[0], transferred.Qualities()[0])
	_, quality := transferred.BestPopulation()
	fmt.Printf("in the end %.2f after %d cycles, converged: %v\n", quality, len(transferred.Qualities()),
		transferred.Converged())
	// Output:
	// quality of the first population: 0.59 from scratch, 0.92 transferred
	// in the end 0.95 after 93 cycles, converged: true
}
