package growth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// descendants judges architectures by networks that are trained for it, on the images that are held
// back. A network is trained when it is first asked for, is kept until the snapshot is over, and
// can then go into service.
type descendants struct {
	e      *engine
	kind   string // of work, whose time the judging takes
	held   dataset.Dataset
	raise  func(a searchspace.Arch) (upbringing, error)
	judged map[searchspace.Arch][]judgement
}

// judgement is what a network says about an image.
type judgement struct {
	right bool
	loss  float64
}

func (e *engine) descendants(kind string, raise func(searchspace.Arch) (upbringing, error)) (*descendants, error) {
	held, err := e.held(e.t)
	return &descendants{e, kind, held, raise, map[searchspace.Arch][]judgement{}}, err
}

// trial judges finalists of a search by networks that descend from the one in service and get a
// share of its training.
func (e *engine) trial() (*descendants, error) {
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

// Len is the number of images to judge on.
func (d *descendants) Len() int { return d.held.Len() }

// Evaluate judges an architecture on all images.
func (d *descendants) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return d.EvaluateRange(ctx, a, 0, d.Len())
}

// EvaluateRange judges an architecture on the images from to to−1.
func (d *descendants) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (
	searchspace.Measurement, error) {
	m := searchspace.Measurement{Arch: a, Text: d.e.full.Format(a), Stage: d.e.t, WeightVersion: uint64(d.e.t)}
	if from < 0 || from >= to || to > d.Len() {
		return m, fmt.Errorf("images %d to below %d, expected some of %d", from, to, d.Len())
	}
	all, err := d.of(ctx, a)
	if err != nil {
		return m, err
	}
	for _, v := range all[from:to] {
		if m.Samples++; v.right {
			m.Correct++
		}
		m.Loss += v.loss
	}
	m.Loss /= float64(m.Samples)
	m.Accuracy = float64(m.Correct) / float64(m.Samples)
	return m, nil
}

// of are the verdicts of an architecture's network on all images.
func (d *descendants) of(ctx context.Context, a searchspace.Arch) ([]judgement, error) {
	if v := d.judged[a]; v != nil {
		return v, nil
	}
	defer d.e.job.Clock.Start(d.e.phase(d.kind))()
	u, err := d.raise(a)
	if err != nil {
		return nil, err
	}
	m, err := d.e.network(ctx, a, u)
	if err != nil {
		return nil, err
	}
	var out []judgement
	err = verdicts(ctx, m, d.held, func(right bool, loss float64) { out = append(out, judgement{right, loss}) })
	if err != nil {
		return nil, err
	}
	d.judged[a] = out
	return out, nil
}
