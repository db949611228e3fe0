package eas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
)

// supernetPhase names the file of the supernet.
const supernetPhase = "supernet"

// train trains the supernet and makes what judges with it.
func (e *engine) train(ctx context.Context) (err error) {
	e.net, err = run.Saved(ctx, e.job, supernetPhase, func(path string) (*supernet.Net, error) {
		return supernet.Load(path, &supernet.Options{Logger: e.job.Log})
	}, func() (*supernet.Net, error) { return e.shrink(ctx) })
	if err != nil {
		return err
	}
	if e.choose, err = e.judgesOn(e.images.choose); err != nil {
		return err
	}
	e.test, err = e.judgesOn(e.images.test)
	return err
}

// shrink trains by progressive shrinking, with superclass dropout in all phases but that of the
// teacher.
func (e *engine) shrink(ctx context.Context) (*supernet.Net, error) {
	n, err := supernet.New(e.space, e.netOptions())
	if err != nil {
		return nil, err
	}
	o := e.cfg.Supernet.Options(e.images.train.Len(), e.cfg.Seed.For("eas.supernet"))
	o.Subnets, o.Nesterov, o.DecayWeightsOnly = supernet.SubnetOptions{}, true, true
	o.Masks, err = supernet.SuperclassDropout(superclassOf(e.groups), e.cfg.Drop, e.cfg.Seed.For("eas.dropout"))
	if err != nil {
		return nil, err
	}
	phases, err := e.phases()
	if err != nil {
		return nil, err
	}
	shown := e.shown()
	_, err = n.Shrink(ctx, e.images.train, &supernet.ShrinkOptions{Train: o, Phases: phases,
		Folder: e.job.Scratch(supernetPhase),
		Recorder: supernet.ShrinkRecorderFunc(func(p supernet.ShrinkProgress) error {
			if p.Training.Phase == supernet.PhaseTrain {
				shown(p)
			}
			return nil
		})})
	return n, err
}

// phases are those of progressive shrinking at two rates: that of the largest network, and one for
// all others. The published rates of depths and widths are a twelfth and a quarter of that of
// kernels, for phases of some hundred epochs; in phases of one or two they leave too little.
func (e *engine) phases() ([]supernet.ShrinkPhase, error) {
	phases, err := supernet.ShrinkPhases(e.space)
	for i := range phases {
		if phases[i].LR = 1; phases[i].Teaches {
			phases[i].LR = e.cfg.TeacherLR / e.cfg.Supernet.LR
		}
	}
	return phases, err
}

// shown shows the progress of shrinking.
func (e *engine) shown() func(p supernet.ShrinkProgress) {
	var set func(done int, note string)
	return func(p supernet.ShrinkProgress) {
		if set == nil {
			set = e.job.Out.Phase(titleSupernet, p.Steps).Set
		}
		set(p.Step, fmt.Sprintf("%s, epoch %d/%d loss %.3f", p.Name, p.Training.Epoch+1, p.Training.Epochs,
			p.Training.Loss))
	}
}
