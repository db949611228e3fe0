package growth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// descendants judges architectures by networks that are trained for it, on the images that are held
// back. A network is trained when it is first asked for, is kept until the snapshot is over, and
// can then go into service. kind is the work whose time the judging takes.
func (e *engine) descendants(kind string, raise func(searchspace.Arch) (upbringing, error)) (*contest.Networks, error) {
	held, err := e.held(e.t)
	if err != nil {
		return nil, err
	}
	return &contest.Networks{Space: e.full, Held: held, Stage: e.t,
		Network: func(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
			u, err := raise(a)
			if err != nil {
				return nil, err
			}
			return e.network(ctx, a, u)
		},
		Clock: func() (stop func()) { return e.job.Clock.Start(e.phase(kind)) },
	}, nil
}

// trial judges finalists of a search by networks that descend from the one in service and get a
// share of its training.
func (e *engine) trial() (*contest.Networks, error) {
	return e.descendants(SecondsTrial, func(a searchspace.Arch) (upbringing, error) {
		return upbringing{e.trialPhase(a), e.title(SecondsTrial, e.t), FromServing, e.cfg.Trial}, nil
	})
}

// trialPhase names the training of a finalist.
func (e *engine) trialPhase(a searchspace.Arch) string {
	sum := sha256.Sum256([]byte(e.full.Format(a)))
	return e.phase(SecondsTrial) + "." + hex.EncodeToString(sum[:4])
}

// Contest judges the adapted architecture and the one in service after the whole of their training.
// The latter goes on from its weights whatever the adapted one begins with. See adjuster.Comparer.
func (c contender) Contest(context.Context) (adjuster.RangeEvaluator, error) {
	return c.descendants(SecondsCompare, func(a searchspace.Arch) (upbringing, error) {
		u, err := c.retraining(a)
		if u.phase == c.phase(kindKeep) {
			u.inherit = FromServing
		}
		return u, err
	})
}

// contender is an engine that compares before it changes the network in service.
type contender struct{ *engine }
