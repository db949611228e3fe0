// Package data opens and cuts the images of the example programs.
package data

import (
	"context"
	"fmt"
	"image"

	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Open opens a pool of training images and the test images: the embedded ones for an empty path,
// else whatever format the path holds.
func Open(ctx context.Context, path string, size int, seed uint64) (train, test dataset.Dataset, err error) {
	if path == "" {
		return fashion.Load(size)
	}
	train, test, err = dataset.OpenPair(ctx, path, &dataset.Options{Size: size, Seed: seed})
	if err != nil {
		return nil, nil, fmt.Errorf("open data: %w", err)
	}
	return train, test, nil
}

// Present leaves out the classes that the pool has no images of: they cannot be learnt.
func Present(pool, test dataset.Dataset) (dataset.Dataset, dataset.Dataset, error) {
	var labels []int
	for label, n := range dataset.Count(pool) {
		if n > 0 {
			labels = append(labels, label)
		}
	}
	if len(labels) == len(pool.Classes()) || len(test.Classes()) != len(pool.Classes()) {
		return pool, test, nil
	}
	p, err := dataset.ByClass(pool, labels...)
	if err != nil {
		return nil, nil, err
	}
	t, err := dataset.ByClass(test, labels...)
	return p, t, err
}

// Some draws about n images of ds with the seed, the same share of every class; n ≤ 0 returns ds
// itself.
func Some(ds dataset.Dataset, n int, seed uint64) (dataset.Dataset, error) {
	if n <= 0 || n >= ds.Len() {
		return ds, nil
	}
	return dataset.Fraction(ds, float64(n)/float64(ds.Len()), seed)
}

// Picture makes image i of ds an image.Image, as a client would send it.
func Picture(ds dataset.Dataset, i int) (image.Image, error) {
	size := ds.Size()
	pixels := make([]uint8, size*size*3)
	if err := ds.Image(i, pixels); err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for p := range size * size {
		copy(img.Pix[4*p:4*p+3], pixels[3*p:3*p+3])
		img.Pix[4*p+3] = 255
	}
	return img, nil
}
