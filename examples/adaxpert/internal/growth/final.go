package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
)

// finalModel is the network in service after the last snapshot.
const finalModel = "model.ckpt"

// finish trains the network in service once more if the configuration says so, judges it and saves
// it under a name of its own. r, if not nil, is the rival, whose network gets the same.
func (e *engine) finish(ctx context.Context, r *engine, rep *Report) error {
	e.t = e.scenario.Len()
	ours, err := e.final(ctx, e.job.Path(finalModel))
	if err != nil {
		return err
	}
	snap := rep.Snapshots[e.t-1]
	rep.Final = FinalReport{Arch: snap.ArchAfter, MAdds: snap.MAddsAfter, TestAccuracy: ours.Accuracy()}
	if r != nil {
		theirs, err := r.final(ctx, "")
		if err != nil {
			return err
		}
		if rep.Final.Against, err = r.beside(theirs, ours); err != nil {
			return err
		}
	}
	return nil
}

// final gives the network in service its last training, if any, saves it, and asks it about the
// test images. A kept network was trained on an earlier, smaller snapshot; its last training is on
// all images.
func (e *engine) final(ctx context.Context, path string) (contest.Answers, error) {
	if err := e.checkFinal(path); err != nil {
		return contest.Answers{}, err
	}
	return run.Once(e.job, e.arm+"final", func() (contest.Answers, error) {
		m, err := e.lastTraining(ctx)
		if err != nil {
			return contest.Answers{}, err
		}
		if path != "" {
			if err := m.Save(ctx, path); err != nil {
				return contest.Answers{}, err
			}
		}
		test, err := e.scenario.Test(e.t)
		if err != nil {
			return contest.Answers{}, err
		}
		return contest.Of(ctx, m, test)
	})
}

// checkFinal finds damage in the model that an earlier start has saved.
func (e *engine) checkFinal(path string) error {
	if path == "" {
		return nil
	}
	there, err := e.job.Has(finalModel)
	if err != nil || !there {
		return err
	}
	_, err = e.loadModel(path)
	return err
}

func (e *engine) lastTraining(ctx context.Context) (*supernet.Model, error) {
	s, err := e.service(e.t + 1)
	if err != nil {
		return nil, err
	}
	if e.cfg.Final == 0 {
		return s.model, nil
	}
	m, err := s.model.WithClasses(ctx, e.scenario.Classes(e.t)...)
	if err != nil {
		return nil, err
	}
	all, err := e.scenario.All(e.t)
	if err != nil {
		return nil, err
	}
	t := e.cfg.Retrain.Training
	t.Epochs, t.MinSteps = e.cfg.Final, 0
	o, err := e.job.TrainOptions(&t, all.Len(), e.cfg.Seed.For(seedFinalData), e.arm+"final", e.arm+"final")
	if err != nil {
		return nil, err
	}
	if _, err := m.Train(ctx, all, o); err != nil {
		return nil, fmt.Errorf("final training: %w", err)
	}
	return m, nil
}
