package growth

import "github.com/tendril-nas/tendril/adjuster"

// Decisions of a snapshot: what the adjuster calls actions, as text.
const (
	First    = string(adjuster.First)
	Kept     = string(adjuster.Kept)
	Adjusted = string(adjuster.Adjusted)
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
	D           float64            `json:"d"` // eq. 1
	Decision    string             `json:"decision"`
	ArchBefore  string             `json:"arch_before"`
	ArchAfter   string             `json:"arch_after"`
	MAddsBefore int64              `json:"madds_before"`
	MAddsAfter  int64              `json:"madds_after"`
	AccBefore   float64            `json:"acc_before"`
	AccAfter    float64            `json:"acc_after"`
	Seconds     map[string]float64 `json:"seconds"`
}

// FinalReport is the network in service after the last snapshot.
type FinalReport struct {
	Arch         string  `json:"arch"`
	MAdds        int64   `json:"madds"`
	TestAccuracy float64 `json:"test_accuracy"`
}

// Keys of SnapshotReport.Seconds: the kinds of work at a snapshot, which also name its phases.
const (
	SecondsMeasure  = "measure" // H_t and d_t
	SecondsSupernet = "supernet"
	SecondsAdjuster = "adjuster"
	SecondsRetrain  = "retrain"
	SecondsTotal    = "total"
)

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

// SearchSeconds is the time spent on fine-tuning supernets and training adjusters.
func (r *Report) SearchSeconds() float64 {
	var s float64
	for _, n := range r.Snapshots {
		s += n.Seconds[SecondsSupernet] + n.Seconds[SecondsAdjuster]
	}
	return s
}
