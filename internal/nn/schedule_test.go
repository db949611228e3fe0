package nn_test

import (
	"math"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
)

func TestSchedules(t *testing.T) {
	cosine := nn.Cosine{Base: 0.2, Min: 0.01, TMax: 10}
	steps := nn.StepDecay{Base: 1, Gamma: 0.5, Milestones: []int{3, 5, 5}}
	warm := nn.Warmup{Steps: 3, Then: cosine}
	for _, c := range []struct {
		name string
		s    nn.Schedule
		step int
		want float64
	}{
		{"constant", nn.Constant(0.3), 99, 0.3},
		{"cosine at the start", cosine, 0, 0.2},
		{"cosine before the start", cosine, -4, 0.2},
		{"cosine halfway", cosine, 5, 0.105},
		{"cosine at the end", cosine, 10, 0.01},
		{"cosine past the end", cosine, 99, 0.01},
		{"cosine without steps", nn.Cosine{Base: 1, Min: 0.5}, 0, 0.5},
		{"no milestone yet", steps, 2, 1},
		{"first milestone", steps, 3, 0.5},
		{"a milestone twice", steps, 5, 0.125},
		{"warm-up begins", warm, 0, 0.05},
		{"warm-up ends", warm, 2, 0.15},
		{"after warm-up", warm, 3, 0.2},
		{"warm-up halfway down", warm, 8, 0.105},
	} {
		if got := c.s.LR(c.step); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s: got %g, expected %g", c.name, got, c.want)
		}
	}
}
