package nasoa

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// Names in the folder of a run that has built a zoo.
const (
	zooFolder     = "zoo"
	libraryPhase  = "library"
	generatorFile = "generator"
)

// library is what belongs to a zoo beside its models.
type library struct {
	Reference string   `json:"reference"` // model whose features tell data sets apart
	Size      int      `json:"size"`      // side of images, pixels
	Tune      Tune     `json:"tune"`
	Data      string   `json:"data"` // name of the data of pretraining
	Classes   []string `json:"classes"`
	// Prototypes are the mean features of these classes, one after the other, Images how many
	// images each of them is the mean of.
	Prototypes []float32 `json:"prototypes"`
	Images     []float64 `json:"images"`
}

// readLibrary reads that of the run in a folder.
func readLibrary(dir string) (*library, error) {
	l := &library{}
	there, err := run.NewStore(dir).Read(libraryPhase+".json", l)
	if err == nil && !there {
		err = errors.New("holds no zoo that was finished")
	}
	if err == nil && (l.Reference == "" || len(l.Images) < 1 || len(l.Images) != len(l.Classes) ||
		len(l.Prototypes)%len(l.Images) != 0 || len(l.Prototypes) == 0) {
		err = fmt.Errorf("%s.json is damaged", libraryPhase)
	}
	if err != nil {
		return nil, fmt.Errorf("-from %s: %w", filepath.Clean(dir), err)
	}
	return l, nil
}

// similarity of images to those of pretraining.
func (l *library) similarity(ctx context.Context, reference *supernet.Model, ds dataset.Dataset) (float64,
	error) {
	prototypes, counts, err := prototypesOf(ctx, reference, ds)
	if err != nil {
		return 0, err
	}
	return wasserstein.DomainSimilarity(ctx, rows(l.Prototypes, len(l.Images)), rows(prototypes, len(counts)),
		l.Images, counts, 0)
}

func rows(x []float32, n int) *tensor.Dense {
	return tensor.New(tensor.WithShape(n, len(x)/n), tensor.WithBacking(x))
}

// prototypesOf are the mean features of classes, of those that have images, one after the other.
func prototypesOf(ctx context.Context, m *supernet.Model, ds dataset.Dataset) (prototypes []float32,
	counts []float64,
	err error) {
	n, q := len(ds.Classes()), m.FeatureLen()
	sums, all := make([]float64, n*q), make([]float64, n)
	err = m.Embed(ctx, ds, func(features *tensor.Dense, labels []int) error {
		x, ok := features.Data().([]float32)
		if !ok {
			return fmt.Errorf("features are %v, expected float32", features.Dtype())
		}
		for i, c := range labels {
			all[c]++
			for k, v := range x[i*q : (i+1)*q] {
				sums[c*q+k] += float64(v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for c, count := range all {
		if count == 0 {
			continue
		}
		counts = append(counts, count)
		for _, v := range sums[c*q : (c+1)*q] {
			prototypes = append(prototypes, float32(v/count))
		}
	}
	return prototypes, counts, nil
}
