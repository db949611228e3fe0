package dataset

import (
	"context"
	"fmt"
)

// Open reads the data set at path into memory.
func Open(ctx context.Context, path string, o *Options) (*Memory, error) {
	return nil, fmt.Errorf("%s: %w", path, ErrUnknown)
}

// OpenPair opens the training and the test part of the data set at path.
func OpenPair(ctx context.Context, path string, o *Options) (train, test Dataset, err error) {
	return nil, nil, fmt.Errorf("%s: %w", path, ErrUnknown)
}
