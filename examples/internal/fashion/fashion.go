// Package fashion gives the examples real images without a download: an embedded subset of
// Fashion-MNIST, 800 training and 150 test images of each of its ten classes. The subfolder data
// holds the files and their licence.
package fashion

import (
	"bytes"
	"context"
	"embed"
	"fmt"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

//go:embed data/*.gz
var files embed.FS

// Images per class in the training and in the test part.
const (
	TrainPerClass = 800
	TestPerClass  = 150
)

// Classes returns the class names in label order.
func Classes() []string {
	return []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
		"Bag", "Ankle boot"}
}

// Load returns the training and the test images at the given size in pixels, 28 when it is 0. Up to
// 36 pixels the images are padded with black, otherwise scaled.
func Load(size int) (train, test dataset.Dataset, err error) {
	if train, err = load("train", size); err != nil {
		return nil, nil, err
	}
	if test, err = load("t10k", size); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

func load(part string, size int) (dataset.Dataset, error) {
	images, err := files.ReadFile("data/" + part + "-images-idx3-ubyte.gz")
	if err != nil {
		return nil, fmt.Errorf("fashion: %w", err)
	}
	labels, err := files.ReadFile("data/" + part + "-labels-idx1-ubyte.gz")
	if err != nil {
		return nil, fmt.Errorf("fashion: %w", err)
	}
	ds, err := dataset.ReadIDX(context.Background(), bytes.NewReader(images), bytes.NewReader(labels),
		&dataset.Options{Size: size, ClassNames: Classes()})
	if err != nil {
		return nil, fmt.Errorf("fashion: part %s: %w", part, err)
	}
	return ds, nil
}
