package growth

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Rival is what keeping the first network gives, trained on at the same snapshots and for as many
// steps as the one in service.
type Rival struct {
	MAdds    int64   `json:"madds"`
	Accuracy float64 `json:"accuracy"` // a fraction of the same test images
	// Difference is the accuracy of the network in service less Accuracy; StandardError is that of
	// the paired comparison over the test images.
	Difference    float64 `json:"difference"`
	StandardError float64 `json:"standard_error"`
}

// rival is an engine beside e that keeps the first network; nil where there is to be none. The
// first snapshot is common to both.
func (e *engine) rival() (*engine, error) {
	if e.method != "" || !e.cfg.Against {
		return nil, nil
	}
	r, err := e.engine(Fixed)
	if err != nil {
		return nil, err
	}
	r.arm, r.networks = "against-", e.networks
	return r, nil
}

// follow brings a rival to the snapshot under way of e, which has been answered, and adds the
// comparison to its report.
func (r *engine) follow(ctx context.Context, e *engine, ours contest.Answers, s *SnapshotReport) error {
	r.t = e.t
	last, err := e.lastRetrained(e.t)
	if err != nil {
		return err
	}
	switch {
	case r.t == 1:
		r.serving = e.serving
	case last.Snapshot == r.t:
		if err := r.Retrain(ctx, r.starts[r.t-1]); err != nil {
			return err
		}
	}
	theirs, err := r.tested(ctx)
	if err != nil {
		return err
	}
	if r.t > 1 {
		s.Seconds[SecondsAgainst] = r.seconds(kindServe, r.t) + r.seconds(kindKeep, r.t) +
			r.seconds(kindTest, r.t)
	}
	s.Against, err = r.beside(theirs, ours)
	return err
}

// twin says whether the network in service before the snapshot under way is the rival's, since
// nothing else has been put into service yet. Then so is the network that it becomes when it is
// kept, and one training does for both.
func (r *engine) twin() (bool, error) {
	if r.cfg.Inherit == FromNothing {
		return false, nil
	}
	for u := 2; u < r.t; u++ {
		ours, there, err := run.Recall[retrained](r.job, phaseName(kindServe, u))
		if err != nil || there && ours.Network != phaseName(kindKeep, u) {
			return false, err
		}
	}
	return true, nil
}

// beside compares answers to the same images.
func (r *engine) beside(theirs, ours contest.Answers) (*Rival, error) {
	space, err := r.space(r.t)
	if err != nil {
		return nil, err
	}
	cost, err := space.Cost(r.starts[r.t-1])
	if err != nil {
		return nil, err
	}
	v := &Rival{MAdds: cost.MAdds, Accuracy: theirs.Accuracy()}
	v.Difference, v.StandardError = ours.Difference(theirs)
	return v, nil
}
