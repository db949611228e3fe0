package main

import (
	"context"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// archive is where images lie: a folder of them as they were once, and one of each batch since.
type archive struct {
	Base   string   `json:"base,omitempty"`
	Parts  []string `json:"parts,omitempty"`
	Images int      `json:"images,omitempty"` // in parts
}

// add appends a batch to a set and keeps it under a new name: the batch alone, or everything when
// there is much in folders of batches, so that an image is written about twice whatever comes.
func (a archive) add(ctx context.Context, s *store, name string, set *dataset.Growing,
	batch dataset.Dataset) (archive, error) {
	if err := set.Append(ctx, batch); err != nil {
		return a, err
	}
	kept, next := set, archive{Base: name}
	if images := a.Images + batch.Len(); a.Base != "" && 2*images < set.Snapshot().Len() {
		next = archive{a.Base, append(a.Parts[:len(a.Parts):len(a.Parts)], name), images}
		var err error
		if kept, err = dataset.NewGrowing(batch.Size(), nil); err != nil {
			return a, err
		}
		if err := kept.Append(ctx, batch); err != nil {
			return a, err
		}
	}
	_, err := s.save(name, func(path string) error { return kept.Save(ctx, path) })
	return next, err
}

// open reads what add kept. Which images stay within the bounds follows from all that came, so the
// set is the one that was kept.
func (a archive) open(ctx context.Context, s *store, size int, o *dataset.GrowingOptions) (
	*dataset.Growing, error) {
	if a.Base == "" {
		return dataset.NewGrowing(size, o)
	}
	set, err := dataset.LoadGrowing(s.path(a.Base), o)
	if err != nil {
		return nil, err
	}
	for _, name := range a.Parts {
		part, err := dataset.LoadGrowing(s.path(name), nil)
		if err != nil {
			return nil, err
		}
		if err := set.Append(ctx, part.Snapshot()); err != nil {
			return nil, err
		}
	}
	return set, nil
}
