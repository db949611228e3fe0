package main

import (
	"context"
	"testing"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// paint is what the classes of the tests look like, easy enough for a few steps of training.
var paint = map[string][3]uint8{"red": {220, 0, 0}, "green": {0, 220, 0}, "blue": {0, 0, 220},
	"white": {220, 220, 220}}

// colours is a set of so many images of each class.
func colours(t testing.TB, perClass int, shade uint8, classes ...string) dataset.Dataset {
	t.Helper()
	const size = 16
	var pixels []uint8
	var labels []int
	for i := range perClass {
		for l, name := range classes {
			for p := range size * size {
				for _, v := range paint[name] {
					pixels = append(pixels, v+shade/2+uint8((p*7+i*13)%30))
				}
			}
			labels = append(labels, l)
		}
	}
	ds, err := dataset.FromPixels(size, classes, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// tiny is a service that learns colours in about a second.
func tiny() Config {
	return Config{
		Space: searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, Depths: []int{1, 2},
			Kernels: []int{3}, Expands: []int{3, 4}},
		HeldOut:   0.25,
		Seed:      1,
		Supernet:  supernet.TrainOptions{Epochs: 2, BatchSize: 16},
		Sandwich:  1,
		Retrain:   supernet.TrainOptions{Epochs: 8, BatchSize: 16},
		Inherit:   fromServing,
		Distill:   0.5,
		Condition: adjuster.Condition{Epsilon: 5},
		Adjuster: adjuster.Options{Iterations: 6, Candidates: 2, CheckpointEvery: 2, Retries: -1,
			Objective: adjuster.Likelihood, Form: adjuster.PerDoubling,
			Race: &adjuster.Race{Block: 5, First: 1}},
		Trial:   0.125,
		Compare: true,
		Margin:  adjuster.Margin{Errors: -1, Tolerance: 1},
	}
}

func open(t testing.TB, dir string, cfg Config) *Service {
	t.Helper()
	s, err := Open(context.Background(), dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// receive has a service take in a batch.
func receive(t testing.TB, s *Service, batch dataset.Dataset) *adjuster.Outcome {
	t.Helper()
	o, err := s.Receive(context.Background(), batch, "")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// cost is the multiply-adds of a model.
func cost(t testing.TB, m *supernet.Model) int64 {
	t.Helper()
	c, err := m.Space().Cost(m.Arch())
	if err != nil {
		t.Fatal(err)
	}
	return c.MAdds
}
