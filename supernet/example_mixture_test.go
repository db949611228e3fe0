package supernet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// evenRows gives every choice that is there the same share, and looks at what the validation images
// say about them. A search would follow the gradient; see package pruning.
type evenRows struct {
	m     *supernet.Mixture
	asked int
}

func (e *evenRows) Identity() string               { return "even" }
func (e *evenRows) MarshalBinary() ([]byte, error) { return nil, nil }
func (e *evenRows) UnmarshalBinary([]byte) error   { return nil }

func (e *evenRows) Rows(ctx context.Context, step int) (searchspace.Relaxed, error) {
	space := e.m.Space()
	rows := space.Zeros()
	for d, decision := range space.Decisions() {
		for _, c := range decision.Allowed {
			rows[d][c] = 1 / float64(len(decision.Allowed))
		}
	}
	if step%2 == 0 {
		return rows, nil
	}
	e.asked++
	_, _, err := e.m.Gradient(ctx, rows, []int{0, 1, 2, 3})
	return rows, err
}

// Weights of a mixture and its rows learn in turn. With fewer choices, steps cost less time and
// memory.
func ExampleNet_Mixture() {
	ctx := context.Background()
	space := small()
	net, err := supernet.New(space, &supernet.Options{Sharing: supernet.SinglePath, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	m, err := net.Mixture(bars(32, 1), bars(8, 2), &supernet.MixtureOptions{
		Train: supernet.TrainOptions{BatchSize: 16, LR: 0.05}})
	if err != nil {
		log.Fatal(err)
	}
	fewer, err := space.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Values: []int{3}})
	if err != nil {
		log.Fatal(err)
	}
	var before int64
	for _, present := range []*searchspace.Space{space, fewer} {
		if err := m.Narrow(ctx, present, nil); err != nil { // all classes
			log.Fatal(err)
		}
		source := &evenRows{m: m}
		losses, err := m.Train(ctx, 1, "", source)
		if err != nil {
			log.Fatal(err)
		}
		rows, err := source.Rows(ctx, 0)
		if err != nil {
			log.Fatal(err)
		}
		bytes, err := m.StepBytes(rows, 8)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(losses), "epoch, gradients:", source.asked, "less memory:", bytes < before)
		before = bytes
	}
	// Output:
	// 1 epoch, gradients: 1 less memory: false
	// 1 epoch, gradients: 1 less memory: true
}
