package adjuster

import (
	"fmt"
	"strconv"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// note is what a run remembers about a proposal beside its measurement.
type note struct{ Cost, Reward, LogProb, Entropy float64 }

// codec writes the proposals of an adjustment; check may be nil.
func (a *Adjuster) codec(check func(searchspace.Arch) error) search.Codec[note] {
	return search.Codec[note]{
		Decisions: len(a.policy.decisions),
		Check:     check,
		Format:    a.space.Format,
		Numbers:   4,
		Put:       func(n note, to []float64) { copy(to, []float64{n.Cost, n.Reward, n.LogProb, n.Entropy}) },
		Get:       func(x []float64) (note, error) { return note{x[0], x[1], x[2], x[3]}, nil },
	}
}

// judgements is the codec of the final choice.
func (a *Adjuster) judgements() search.Codec[struct{}] {
	return search.Codec[struct{}]{
		Decisions: len(a.policy.decisions),
		Check:     a.space.Valid,
		Format:    a.space.Format,
	}
}

func proposal(rec search.Record[note]) Proposal {
	return Proposal{
		Iteration: rec.Step,
		Arch:      rec.Arch,
		Text:      rec.Measurement.Text,
		Accuracy:  rec.Measurement.Accuracy,
		Cost:      rec.Note.Cost,
		Reward:    rec.Note.Reward,
		LogProb:   rec.Note.LogProb,
		Entropy:   rec.Note.Entropy,
		Cached:    rec.Cached,
	}
}

// record is proposal's inverse, as far as a proposal goes.
func (p *Proposal) record() search.Record[note] {
	m := searchspace.Measurement{Arch: p.Arch, Text: p.Text, Accuracy: p.Accuracy}
	return search.Record[note]{
		Step:   p.Iteration,
		Result: search.Result{Arch: p.Arch, Measurement: m, Cached: p.Cached},
		Note:   note{Cost: p.Cost, Reward: p.Reward, LogProb: p.LogProb, Entropy: p.Entropy},
	}
}

// strip moves the proposals of an outcome to tensors.
func (e *Expert) strip(o Outcome, tensors map[string]checkpoint.Tensor) *Outcome {
	if o.Search == nil {
		return &o
	}
	res := *o.Search
	recs := make([]search.Record[note], len(res.History))
	for i := range res.History {
		recs[i] = res.History[i].record()
	}
	e.adjuster.codec(nil).PutRecords(tensors, historyName(o.Step), recs)
	res.History = nil
	o.Search = &res
	return &o
}

// fill is strip's inverse. The space may have been restricted since, so it does not judge old
// proposals.
func (e *Expert) fill(o *Outcome, tensors map[string]checkpoint.Tensor) error {
	if o.Search == nil {
		return nil
	}
	recs, err := e.adjuster.codec(nil).GetRecords(tensors, historyName(o.Step))
	if err != nil {
		return fmt.Errorf("adjuster: snapshot %d: %w", o.Step, err)
	}
	if len(recs) != o.Search.Iterations {
		return fmt.Errorf("adjuster: snapshot %d: %d proposals, expected %d",
			o.Step, len(recs), o.Search.Iterations)
	}
	o.Search.History = nil
	for _, r := range recs {
		o.Search.History = append(o.Search.History, proposal(r))
	}
	return nil
}

func historyName(step int) string { return "history/" + strconv.Itoa(step) }
