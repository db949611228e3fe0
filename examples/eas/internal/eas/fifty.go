package eas

import (
	"context"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/generator"
)

const fiftyPhase = "eas-fifty"

// fifty is the time of processors, seconds, that the generator's most probable answers to fifty
// scenarios take, superclasses in turn, at budgets from the whole range: the pass, draws and the
// check of costs. It is that of the fastest of several rounds, which other programs disturb least;
// 0 where there are no such answers or the system does not tell.
func (e *engine) fifty(ctx context.Context) (float64, error) {
	const scenarios, rounds, times = 50, 10, 10
	if !slices.Contains(e.cfg.Methods, EASOne) {
		return 0, nil
	}
	return run.Once(e.job, fiftyPhase, func() (float64, error) {
		g, err := e.generator(ctx, EAS)
		if err != nil {
			return 0, err
		}
		var list []generator.Scenario
		for i := range scenarios {
			part := (float64(i) + 0.5) / scenarios
			list = append(list, e.asked(scenario{i % len(e.superclasses), e.low + part*(e.high-e.low)}))
		}
		least := math.Inf(1)
		for range rounds {
			seconds, err := run.CPUSeconds("", func() error {
				for range times {
					if _, err := g.Generate(ctx, list, &generator.GenerateOptions{Use: leastUse}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return 0, err
			}
			least = min(least, seconds/times)
		}
		return least, nil
	})
}
