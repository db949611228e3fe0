package supernet

import (
	"context"
	"slices"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// imageCache serves any images of a data set in batches, as they are. Normalised pixels stay in
// memory if those of all images fit.
type imageCache struct {
	ds     dataset.Dataset
	loader dataset.LoaderOptions
	join   bool // a last batch of one image joins the batch before
	pixels int  // numbers of an image
	fits   bool
	x      []float32
	labels []int
	has    []bool // images in x and labels
}

func newImageCache(ds dataset.Dataset, batch int, norm dataset.Normalization, bytes int64) *imageCache {
	if bytes == 0 {
		bytes = defaultCacheBytes
	}
	pixels := ds.Size() * ds.Size() * 3
	return &imageCache{
		ds:     ds,
		loader: dataset.LoaderOptions{BatchSize: max(orInt(batch, defaultEvalBatch), 1), Normalization: norm},
		pixels: pixels,
		fits:   int64(ds.Len())*int64(pixels)*4 <= bytes,
	}
}

// each calls f for batches of the images with these numbers, in this order. A batch is valid during
// the call.
func (c *imageCache) each(ctx context.Context, index []int, f func(b *dataset.Batch) error) error {
	n, batch := len(index), c.loader.BatchSize
	if !c.join || n <= batch || n%batch != 1 {
		return c.serve(ctx, index, batch, f)
	}
	whole := n - batch - 1
	if err := c.serve(ctx, index[:whole], batch, f); err != nil {
		return err
	}
	return c.serve(ctx, index[whole:], batch+1, f)
}

// serve is each for batches of a size.
func (c *imageCache) serve(ctx context.Context, index []int, batch int,
	f func(b *dataset.Batch) error) error {
	if !c.holds(index) {
		return c.load(ctx, index, batch, f)
	}
	for part := range slices.Chunk(index, batch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(c.batch(part)); err != nil {
			return err
		}
	}
	return nil
}

// load serves images from the data set and keeps them.
func (c *imageCache) load(ctx context.Context, index []int, batch int,
	f func(b *dataset.Batch) error) (err error) {
	ds, loader := c.ds, c.loader
	loader.BatchSize = batch
	if len(index) != ds.Len() || !consecutive(index) {
		if ds, err = dataset.Subset(ds, index); err != nil {
			return err
		}
	}
	for b, err := range dataset.Batches(ctx, ds, loader) {
		if err != nil {
			return err
		}
		c.keep(index[:b.N], b)
		index = index[b.N:]
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}

// holds reports whether images are in memory.
func (c *imageCache) holds(index []int) bool {
	return c.has != nil && !slices.ContainsFunc(index, func(i int) bool { return !c.has[i] })
}

// keep takes a batch of the images with these numbers into memory.
func (c *imageCache) keep(index []int, b *dataset.Batch) {
	if !c.fits {
		return
	}
	if n := c.ds.Len(); c.has == nil {
		c.x, c.labels, c.has = make([]float32, n*c.pixels), make([]int, n), make([]bool, n)
	}
	for k, i := range index {
		copy(c.x[i*c.pixels:(i+1)*c.pixels], b.X[k*c.pixels:])
		c.labels[i], c.has[i] = b.Labels[k], true
	}
}

// batch is images that are in memory; pixels are a copy where the images do not follow each other.
func (c *imageCache) batch(index []int) *dataset.Batch {
	b := &dataset.Batch{N: len(index), Size: c.ds.Size(), Labels: make([]int, len(index))}
	for k, i := range index {
		b.Labels[k] = c.labels[i]
	}
	if consecutive(index) {
		b.X = c.x[index[0]*c.pixels : (index[0]+b.N)*c.pixels]
		return b
	}
	b.X = make([]float32, 0, b.N*c.pixels)
	for _, i := range index {
		b.X = append(b.X, c.x[i*c.pixels:(i+1)*c.pixels]...)
	}
	return b
}

// consecutive reports whether every number is one more than the one before.
func consecutive(index []int) bool {
	for k, i := range index {
		if i != index[0]+k {
			return false
		}
	}
	return true
}
