package growth

import (
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Decisions of a snapshot: what the adjuster calls actions, as text.
const (
	First    = string(adjuster.First)
	Kept     = string(adjuster.Kept)
	Adjusted = string(adjuster.Adjusted)
	Refused  = string(adjuster.Refused)
)

// Report is what a run found, in the form that -json writes.
type Report struct {
	Snapshots []SnapshotReport `json:"snapshots"`
	Final     FinalReport      `json:"final"`
}

// SnapshotReport is one snapshot. Accuracies are fractions of the test images of the classes known
// at the snapshot, labels the model has not learnt counting as wrong; MAdds are of the network with
// the snapshot's number of classes. At the first snapshot nothing stands before, and before equals
// after.
type SnapshotReport struct {
	Images      int                `json:"images"`
	Classes     int                `json:"classes"`
	H           float64            `json:"h"` // eq. 4, percentage points
	D           float64            `json:"d"` // eq. 1, in the form of -distance
	Decision    string             `json:"decision"`
	ArchBefore  string             `json:"arch_before"`
	ArchAfter   string             `json:"arch_after"`
	MAddsBefore int64              `json:"madds_before"`
	MAddsAfter  int64              `json:"madds_after"`
	AccBefore   float64            `json:"acc_before"`
	AccAfter    float64            `json:"acc_after"`
	Morph       string             `json:"morph,omitempty"` // what became of the layers
	Against     *Rival             `json:"against,omitempty"`
	Seconds     map[string]float64 `json:"seconds"`
}

// FinalReport is the network in service after the last snapshot.
type FinalReport struct {
	Arch         string  `json:"arch"`
	MAdds        int64   `json:"madds"`
	TestAccuracy float64 `json:"test_accuracy"`
	Against      *Rival  `json:"against,omitempty"`
}

// report says in numbers what was done about the snapshot under way. ours are the answers of the
// network that serves now to the test images.
func (e *engine) report(o *adjuster.Outcome, ours contest.Answers) (*SnapshotReport, error) {
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	all, err := e.scenario.All(e.t)
	if err != nil {
		return nil, err
	}
	r := &SnapshotReport{Images: all.Len(), Classes: space.Classes(), Decision: string(o.Action),
		AccBefore: ours.Accuracy(), AccAfter: ours.Accuracy(), Seconds: map[string]float64{}}
	e.book(r.Seconds, o)
	before := o.Before
	if before.IsZero() {
		before = o.After
	}
	r.ArchBefore, r.ArchAfter = space.Format(before), space.Format(o.After)
	costBefore, err := space.Cost(before)
	if err != nil {
		return nil, err
	}
	costAfter, err := space.Cost(o.After)
	if err != nil {
		return nil, err
	}
	r.MAddsBefore, r.MAddsAfter = costBefore.MAdds, costAfter.MAdds
	if e.t == 1 {
		return r, nil
	}
	m, ok, err := run.Recall[measured](e.job, e.phase(SecondsMeasure))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("snapshot %d was never measured", e.t)
	}
	last, err := e.lastRetrained(e.t)
	if err != nil {
		return nil, err
	}
	if last.Snapshot == e.t {
		r.Morph = last.Morph
	}
	r.H, r.D, r.AccBefore = m.Reading.H(), m.Reading.Distance, m.Test.Accuracy()
	return r, nil
}

// book enters what the snapshot under way took.
func (e *engine) book(s map[string]float64, o *adjuster.Outcome) {
	enter := func(kind, as string) {
		if v := e.seconds(kind, e.t); v > 0 {
			s[as] += v
			s[SecondsTotal] += v
		}
	}
	for _, kind := range []string{SecondsMeasure, SecondsSupernet, SecondsTrial, SecondsCompare} {
		enter(kind, kind)
	}
	if o.Search != nil {
		enter(SecondsAdjuster, SecondsAdjuster)
	}
	adapted, kept := SecondsRetrain, SecondsRetrain
	switch {
	case o.Comparison == nil:
	case o.Comparison.Swap:
		kept = SecondsCompare
	default:
		adapted = SecondsCompare
	}
	enter(SecondsRetrain, adapted)
	enter(kindKeep, kept)
	enter(kindServe, SecondsRetrain)
}

// WithoutSeconds returns a copy without wall times: what must be equal when a run is repeated or
// resumed.
func (r *Report) WithoutSeconds() Report {
	c := *r
	c.Snapshots = append([]SnapshotReport(nil), r.Snapshots...)
	for i := range c.Snapshots {
		c.Snapshots[i].Seconds = nil
	}
	return c
}

// SearchSeconds is the time spent on fine-tuning supernets, training adjusters and trials of
// finalists.
func (r *Report) SearchSeconds() (sum float64) {
	for i := range r.Snapshots {
		sum += r.Snapshots[i].SearchSeconds()
	}
	return sum
}

// SearchSeconds is the part of the snapshot in Report.SearchSeconds.
func (s *SnapshotReport) SearchSeconds() float64 {
	return s.Seconds[SecondsSupernet] + s.Seconds[SecondsAdjuster] + s.Seconds[SecondsTrial]
}
