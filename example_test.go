package tendril_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// The quick start of the README: images in, an adapted network out.
func Example() {
	dir, err := os.MkdirTemp("", "tendril")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := adapt(context.Background(), "examples/internal/fashion/data", filepath.Join(dir, "adapted.model")); err != nil {
		fmt.Println(err)
	}
	// Output: 20 proposals, 10 classes
}

func adapt(ctx context.Context, path, out string) error {
	images, err := dataset.Open(ctx, path, &dataset.Options{Part: dataset.Test}) // the smaller part, to be quick
	if err != nil {
		return err
	}
	val, train, err := dataset.Split(images, 0.1, 1)
	if err != nil {
		return err
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: images.Size(), Classes: len(images.Classes())})
	if err != nil {
		return err
	}
	net, err := supernet.New(space, nil) // every sub-network at once
	if err != nil {
		return err
	}
	if _, err := net.Train(ctx, train, &supernet.TrainOptions{Epochs: 1, BatchSize: 64}); err != nil {
		return err
	}
	judge, err := net.On(val, &supernet.EvalOptions{Calibration: train, CalibrationImages: 100})
	if err != nil {
		return err
	}
	policy, err := adjuster.New(space, &adjuster.Options{Iterations: 20})
	if err != nil {
		return err
	}
	result, err := policy.Adjust(ctx, space.Smallest(), 1.0, judge, nil) // from α_{t−1}, at distance d_t
	if err != nil {
		return err
	}
	model, err := net.Extract(ctx, result.Arch, train)
	if err != nil {
		return err
	}
	fmt.Println(len(result.History), "proposals,", model.Classes(), "classes")
	return model.Save(ctx, out)
}

// A search under a limit: the most accurate sub-network of a supernet that needs at most so many
// multiply-adds.
func Example_limit() {
	ctx := context.Background()
	images, err := dataset.Open(ctx, "examples/internal/fashion/data", &dataset.Options{Part: dataset.Test})
	if err != nil {
		fmt.Println(err)
		return
	}
	val, train, err := dataset.Split(images, 0.1, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: images.Size(), Classes: len(images.Classes())})
	if err != nil {
		fmt.Println(err)
		return
	}
	net, err := supernet.New(space, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := net.Train(ctx, train, &supernet.TrainOptions{Epochs: 1, BatchSize: 64}); err != nil {
		fmt.Println(err)
		return
	}
	judge, err := net.On(val, &supernet.EvalOptions{Calibration: train, CalibrationImages: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	best, err := within(ctx, space, judge, 1.5e6)
	if err != nil {
		fmt.Println(err)
		return
	}
	cost, err := space.Cost(best[0].Genome)
	fmt.Println(len(best), "architectures, the first with at most 1.5 million multiply-adds:", cost.MAdds <= 1.5e6, err)
	// Output: 3 architectures, the first with at most 1.5 million multiply-adds: true <nil>
}

func within(ctx context.Context, space *searchspace.Space, judge evolution.Evaluator, madds float64) ([]evolution.Outcome[searchspace.Arch], error) {
	limited, err := space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Max: madds})
	if err != nil {
		return nil, err // says which multiply-adds there are
	}
	strategy, err := evolution.NewTournament(evolution.Architectures{Space: limited},
		&evolution.TournamentOptions[searchspace.Arch]{Population: 12, Sample: 4})
	if err != nil {
		return nil, err
	}
	search, err := evolution.NewSearch(limited, strategy, judge, []evolution.Objective{evolution.ErrorRate()},
		&evolution.SearchOptions{Evaluations: 30, Workers: 2, Window: 4})
	if err != nil {
		return nil, err
	}
	_, err = search.Run(ctx)
	return search.Best(3), err
}
