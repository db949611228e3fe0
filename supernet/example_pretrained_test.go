package supernet_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Weights that somebody has trained become a model for other classes. Here the file is written
// before; others come from PyTorch, say by save_file of the package safetensors.
func ExamplePretrained() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "tendril")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 10})
	if err != nil {
		log.Fatal(err)
	}
	arch := space.Smallest()
	trained, err := supernet.NewModel(space, arch, &supernet.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "published.safetensors")
	if err := trained.WriteSafetensors(ctx, path); err != nil {
		log.Fatal(err)
	}

	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	space, err = space.WithClasses(3)
	if err != nil {
		log.Fatal(err)
	}
	model, report, err := supernet.Pretrained(ctx, space, arch, file, &supernet.PretrainedOptions{
		Options: supernet.Options{Classes: []string{"cat", "dog", "eel"}},
		NewHead: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.ClassNames())
	fmt.Println(report)
	// Output:
	// [cat dog eel]
	// layout own: 195 tensors read, 0 of them converted, 2 skipped; initial weights: classifier.linear.weight, classifier.linear.bias
}

// Weights of a network of 1000 classes become a model of six others: the new classifier learns
// first while all that is inherited stays as it is, then the last stages with it, at a tenth of the
// rate.
func ExamplePretrained_otherClasses() {
	ctx := context.Background()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16,
		StemStride: 1, Classes: 1000, Depths: []int{1}})
	if err != nil {
		log.Fatal(err)
	}
	published, arch := writePublished(ctx, space)
	defer os.Remove(published.Name())

	six := []string{"black", "dark", "dim", "grey", "light", "white"}
	if space, err = space.WithClasses(len(six)); err != nil {
		log.Fatal(err)
	}
	model, report, err := supernet.Pretrained(ctx, space, arch, published, &supernet.PretrainedOptions{
		Options: supernet.Options{Classes: six},
		NewHead: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("initial weights:", report.New())
	images := greys(six)
	head := &supernet.TrainOptions{Epochs: 1, BatchSize: 12, LR: 0.05, Rate: report.Rate(0, 0)}
	if _, err := model.Train(ctx, images, head); err != nil {
		log.Fatal(err)
	}
	rest := &supernet.TrainOptions{Epochs: 1, BatchSize: 12, LR: 0.05, FrozenStages: []int{0, 1, 2, 3},
		Rate: report.Rate(0.1, 0.1)}
	result, err := model.Train(ctx, images, rest)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Status, "with", len(model.ClassNames()), "classes")
	// Output:
	// initial weights: [classifier.linear.weight classifier.linear.bias]
	// finished with 6 classes
}

// writePublished writes weights to a file that is open to be read.
func writePublished(ctx context.Context, space *searchspace.Space) (*os.File, searchspace.Arch) {
	m, err := supernet.NewModel(space, space.Smallest(), nil)
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.CreateTemp("", "tendril")
	if err != nil {
		log.Fatal(err)
	}
	file.Close()
	if err := m.WriteSafetensors(ctx, file.Name()); err != nil {
		log.Fatal(err)
	}
	if file, err = os.Open(file.Name()); err != nil {
		log.Fatal(err)
	}
	return file, space.Smallest()
}

// greys is images of one grey each, four of every class.
func greys(classes []string) dataset.Dataset {
	const size, each = 16, 4
	var pixels []uint8
	var labels []int
	for i := range each * len(classes) {
		c := i % len(classes)
		labels = append(labels, c)
		pixels = append(pixels, slices.Repeat([]uint8{uint8(10 + 45*c)}, size*size)...)
	}
	ds, err := dataset.FromPixels(size, classes, labels, pixels)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}
