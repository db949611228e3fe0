package supernet_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
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
