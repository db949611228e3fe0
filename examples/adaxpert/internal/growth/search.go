package growth

import (
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/progress"
)

// searchRecorder turns proposals into progress. It opens one phase per snapshot, at the first
// proposal.
type searchRecorder struct {
	e     *engine
	t     int
	phase *progress.Phase
	mean  float64
}

// Record implements adjuster.Recorder.
func (r *searchRecorder) Record(p adjuster.Progress) error {
	if r.phase == nil || r.t != r.e.t {
		r.t, r.mean = r.e.t, p.Proposal.Reward
		r.phase = r.e.job.Out.Phase(r.e.title(SecondsAdjuster, r.t), p.Iterations)
	}
	r.mean += (p.Proposal.Reward - r.mean) / 20
	r.phase.Set(p.Iteration, fmt.Sprintf("reward %+.3f entropy %.1f", r.mean, p.Proposal.Entropy))
	return nil
}
