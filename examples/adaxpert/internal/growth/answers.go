package growth

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// tested are the answers of the model that serves after the snapshot under way to its test images.
func (e *engine) tested(ctx context.Context) (contest.Answers, error) {
	return run.Once(e.job, e.phase(kindTest), func() (contest.Answers, error) {
		s, err := e.service(e.t + 1)
		if err != nil {
			return contest.Answers{}, err
		}
		test, err := e.scenario.Test(e.t)
		if err != nil {
			return contest.Answers{}, err
		}
		return contest.Of(ctx, s.model, test)
	})
}
