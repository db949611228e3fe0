package tendril_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// DA-NAS from images to an architecture: a small network says which classes are easy, and a
// supernet loses candidates while classes come in. Real runs have more of everything.
func Example_pruning() {
	ctx := context.Background()
	train, val, err := someFashion(ctx, 0.1)
	if err != nil {
		log.Fatal(err)
	}
	ranking, err := easyFirst(ctx, train)
	if err != nil {
		log.Fatal(err)
	}
	phases, err := pruning.Schedule{Ranking: ranking, Warmup: 1, Epochs: 1}.Phases()
	if err != nil {
		log.Fatal(err)
	}
	space, err := searchspace.DANAS(searchspace.DANASOptions{InputSize: train.Size(), Classes: 10,
		Width: 0.25, Layers: 1})
	if err != nil {
		log.Fatal(err)
	}
	net, err := supernet.New(space, &supernet.Options{Sharing: supernet.SinglePath})
	if err != nil {
		log.Fatal(err)
	}
	mixture, err := net.Mixture(train, val, &supernet.MixtureOptions{
		Train: supernet.TrainOptions{BatchSize: 32, LR: 0.1}})
	if err != nil {
		log.Fatal(err)
	}
	found, err := pruning.Search(ctx, space, mixture, &pruning.Options{Phases: phases, Target: 2e5,
		Temperature: 3})
	if err != nil {
		log.Fatal(err)
	}
	for i, p := range found.Phases {
		fmt.Printf("%s: %d classes, %d candidates a layer\n", p.Name, p.Classes, p.Candidates[0])
		if i == len(found.Phases)-1 {
			fmt.Println(len(found.Left[0]), "candidates are left")
		}
	}
	fmt.Println("within 5 % of the target:", math.Abs(found.Final.Cost/2e5-1) <= 0.05)
	// Output:
	// warm-up: 2 classes, 6 candidates a layer
	// step 1: 3 classes, 6 candidates a layer
	// step 2: 6 classes, 4 candidates a layer
	// step 3: 10 classes, 3 candidates a layer
	// 2 candidates are left
	// within 5 % of the target: true
}

// someFashion is a share of some images, for weights and for architectures.
func someFashion(ctx context.Context, share float64) (train, val dataset.Dataset, err error) {
	all, err := dataset.Open(ctx, "examples/internal/fashion/data", &dataset.Options{Part: dataset.Test})
	if err != nil {
		return nil, nil, err
	}
	some, err := dataset.Fraction(all, share, 1)
	if err != nil {
		return nil, nil, err
	}
	return dataset.Split(some, 0.7, 2)
}

// easyFirst ranks classes by a network of another family.
func easyFirst(ctx context.Context, train dataset.Dataset) ([]int, error) {
	space, err := searchspace.ShuffleNet(searchspace.NetOptions{Width: 0.5, StemStride: 2,
		InputSize: train.Size(), Classes: 10})
	if err != nil {
		return nil, err
	}
	m, err := supernet.NewModel(space, space.Smallest(), nil)
	if err != nil {
		return nil, err
	}
	if _, err := m.Train(ctx, train, &supernet.TrainOptions{Epochs: 1, BatchSize: 32, LR: 0.1}); err != nil {
		return nil, err
	}
	answers := pruning.NewAnswers("shufflenet", 10)
	err = m.Predict(ctx, train, nil, func(probabilities *tensor.Dense, labels []int) error {
		rows := probabilities.Data().([]float32)
		for i, label := range labels {
			if err := answers.Add(label, rows[10*i:][:10]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	easiness, err := pruning.MeasureEasiness(nil, answers)
	if err != nil {
		return nil, err
	}
	return easiness.Ranking(), nil
}

// A supernet that diverges under a search says so by the error and the status of the search.
func TestSearchDiverges(t *testing.T) {
	train, val, err := someFashion(t.Context(), 0.05)
	if err != nil {
		t.Fatal(err)
	}
	space, err := searchspace.DANAS(searchspace.DANASOptions{InputSize: train.Size(), Classes: 10,
		Width: 0.25, Layers: 1})
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.New(space, &supernet.Options{Sharing: supernet.SinglePath})
	if err != nil {
		t.Fatal(err)
	}
	mixture, err := net.Mixture(train, val, &supernet.MixtureOptions{
		Train: supernet.TrainOptions{BatchSize: 16, LR: 1e30}})
	if err != nil {
		t.Fatal(err)
	}
	phases, err := pruning.Schedule{Ranking: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, Order: pruning.AllClasses}.Phases()
	if err != nil {
		t.Fatal(err)
	}
	r, err := pruning.Search(t.Context(), space, mixture, &pruning.Options{Phases: phases, Form: pruning.NoCost})
	if !errors.Is(err, pruning.ErrNotFinite) || r.Status != searchspace.StatusDiverged {
		t.Errorf("status %v, error %v", r.Status, err)
	}
}
