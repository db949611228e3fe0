package eatnas

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// headroomSeed draws the architectures of Headroom, whatever the seed of the configuration.
const headroomSeed = run.Seed(1)

// Headroom trains n random architectures of the configuration's last task as the best of a search
// are retrained, all with the same images, batches and initial weights where they agree in a layer.
// How they differ is what choosing an architecture can bring.
func Headroom(ctx context.Context, j *run.Job, cfg *Config, n int) ([]Trained, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	list := e.tasks()
	t := list[len(list)-1]
	seen := map[searchspace.Arch]bool{}
	var out []Trained
	for r := headroomSeed.Stream(t.purpose("headroom")); len(out) < n; {
		a, err := t.space.Sample(r)
		if err != nil {
			return nil, err
		}
		if seen[a] { // the space is larger than n by orders of magnitude
			continue
		}
		seen[a] = true
		_, one, err := e.retrain(ctx, t, len(out), a)
		if err != nil {
			return nil, err
		}
		out = append(out, *one)
	}
	return out, nil
}
