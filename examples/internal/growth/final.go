package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/supernet"
)

// Files of what comes after the last snapshot.
const (
	finalModel  = "model.ckpt"
	finalTrain  = "model-training.ckpt"
	finalRecord = "final.json"
)

// finish trains the network in service once more if the configuration says so, judges it and saves it under a name of its own.
func (e *engine) finish(ctx context.Context, rep *Report) error {
	last := e.scenario.Len()
	e.t = last
	s, err := e.service(ctx, last+1)
	if err != nil {
		return err
	}
	var tally adjuster.Tally
	if there, err := e.recall(finalRecord, &tally); err != nil {
		return err
	} else if !there {
		if tally, err = e.finalModel(ctx, s.model); err != nil {
			return err
		}
		if err := e.remember(finalRecord, tally); err != nil {
			return err
		}
	}
	snap := rep.Snapshots[last-1]
	rep.Final = FinalReport{Arch: snap.ArchAfter, MAdds: snap.MAddsAfter, TestAccuracy: tally.Accuracy()}
	// A run killed just after a training was finished may have left its checkpoint.
	if err := e.store.remove(finalTrain); err != nil {
		return err
	}
	for t := 1; t <= last; t++ {
		if err := e.store.remove(supernetTrain(t), modelTrain(t)); err != nil {
			return err
		}
	}
	return nil
}

// finalModel gives m its last training, if any, saves it, and counts the test images that it gets right. A kept network was trained
// on an earlier, smaller snapshot; its last training is on all images.
func (e *engine) finalModel(ctx context.Context, m *supernet.Model) (adjuster.Tally, error) {
	if e.cfg.Final > 0 {
		all, err := e.scenario.All(e.t)
		if err != nil {
			return adjuster.Tally{}, err
		}
		tr := e.cfg.Retrain
		tr.Epochs, tr.LaterEpochs, tr.LaterLR, tr.MinSteps = e.cfg.Final, e.cfg.Final, 0, 0
		if _, err := m.Train(ctx, all, e.trainOptions(&tr, all.Len(), seedFinalData, "final", finalTrain)); err != nil {
			return adjuster.Tally{}, fmt.Errorf("final training: %w", err)
		}
	}
	if p := e.store.path(finalModel); p != "" {
		if err := m.Save(ctx, p); err != nil {
			return adjuster.Tally{}, err
		}
	}
	test, err := e.scenario.Test(e.t)
	if err != nil {
		return adjuster.Tally{}, err
	}
	return Tally(ctx, m, test)
}
