package dataset

import (
	"context"
	"iter"
)

// Batch is a group of images ready for a network. It belongs to the iterator and is valid until the
// next one is asked for; copy what must live longer.
type Batch struct {
	X       []float32 // normalised pixels, NHWC: N·Size·Size·3 values
	Labels  []int     // class of each image
	Indices []int     // index of each image in the dataset
	N       int       // images in this batch
	Size    int       // side of the images in pixels
}

// LoaderOptions are how a dataset is served in batches. The zero value serves everything once, in
// order, in batches of 64, not augmented.
type LoaderOptions struct {
	// BatchSize in images. 0 = 64.
	BatchSize int
	// Shuffle serves the images in an order drawn from Seed and Epoch.
	Shuffle bool
	// Seed of the order and of the augmentation: image i of epoch e is augmented by a stream of its
	// own.
	Seed uint64
	// Epoch counts passes over the data, below 1<<32.
	Epoch int
	// Skip is the number of batches at the start that are passed over, to resume inside an epoch.
	Skip int
	// Augment changes the images at random. Nil = none.
	Augment *Augment
	// Normalization of the pixels. Zero = ImageNet's.
	Normalization Normalization
	// Workers is the number of goroutines that prepare images ahead of the caller. 0 = GOMAXPROCS,
	// at most 4. The batches do not depend on it.
	Workers int
	// DropLast leaves out a last batch that is not full.
	DropLast bool
}

// Steps is the number of batches in an epoch over n images, Skip not counted.
func (o LoaderOptions) Steps(n int) int {
	b := o.BatchSize
	if b <= 0 {
		b = defaultBatch
	}
	if o.DropLast {
		return n / b
	}
	return (n + b - 1) / b
}

const defaultBatch = 64

// Batches serves one epoch of ds. Images are prepared in other goroutines while the caller works on
// the batch before; all of them have ended when the loop ends, however it ends. A cancelled context
// or an image that cannot be had ends the sequence: the last pair is a nil batch and the error.
//
// Order and bits of the batches depend on ds, BatchSize, Shuffle, Seed, Epoch, Augment and
// Normalization, not on Workers or GOMAXPROCS.
func Batches(ctx context.Context, ds Dataset, o LoaderOptions) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		l, err := newLoader(ds, o)
		if err != nil {
			yield(nil, err)
			return
		}
		l.run(ctx, yield)
	}
}
