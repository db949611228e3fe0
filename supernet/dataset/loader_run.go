package dataset

import "context"

type loader struct {
	ds Dataset
	o  LoaderOptions
}

func newLoader(ds Dataset, o LoaderOptions) (*loader, error) { return &loader{ds, o}, nil }

func (l *loader) run(ctx context.Context, yield func(*Batch, error) bool) {}
