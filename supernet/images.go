package supernet

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

const (
	defaultEvalBatch         = 100
	defaultBatchImages       = 256
	defaultCalibrationImages = 2000
	defaultCacheBytes        = 256 << 20
)

// images is images of a data set, served again and again without augmentation, and the classes that
// a network is asked about them.
type images struct {
	cache   *imageCache
	index   []int // numbers of the images, in order
	classes *classSubset
}

func newImages(ds dataset.Dataset, batch int, norm dataset.Normalization, cacheBytes int64) *images {
	return &images{cache: newImageCache(ds, batch, norm, cacheBytes), index: interval(0, ds.Len())}
}

// part is some of the images, by their numbers among these, served from the same memory.
func (im *images) part(index []int) *images {
	out := make([]int, len(index))
	for k, i := range index {
		out[k] = im.index[i]
	}
	return &images{cache: im.cache, index: out, classes: im.classes}
}

// each calls f for every batch, in order. The batch is valid during the call.
func (im *images) each(ctx context.Context, f func(b *dataset.Batch) error) error {
	return im.cache.each(ctx, im.index, f)
}

// labelled is each with labels that are classes of a network, −1 for those that it does not know.
func (im *images) labelled(ctx context.Context, classes classList, f func(b *dataset.Batch) error) error {
	numbers := classes.number(im.cache.ds.Classes())
	return im.each(ctx, func(b *dataset.Batch) error {
		numbers.apply(b.Labels)
		return f(b)
	})
}

// interval lists the numbers from one to below another.
func interval(from, to int) []int {
	out := make([]int, to-from)
	for k := range out {
		out[k] = from + k
	}
	return out
}

// freshBatch is the images of validation batch number k: those that follow in an order of the data
// that is drawn anew whenever its whole batches are used up.
func freshBatch(images, size int, seed uint64, k int) []int {
	size = min(size, images)
	batches := images / size
	order := stream.New(seed, "supernet.batch", uint64(k/batches)).Perm(images)
	return order[k%batches*size:][:size]
}

// calibrationSet draws the images that batch-norm statistics are gathered on: n of them, by a
// stream of their own, in the order drawn so that batches mix the classes of a sorted data set.
func calibrationSet(ds dataset.Dataset, n int, seed uint64) (dataset.Dataset, error) {
	n = min(orInt(n, defaultCalibrationImages), ds.Len())
	if n < 2 {
		return nil, fmt.Errorf("%w: %d images to gather batch-norm statistics on, expected at least 2",
			ErrData, n)
	}
	order := stream.New(seed, "supernet.calibration", uint64(n)).Perm(ds.Len())
	return dataset.Subset(ds, order[:n])
}

// checkData reports whether a network for images of the given size can read a data set.
func checkData(ds dataset.Dataset, size int) error {
	if err := dataset.Check(ds); err != nil {
		return fmt.Errorf("%w: %w", ErrData, err)
	}
	switch {
	case ds.Len() == 0:
		return fmt.Errorf("%w: no images", ErrData)
	case ds.Size() != size:
		return fmt.Errorf("%w: images of %d pixels, expected %d", ErrData, ds.Size(), size)
	}
	return nil
}
