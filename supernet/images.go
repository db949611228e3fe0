package supernet

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

const (
	defaultEvalBatch         = 100
	defaultCalibrationImages = 2000
	defaultCacheBytes        = 256 << 20
)

// images serves a data set in order, again and again, without augmentation. Normalised pixels are kept in memory if all of
// them fit into the cache.
type images struct {
	ds     dataset.Dataset
	loader dataset.LoaderOptions
	cached bool
	kept   []dataset.Batch
}

func newImages(ds dataset.Dataset, batch int, norm dataset.Normalization, cacheBytes int64) *images {
	if cacheBytes == 0 {
		cacheBytes = defaultCacheBytes
	}
	bytes := int64(ds.Len()) * int64(ds.Size()) * int64(ds.Size()) * 3 * 4
	return &images{
		ds:     ds,
		loader: dataset.LoaderOptions{BatchSize: orInt(batch, defaultEvalBatch), Normalization: norm},
		cached: bytes <= cacheBytes,
	}
}

// each calls f for every batch, in order. The batch is valid during the call.
func (im *images) each(ctx context.Context, f func(b *dataset.Batch) error) error {
	if im.kept != nil {
		for i := range im.kept {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(&im.kept[i]); err != nil {
				return err
			}
		}
		return nil
	}
	var kept []dataset.Batch
	for b, err := range dataset.Batches(ctx, im.ds, im.loader) {
		if err != nil {
			return err
		}
		if im.cached {
			kept = append(kept, dataset.Batch{X: slices.Clone(b.X), Labels: slices.Clone(b.Labels), N: b.N, Size: b.Size})
		}
		if err := f(b); err != nil {
			return err
		}
	}
	im.kept = kept
	return nil
}

// calibrationSet draws the images that batch-norm statistics are gathered on: n of them, by a stream of their own, in the order
// drawn so that batches mix the classes of a sorted data set.
func calibrationSet(ds dataset.Dataset, n int, seed uint64) (dataset.Dataset, error) {
	n = min(orInt(n, defaultCalibrationImages), ds.Len())
	if n < 2 {
		return nil, fmt.Errorf("%w: %d images to gather batch-norm statistics on, expected at least 2", ErrData, n)
	}
	order := stream.New(seed, "supernet.calibration", uint64(n)).Perm(ds.Len())
	return dataset.Subset(ds, order[:n])
}

// checkData reports whether a network for images of the given size can read a data set.
func checkData(ds dataset.Dataset, size int) error {
	switch {
	case ds == nil:
		return fmt.Errorf("%w: no data set", ErrData)
	case ds.Len() == 0:
		return fmt.Errorf("%w: no images", ErrData)
	case ds.Size() != size:
		return fmt.Errorf("%w: images of %d pixels, expected %d", ErrData, ds.Size(), size)
	}
	return nil
}

// checkLabels reports whether every label is a class of the network.
func checkLabels(ds dataset.Dataset, classes int) error {
	for i := range ds.Len() {
		if l := ds.Label(i); l < 0 || l >= classes {
			return fmt.Errorf("%w: image %d has label %d, the network %d classes", ErrData, i, l, classes)
		}
	}
	return nil
}
