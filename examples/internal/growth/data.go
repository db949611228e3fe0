package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// OpenData opens the pool of training images that arrive over time, and the test images: the embedded ones for an empty path, else
// whatever format the path holds.
func OpenData(ctx context.Context, path string, size int, seed uint64) (pool, test dataset.Dataset, err error) {
	if path == "" {
		return fashion.Load(size)
	}
	pool, test, err = dataset.OpenPair(ctx, path, &dataset.Options{Size: size, Seed: seed})
	if err != nil {
		return nil, nil, fmt.Errorf("open data: %w", err)
	}
	return pool, test, nil
}
