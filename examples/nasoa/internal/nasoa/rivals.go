package nasoa

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/zoo"
)

// Network is a network of another family that is trained as the zoo is.
type Network struct {
	Name string
	make func(size, classes int) (*searchspace.Space, error)
}

// Networks are those that the zoo is compared with: residual networks, networks of inverted
// residuals as of MobileNetV2, and RegNets, each in several widths. Their stems have stride 2 where
// that of the zoo has 4: with as many multiply-adds at a higher resolution.
func Networks() (list []Network) {
	net := func(make func(searchspace.NetOptions) (*searchspace.Space, error), name string, width float64,
		stem int) {
		list = append(list, Network{fmt.Sprintf("%s ×%g, stem /%d", name, width, stem),
			func(size, classes int) (*searchspace.Space, error) {
				return make(searchspace.NetOptions{Width: width, StemStride: stem, InputSize: size, Classes: classes})
			}})
	}
	for _, width := range []float64{0.25, 0.5, 1} {
		net(searchspace.ResNet, "ResNet", width, 2)
	}
	for _, width := range []float64{0.25, 0.5, 1} {
		net(searchspace.MobileNet, "MobileNetV2", width, 2)
	}
	for _, width := range []float64{0.25, 0.5, 1} {
		list = append(list, Network{fmt.Sprintf("RegNetX ×%g, stem /2", width),
			func(size, classes int) (*searchspace.Space, error) {
				return searchspace.RegNet(searchspace.RegNetOptions{Width: width, StemStride: 2, InputSize: size,
					Classes: classes})
			}})
	}
	return list
}

// TrainNetwork pretrains network number i of Networks as the zoo's are, and measures it, and the
// zoo's right after it: a machine is not as fast at all times.
func TrainNetwork(ctx context.Context, j *run.Job, cfg *Config, i int) (*Model, error) {
	list := Networks()
	if i < 0 || i >= len(list) {
		return nil, fmt.Errorf("network %d, expected 0 to %d", i, len(list)-1)
	}
	e, err := newEngine(ctx, j, cfg)
	if err != nil {
		return nil, err
	}
	return run.Once(j, "network", func() (*Model, error) {
		space, err := list[i].make(cfg.Size, len(e.known.train.Classes()))
		if err != nil {
			return nil, err
		}
		m, err := supernet.NewModel(space, space.Largest(), e.netOptions(cfg.Seed.For("nasoa.pretrain.weights"), 0))
		if err != nil {
			return nil, err
		}
		entry := zoo.Entry{Name: list[i].Name, Arch: space.Format(m.Arch()), Space: space.Spec()}
		s := &zoo.Sizes{Batches: []int{cfg.Tune.Batch}, Frozen: []int{0}}
		if err := zoo.Measure(ctx, &entry, zoo.Clock{Step: clockOf(m).Step}, s); err != nil {
			return nil, err
		}
		beside, err := e.stepsOfZoo(ctx, s)
		if err != nil {
			return nil, err
		}
		s.Batches = []int{judgedBatch}
		if err := zoo.Measure(ctx, &entry, zoo.Clock{Inference: clockOf(m).Inference}, s); err != nil {
			return nil, err
		}
		got, err := e.teach(ctx, m, len(list)+i, "network", "pretrain "+list[i].Name)
		if err != nil {
			return nil, err
		}
		cost, err := space.Cost(m.Arch())
		if err != nil {
			return nil, err
		}
		d := &Model{Name: entry.Name, Arch: entry.Arch, Accuracy: got.Accuracy, Samples: got.Samples,
			MAdds:  cost.MAdds,
			Params: cost.Params, Steps: []float64{entry.Steps[0].Seconds}, Beside: beside}
		d.Inference, _ = inference(&entry)
		return d, nil
	})
}

// stepsOfZoo measures a step of every model of the zoo, and changes nothing about it.
func (e *engine) stepsOfZoo(ctx context.Context, s *zoo.Sizes) (map[string]float64, error) {
	steps := map[string]float64{}
	for _, entry := range e.zoo.Entries() {
		m, err := e.base(ctx, entry.Name)
		if err != nil {
			return nil, err
		}
		entry.Steps = nil
		if err := zoo.Measure(ctx, &entry, zoo.Clock{Step: clockOf(m).Step}, s); err != nil {
			return nil, err
		}
		steps[entry.Name] = entry.Steps[0].Seconds
	}
	return steps, nil
}
