// Package job runs examples/adaxpert inside another program, whose page sets it beside others.
package job

import (
	"context"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Report is the network in service at the end, and what it took.
type Report struct {
	Accuracy float64 `json:"accuracy"` // of the test images, a fraction
	// First is the accuracy at the first snapshot.
	First   float64 `json:"first"`
	MAdds   int64   `json:"madds"`
	Changes int     `json:"changes"` // snapshots after which another architecture served
	// Rival is the accuracy of the network that was fine-tuned beside it, where one was.
	Rival      float64 `json:"rival,omitempty"`
	RivalMAdds int64   `json:"rival_madds,omitempty"`
	Seconds    float64 `json:"seconds"` // of training and searching
}

// Check reports what is wrong with settings, given as flags.
func Check(args []string) error {
	_, err := growth.Program().Settings(args)
	return err
}

// Run runs the program with settings given as flags. State is kept in the folder of the job, and a
// run that is there already goes on.
func Run(ctx context.Context, j *run.Job, args []string) (*Report, error) {
	r, err := growth.Program().Call(ctx, j, args)
	if err != nil {
		return nil, err
	}
	return summary(r), nil
}

func summary(r *growth.Report) *Report {
	out := &Report{Accuracy: r.Final.TestAccuracy, MAdds: r.Final.MAdds}
	if rival := r.Final.Against; rival != nil {
		out.Rival, out.RivalMAdds = rival.Accuracy, rival.MAdds
	}
	for i, s := range r.Snapshots {
		if i == 0 {
			out.First = s.AccAfter
		} else if s.ArchAfter != s.ArchBefore {
			out.Changes++
		}
		out.Seconds += s.Seconds[growth.SecondsTotal]
	}
	return out
}
