// Command parity trains one network of the MobileNetV3 space and leaves everything that another program needs to train the same
// network on the same batches: the initial weights and the images as safetensors, the settings and its own loss curve as JSON.
// torch_parity.py beside this file is that program.
//
//	go run ./examples/parity -out parity
//	python3 examples/parity/torch_parity.py parity
//
// There is no augmentation, no dropout and no shuffling beyond one fixed interleaving of the classes, so that the two differ in
// nothing but their arithmetic.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// settings are what both programs train with, and what this one saw.
type settings struct {
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
	Seed         uint64    `json:"seed"`
	Rates        []float64 `json:"rates"`
	Losses       []float64 `json:"losses"`
	TestAccuracy float64   `json:"test_accuracy"`
	Seconds      float64   `json:"seconds"`
}

// Record keeps the loss and the learning rate of every step.
func (s *settings) Record(p supernet.Progress) error {
	if p.Phase == supernet.PhaseTrain {
		s.Losses = append(s.Losses, p.Loss)
		s.Rates = append(s.Rates, p.LR)
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "parity:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	s := settings{Momentum: 0.9}
	flags := flag.NewFlagSet("parity", flag.ContinueOnError)
	out := flags.String("out", "parity", "folder for the exported files")
	data := flags.String("data", "", "images, as examples/adaxpert takes them; empty for the embedded Fashion-MNIST images")
	images := flags.Int("images", 0, "training images, 0 = all")
	flags.StringVar(&s.Arch, "arch", "3,2,3,2,3:3,5,7,3,5,3,3,3,7,5,3,3,5,7,3,3,7,5,3,3:4,3,6,3,4,6,3,3,3,4,6,3,4,3,3,3,6,4,3,3", "architecture, depths:kernels:ratios")
	flags.Float64Var(&s.Width, "width", 0.5, "width multiplier")
	flags.IntVar(&s.Size, "size", 32, "image side in pixels")
	flags.IntVar(&s.StemStride, "stem", 2, "stride of the stem")
	flags.IntVar(&s.Batch, "batch", 64, "batch size")
	flags.IntVar(&s.Epochs, "epochs", 10, "epochs")
	flags.Float64Var(&s.LR, "lr", 0.05, "peak learning rate of the cosine")
	flags.Float64Var(&s.WeightDecay, "wd", 5e-4, "weight decay")
	flags.Uint64Var(&s.Seed, "seed", 1, "seed of weights and order")
	if err := flags.Parse(args); err != nil {
		return err
	}
	train, test, err := load(ctx, &s, *data, *images)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	model, err := newModel(&s)
	if err != nil {
		return err
	}
	if err := model.WriteSafetensors(ctx, filepath.Join(*out, "initial.safetensors")); err != nil {
		return err
	}
	if err := export(ctx, filepath.Join(*out, "data.safetensors"), train, test); err != nil {
		return err
	}
	start := time.Now()
	if _, err := model.Train(ctx, train, &supernet.TrainOptions{
		Epochs: s.Epochs, BatchSize: s.Batch, LR: s.LR, Momentum: s.Momentum, WeightDecay: s.WeightDecay, NoShuffle: true, Seed: s.Seed, Recorder: &s,
	}); err != nil {
		return err
	}
	s.Seconds = time.Since(start).Seconds()
	m, err := model.Evaluate(ctx, test)
	if err != nil {
		return err
	}
	s.TestAccuracy = m.Accuracy
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d steps in %.1f s, test accuracy %.2f %%\n", len(s.Losses), s.Seconds, 100*s.TestAccuracy)
	return checkpoint.WriteBytesAtomic(filepath.Join(*out, "tendril.json"), text)
}

// load reads the images and mixes the classes once: both programs then take the batches in order.
func load(ctx context.Context, s *settings, data string, images int) (train, test dataset.Dataset, err error) {
	if data == "" {
		train, test, err = fashion.Load(s.Size)
	} else {
		train, test, err = dataset.OpenPair(ctx, data, &dataset.Options{Size: s.Size})
	}
	if err != nil {
		return nil, nil, err
	}
	s.Classes = len(train.Classes())
	order := rand.New(rand.NewPCG(s.Seed, 0)).Perm(train.Len())
	if images > 0 && images < len(order) {
		order = order[:images]
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
	return supernet.NewModel(space, arch, &supernet.Options{Seed: s.Seed})
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
	return checkpoint.WriteFileAtomic(path, func(w io.Writer) error { return checkpoint.WriteSafetensors(w, nil, tensors) })
}
