package main

import (
	"context"
	"errors"
	"math"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// images are D_t, what was received and is kept, in two parts that never exchange an image: one to
// train on, and one held out, on which architectures are judged.
type images struct {
	train, held *dataset.Growing
}

// all are both parts.
func (d *images) all() (dataset.Dataset, error) {
	return dataset.Concat(d.train.Snapshot(), d.held.Snapshot())
}

// classes are the names of all classes, in the order in which they came.
func (d *images) classes() []string { return d.train.Snapshot().Classes() }

// seen is how many images of each class came, by name.
func (d *images) seen() map[string]int {
	out := map[string]int{}
	for _, set := range []*dataset.Growing{d.train, d.held} {
		for c, n := range set.Seen() {
			out[set.Snapshot().Classes()[c]] += n
		}
	}
	return out
}

// judges are the held-out images in a random order: they came by classes, and are judged on in
// blocks.
func (d *images) judges(seed uint64) (dataset.Dataset, error) {
	held := d.held.Snapshot()
	if held.Len() == 0 {
		return nil, errors.New("no images are held out yet to judge architectures on")
	}
	return dataset.Shuffle(held, seed)
}

// data are D_t.
func (s *Service) data(ctx context.Context) (*images, error) {
	if s.images != nil {
		return s.images, nil
	}
	size, share := s.cfg.Space.InputSize, s.cfg.HeldOut
	train, err := s.store.Train.open(ctx, s.store, size, s.cfg.kept(1-share))
	if err != nil {
		return nil, err
	}
	held, err := s.store.Held.open(ctx, s.store, size, s.cfg.kept(share))
	if err != nil {
		return nil, err
	}
	s.images = &images{train, held}
	return s.images, nil
}

// keepBatch makes a batch part of the state, with what is known of it under the models.
func (s *Service) keepBatch(ctx context.Context, batch dataset.Dataset, ticket string,
	serving, previous *watched) error {
	// What failed for the data so far will not be gone on with on other data.
	if err := s.giveUp(); err != nil {
		return err
	}
	d, err := s.data(ctx)
	if err != nil {
		return err
	}
	train, held, err := divide(batch, s.cfg.HeldOut, d.seen())
	if err != nil {
		return err
	}
	s.images = nil // when something fails below, they are read again
	err = s.store.commit(func(m *manifest) (err error) {
		if m.Train, err = m.Train.add(ctx, s.store, m.name("train"), d.train, train); err != nil {
			return err
		}
		if m.Held, err = m.Held.add(ctx, s.store, m.name("held"), d.held, held); err != nil {
			return err
		}
		if m.Serving, err = serving.update(s.store, m.Serving, m.name("serving-now")); err != nil {
			return err
		}
		if m.Previous, err = previous.update(s.store, m.Previous, m.name("previous-now")); err != nil {
			return err
		}
		m.Batches++
		m.Ticket = ticket
		if s.expert != nil {
			m.Answered = s.expert.Step()
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.images, s.trained = d, nil
	s.received.Store(int64(s.store.Batches))
	s.metrics.batches.Add(1)
	s.metrics.images.Add(int64(batch.Len()))
	if s.expert == nil {
		return s.openExpert(ctx)
	}
	return nil
}

// interval is the images from to to−1 of a set.
func interval(ds dataset.Dataset, from, to int) (dataset.Dataset, error) {
	index := make([]int, max(to-from, 0))
	for i := range index {
		index[i] = from + i
	}
	return dataset.Subset(ds, index)
}

// present is a batch without the classes that it has no images of: they count as announced when
// they come.
func present(batch dataset.Dataset) (dataset.Dataset, error) {
	var labels []int
	for l, n := range dataset.Count(batch) {
		if n > 0 {
			labels = append(labels, l)
		}
	}
	if len(labels) == 0 {
		return nil, errors.New("a batch without images")
	}
	return dataset.ByClass(batch, labels...)
}

// divide holds out a share of each class of a batch. Images are counted from the first one that
// came (seen goes on), so that each class has its part, whether it comes in small batches or large
// ones.
func divide(batch dataset.Dataset, share float64, seen map[string]int) (
	train, held dataset.Dataset, err error) {
	var to, out []int
	for i := range batch.Len() {
		name := batch.Classes()[batch.Label(i)]
		n := float64(seen[name])
		seen[name]++
		if math.Floor((n+1)*share+0.5) > math.Floor(n*share+0.5) {
			out = append(out, i)
		} else {
			to = append(to, i)
		}
	}
	if train, err = dataset.Subset(batch, to); err != nil {
		return nil, nil, err
	}
	held, err = dataset.Subset(batch, out)
	return train, held, err
}
