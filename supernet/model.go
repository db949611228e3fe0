package supernet

import (
	"context"
	"image"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Model is a standalone network: one architecture with weights of its own.
type Model struct{}

// NewModel makes the network of an architecture with initial weights.
func NewModel(space *searchspace.Space, arch searchspace.Arch, o *Options) (*Model, error) {
	return nil, errUnderWay
}

// LoadModel reads a model that Save wrote.
func LoadModel(path string, o *Options) (*Model, error) { return nil, errUnderWay }

// Arch returns the architecture.
func (m *Model) Arch() searchspace.Arch { return searchspace.Arch{} }

// Space returns the space of the architecture.
func (m *Model) Space() *searchspace.Space { return nil }

// Graph returns the layers.
func (m *Model) Graph() *searchspace.Graph { return nil }

// Classes returns the number of classes.
func (m *Model) Classes() int { return 0 }

// SetStage sets the number of the data snapshot that measurements are stamped with.
func (m *Model) SetStage(stage int) {}

// Stage returns the number set with SetStage.
func (m *Model) Stage() int { return 0 }

// WeightVersion counts the changes of the weights.
func (m *Model) WeightVersion() uint64 { return 0 }

// Train trains the model, or goes on training it.
func (m *Model) Train(ctx context.Context, train dataset.Dataset, o *TrainOptions) (*TrainResult, error) {
	return nil, errUnderWay
}

// Evaluate judges the model with its running statistics.
func (m *Model) Evaluate(ctx context.Context, ds dataset.Dataset) (searchspace.Measurement, error) {
	return searchspace.Measurement{}, errUnderWay
}

// Embed hands the features of all images to f, in order: float32 [n, q], and their labels. Both are reused after f returns.
func (m *Model) Embed(ctx context.Context, ds dataset.Dataset, f func(features *tensor.Dense, labels []int) error) error {
	return errUnderWay
}

// GrowClasses raises the number of classes to k; the rows of the old classes are kept.
func (m *Model) GrowClasses(k int) error { return errUnderWay }

// Save writes the model to one file, atomically.
func (m *Model) Save(path string) error { return errUnderWay }

// Classify returns the most likely class of an image of any size, and the probabilities of all classes.
func (m *Model) Classify(img image.Image) (label int, probs []float32, err error) {
	return 0, nil, errUnderWay
}

// ClassifyTensor returns the probabilities [n, classes] of normalised images, float32 [n, 3, size, size].
func (m *Model) ClassifyTensor(x *tensor.Dense) (*tensor.Dense, error) { return nil, errUnderWay }

// WriteSafetensors writes the weights under PyTorch's names and layouts.
func (m *Model) WriteSafetensors(path string) error { return errUnderWay }

// ReadSafetensors reads weights under PyTorch's names and layouts.
func (m *Model) ReadSafetensors(path string) error { return errUnderWay }
