package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// finalModel is the network in service after the last snapshot.
const finalModel = "model.ckpt"

// finish trains the network in service once more if the configuration says so, judges it and saves
// it under a name of its own.
func (e *engine) finish(ctx context.Context, rep *Report) error {
	last := e.scenario.Len()
	e.t = last
	tally, err := run.Once(e.job, "final", func() (adjuster.Tally, error) { return e.finalTally(ctx) })
	if err != nil {
		return err
	}
	snap := rep.Snapshots[last-1]
	rep.Final = FinalReport{Arch: snap.ArchAfter, MAdds: snap.MAddsAfter, TestAccuracy: tally.Accuracy()}
	e.job.Say("final network %s", rep.Final.Arch)
	e.job.Say("MAdds %.3f M, test accuracy %.2f %%", float64(rep.Final.MAdds)/1e6, 100*rep.Final.TestAccuracy)
	return nil
}

// finalTally gives the network in service its last training, if any, saves it, and counts the test
// images that it gets right. A kept network was trained on an earlier, smaller snapshot; its last
// training is on all images.
func (e *engine) finalTally(ctx context.Context) (adjuster.Tally, error) {
	s, err := e.service(e.t + 1)
	if err != nil {
		return adjuster.Tally{}, err
	}
	if e.cfg.Final > 0 {
		all, err := e.scenario.All(e.t)
		if err != nil {
			return adjuster.Tally{}, err
		}
		t := e.cfg.Retrain.Training
		t.Epochs, t.MinSteps = e.cfg.Final, 0
		o, err := e.job.TrainOptions(&t, all.Len(), e.cfg.Seed.For(seedFinalData), "final", "final")
		if err != nil {
			return adjuster.Tally{}, err
		}
		e.serving = nil // its weights are about to change
		if _, err := s.model.Train(ctx, all, o); err != nil {
			return adjuster.Tally{}, fmt.Errorf("final training: %w", err)
		}
	}
	if path := e.job.Path(finalModel); path != "" {
		if err := s.model.Save(ctx, path); err != nil {
			return adjuster.Tally{}, err
		}
	}
	test, err := e.scenario.Test(e.t)
	if err != nil {
		return adjuster.Tally{}, err
	}
	return Tally(ctx, s.model, test)
}
