package contest

import (
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/progress"
)

// Proposals shows the proposals of a search as progress. It is an adjuster.Recorder.
type Proposals struct {
	Out *progress.Printer
	// Title is that of the search under way. A new phase is opened when it changes.
	Title func() string

	title string
	phase *progress.Phase
	mean  float64
}

// Record shows a proposal.
func (r *Proposals) Record(p adjuster.Progress) error {
	if title := r.Title(); r.phase == nil || r.title != title {
		r.title, r.mean = title, p.Proposal.Reward
		r.phase = r.Out.Phase(title, p.Iterations)
	}
	r.mean += (p.Proposal.Reward - r.mean) / 20
	r.phase.Set(p.Iteration, fmt.Sprintf("reward %+.3f entropy %.1f", r.mean, p.Proposal.Entropy))
	return nil
}
