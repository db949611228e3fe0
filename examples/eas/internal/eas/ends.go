package eas

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// Ends are the test accuracies of the cheapest and the dearest network, with the weights of the
// supernet, as means over superclasses of equal weight: between them the others lie.
type Ends struct {
	Cheapest float64 `json:"cheapest"`
	Dearest  float64 `json:"dearest"`
}

const endsPhase = "ends"

// ends tests both networks. Nothing is chosen by it.
func (e *engine) ends(ctx context.Context) (Ends, error) {
	return run.Once(e.job, endsPhase, func() (out Ends, err error) {
		cheapest, dearest, err := e.space.CostExtremes(e.cost)
		if err != nil {
			return out, err
		}
		for _, end := range []struct {
			arch     searchspace.Arch
			accuracy *float64
		}{{cheapest, &out.Cheapest}, {dearest, &out.Dearest}} {
			t, err := e.test.each(ctx, end.arch)
			if err != nil {
				return out, err
			}
			*end.accuracy = mean(t)
		}
		return out, nil
	})
}
