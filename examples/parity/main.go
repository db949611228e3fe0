// Command parity trains one network of the MobileNetV3 space and leaves everything that another
// program needs to train the same network on the same batches: the initial weights and the images
// as safetensors, the settings and its own loss curve as JSON. torch_parity.py beside this file is
// that program.
//
//	go run ./examples/parity -out parity
//	python3 examples/parity/torch_parity.py parity
//
// There is no augmentation, no dropout and no shuffling beyond one fixed interleaving of the
// classes, so that the two differ in nothing but their arithmetic.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// settings are what both programs train with, and what this one saw.
type settings struct {
	data   string
	images int
	shown  *progress.Phase

	Arch         string    `json:"arch"`
	Width        float64   `json:"width"`
	Size         int       `json:"size"`
	StemStride   int       `json:"stem_stride"`
	Classes      int       `json:"classes"`
	Batch        int       `json:"batch"`
	Epochs       int       `json:"epochs"`
	LR           float64   `json:"lr"`
	Momentum     float64   `json:"momentum"`
	WeightDecay  float64   `json:"weight_decay"`
	Seed         run.Seed  `json:"seed"`
	Rates        []float64 `json:"rates"`
	Losses       []float64 `json:"losses"`
	TestAccuracy float64   `json:"test_accuracy"`
	Seconds      float64   `json:"seconds"`
}

// Record keeps the loss and the learning rate of every step.
func (s *settings) Record(p supernet.Progress) error {
	if p.Phase == supernet.PhaseTrain {
		s.shown.Set(p.Step, fmt.Sprintf("loss %.3f", p.Loss))
		s.Losses = append(s.Losses, p.Loss)
		s.Rates = append(s.Rates, p.LR)
	}
	return nil
}

func main() { program().Main() }

func program() *run.Program[settings, *settings] {
	return &run.Program[settings, *settings]{
		Path: "examples/parity", Keeps: run.Files, Out: "parity",
		Defaults: func() settings {
			return settings{Arch: arch, Width: 0.5, Size: 32, StemStride: 2, Batch: 64, Epochs: 10, LR: 0.05,
				Momentum: 0.9, WeightDecay: 5e-4, Seed: 1}
		},
		Flags: flags,
		Check: check,
		Work:  work,
	}
}

const arch = "3,2,3,2,3:3,5,7,3,5,3,3,3,7,5,3,3,5,7,3,3,7,5,3,3:4,3,6,3,4,6,3,3,3,4,6,3,4,3,3,3,6,4,3,3"

func flags(fs *flag.FlagSet, s *settings) {
	fs.StringVar(&s.data, "data", "",
		"images, as examples/adaxpert takes them; empty for the embedded Fashion-MNIST images")
	fs.IntVar(&s.images, "images", 0, "training images, 0 = all")
	fs.StringVar(&s.Arch, "arch", s.Arch, "architecture, depths:kernels:ratios")
	fs.Float64Var(&s.Width, "width", s.Width, "width multiplier")
	fs.IntVar(&s.Size, "size", s.Size, "image side in pixels")
	fs.IntVar(&s.StemStride, "stem", s.StemStride, "stride of the stem")
	fs.IntVar(&s.Batch, "batch", s.Batch, "batch size")
	fs.IntVar(&s.Epochs, "epochs", s.Epochs, "epochs")
	fs.Float64Var(&s.LR, "lr", s.LR, "peak learning rate of the cosine")
	fs.Float64Var(&s.WeightDecay, "wd", s.WeightDecay, "weight decay")
	s.Seed.Bind(fs)
}

func check(_ *flag.FlagSet, s *settings) error {
	return cmp.Or(
		run.Within("images", s.images, 0, math.MaxInt32),
		run.Within("width", s.Width, 1e-3, 16),
		run.Within("size", s.Size, 8, 1<<12),
		run.Within("stem", s.StemStride, 1, 2),
		run.Within("batch", s.Batch, 2, 1<<16),
		run.Within("epochs", s.Epochs, 1, 1<<20),
		run.Within("lr", s.LR, 1e-9, 1e3),
		run.Within("wd", s.WeightDecay, 0, 1),
	)
}

func work(ctx context.Context, j *run.Job, s *settings) (*settings, error) {
	train, test, err := load(ctx, s)
	if err != nil {
		return nil, err
	}
	model, err := newModel(s)
	if err != nil {
		return nil, err
	}
	if err := model.WriteSafetensors(ctx, j.Path("initial.safetensors")); err != nil {
		return nil, err
	}
	if err := export(ctx, j.Path("data.safetensors"), train, test); err != nil {
		return nil, err
	}
	start := time.Now()
	s.shown = j.Out.Phase("training", s.Epochs*(train.Len()/s.Batch))
	if _, err := model.Train(ctx, train, &supernet.TrainOptions{
		Epochs: s.Epochs, BatchSize: s.Batch, LR: s.LR, Momentum: s.Momentum, WeightDecay: s.WeightDecay,
		NoShuffle: true, Seed: uint64(s.Seed), Recorder: s,
	}); err != nil {
		return nil, err
	}
	s.Seconds = time.Since(start).Seconds()
	m, err := model.Evaluate(ctx, test, nil)
	if err != nil {
		return nil, err
	}
	s.TestAccuracy = m.Accuracy
	j.Out.Printf("%d steps in %.1f s, test accuracy %.2f %%", len(s.Losses), s.Seconds, 100*s.TestAccuracy)
	return s, j.Write("tendril.json", s)
}

// load reads the images and mixes the classes once: both programs then take the batches in order.
func load(ctx context.Context, s *settings) (train, test dataset.Dataset, err error) {
	train, test, err = data.Open(ctx, s.data, s.Size, uint64(s.Seed))
	if err != nil {
		return nil, nil, err
	}
	s.Classes = len(train.Classes())
	order := s.Seed.Stream("parity.order").Perm(train.Len())
	if s.images > 0 && s.images < len(order) {
		order = order[:s.images]
	}
	train, err = dataset.Subset(train, order)
	return train, test, err
}

func newModel(s *settings) (*supernet.Model, error) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: s.Width, InputSize: s.Size, StemStride: s.StemStride, Classes: s.Classes, Dropout: -1,
	})
	if err != nil {
		return nil, err
	}
	arch, err := space.Parse(s.Arch)
	if err != nil {
		return nil, err
	}
	return supernet.NewModel(space, arch, &supernet.Options{Seed: uint64(s.Seed)})
}

// export writes the normalised images in NCHW order and their labels.
func export(ctx context.Context, path string, train, test dataset.Dataset) error {
	tensors := map[string]checkpoint.Tensor{}
	for name, ds := range map[string]dataset.Dataset{"train": train, "test": test} {
		n, side := ds.Len(), ds.Size()
		pixels, labels := make([]float32, 0, n*3*side*side), make([]int64, 0, n)
		for batch, err := range dataset.Batches(ctx, ds, dataset.LoaderOptions{}) {
			if err != nil {
				return err
			}
			for i := range batch.N {
				image := batch.X[i*side*side*3:][:side*side*3]
				for c := range 3 {
					for p := c; p < len(image); p += 3 {
						pixels = append(pixels, image[p])
					}
				}
				labels = append(labels, int64(batch.Labels[i]))
			}
		}
		tensors[name+".images"] = checkpoint.Of([]int{n, 3, side, side}, pixels)
		tensors[name+".labels"] = checkpoint.Of([]int{n}, labels)
	}
	return checkpoint.WriteFileAtomic(path, func(w io.Writer) error {
		return checkpoint.WriteSafetensors(w,
			nil, tensors)
	})
}
