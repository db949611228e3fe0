package danas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// headroomSeed draws the architectures of Headroom, whatever the seed of the configuration.
const headroomSeed = run.Seed(1)

// headroomBand is how far their multiply-adds are from the target at most.
const headroomBand = 0.03

// Headroom trains n random architectures around the target as what a search finds is retrained, all
// with the same images, batches and initial weights where they agree in a layer. How they differ is
// what choosing an architecture can bring.
func Headroom(ctx context.Context, j *run.Job, cfg *Config, n int) ([]Trained, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	space, err := e.space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds,
		Min: 1e6 * cfg.Target * (1 - headroomBand), Max: 1e6 * cfg.Target * (1 + headroomBand)})
	if err != nil {
		return nil, err
	}
	seen := map[searchspace.Arch]bool{}
	var out []Trained
	r := headroomSeed.Stream("danas.headroom")
	for tries := 0; len(out) < n; tries++ {
		if tries == 100*n {
			return nil, fmt.Errorf("%d different architectures around %g M multiply-adds, expected %d",
				len(out),
				cfg.Target, n)
		}
		a, err := space.Sample(r)
		if err != nil {
			return nil, err
		}
		if seen[a] {
			continue
		}
		seen[a] = true
		name := fmt.Sprintf("headroom-%d", len(out)+1)
		_, one, err := e.retrain(ctx, name, fmt.Sprintf("headroom %d", len(out)+1), a)
		if err != nil {
			return nil, err
		}
		out = append(out, *one)
	}
	return out, nil
}
