package nasoa

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// heldShare of the pretraining images of a class judge architectures of the search.
const heldShare = 0.1

// source is a data set that tasks are made of.
type source struct {
	name        string
	train, test dataset.Dataset
	images      []int // training images of each class
}

// open opens all data and divides the classes of the first.
func (e *engine) open(ctx context.Context) error {
	train, test, err := e.pair(ctx, e.cfg.Data)
	if err != nil {
		return err
	}
	marks := map[string]any{}
	if marks["data"], err = data.FingerprintOf(ctx, train, test); err != nil {
		return err
	}
	known, rest, err := e.divide(ctx, train)
	if err != nil {
		return err
	}
	pool, err := dataset.ByClass(train, known...)
	if err != nil {
		return err
	}
	if e.known.held, e.known.train, err = dataset.Split(pool, heldShare,
		e.cfg.Seed.For("nasoa.held")); err != nil {
		return err
	}
	if e.known.test, err = dataset.ByClass(test, known...); err != nil {
		return err
	}
	if len(known) < 2 || e.known.held.Len() == 0 || e.known.test.Len() == 0 {
		return fmt.Errorf("%d classes for pretraining, %d held-out and %d test images of them, expected 2 "+
			"classes and "+
			"some of both", len(known), e.known.held.Len(), e.known.test.Len())
	}
	if err := e.addSource(nameOf(e.cfg.Data), train, test, rest); err != nil {
		return err
	}
	for i, path := range e.cfg.More {
		train, test, err := e.pair(ctx, path)
		if err != nil {
			return err
		}
		if marks[fmt.Sprintf("more %d", i+1)], err = data.FingerprintOf(ctx, train, test); err != nil {
			return err
		}
		all := make([]int, len(train.Classes()))
		for c := range all {
			all[c] = c
		}
		if err := e.addSource(nameOf(path), train, test, all); err != nil {
			return err
		}
	}
	if len(e.pools) == 0 && e.cfg.Run != Zoo && e.cfg.Stream.Random+e.cfg.Stream.Chosen > 0 {
		return fmt.Errorf("no data set has two classes of %d images left for tasks", e.cfg.Stream.Fewest)
	}
	if err := e.markOthers(marks); err != nil {
		return err
	}
	if err := e.job.OnData(marks); err != nil {
		return err
	}
	if err := e.job.Begin(); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	e.job.Say("%d classes of %s for pretraining, %d images of %d pixels", len(known), nameOf(e.cfg.Data),
		e.known.train.Len(), train.Size())
	return nil
}

// markOthers marks what a run goes on with beside images: the zoo of another run, and a log.
func (e *engine) markOthers(marks map[string]any) (err error) {
	if e.cfg.From != "" {
		if marks["zoo"], err = Identity(e.cfg.From); err != nil {
			return err
		}
	}
	if path := e.cfg.Stream.Pretaught; path != "" {
		log, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("-pretaught: %w", err)
		}
		marks["pretaught"] = Digest(log)
	}
	return nil
}

// nameOf names the data at a path.
func nameOf(path string) string {
	if path == "" {
		return Embedded
	}
	return filepath.Base(path)
}

// pair opens training and test images of the same classes.
func (e *engine) pair(ctx context.Context, path string) (train, test dataset.Dataset, err error) {
	if path == Embedded {
		path = ""
	}
	if train, test, err = data.Open(ctx, path, e.cfg.Size, e.cfg.Seed.For("nasoa.test")); err != nil {
		return nil, nil, err
	}
	return data.Present(train, test)
}

// divide draws the classes for pretraining; a zoo that is there says which they were.
func (e *engine) divide(_ context.Context, train dataset.Dataset) (known, rest []int, err error) {
	names := train.Classes()
	if e.cfg.From != "" {
		l, err := readLibrary(e.cfg.From)
		if err != nil {
			return nil, nil, err
		}
		for c, name := range names {
			if slices.Contains(l.Classes, name) {
				known = append(known, c)
			} else {
				rest = append(rest, c)
			}
		}
		if len(known) != len(l.Classes) {
			return nil, nil, fmt.Errorf("-data: %d of the %d classes that the zoo of %s was pretrained on: %s",
				len(known),
				len(l.Classes), e.cfg.From, strings.Join(l.Classes, ", "))
		}
		return known, rest, nil
	}
	n := e.cfg.Known
	if n == 0 {
		n = (3*len(names) + 4) / 5
	}
	if n < 2 || n > len(names) {
		return nil, nil, fmt.Errorf("-known %d: expected 2 to %d, the classes of the data", n, len(names))
	}
	order := e.cfg.Seed.Stream("nasoa.classes").Perm(len(names))
	known, rest = order[:n], order[n:]
	slices.Sort(known)
	slices.Sort(rest)
	return known, rest, nil
}

// addSource makes tasks possible of those classes of a data set that have images enough.
func (e *engine) addSource(name string, train, test dataset.Dataset, classes []int) error {
	counts, judged := dataset.Count(train), dataset.Count(test)
	classes = slices.DeleteFunc(slices.Clone(classes), func(c int) bool {
		return counts[c] < e.cfg.Stream.Fewest || judged[c] == 0
	})
	if len(classes) < 2 {
		return nil
	}
	s := &source{name: name}
	var err error
	if s.train, err = dataset.ByClass(train, classes...); err != nil {
		return err
	}
	s.test, err = dataset.ByClass(test, classes...)
	s.images = dataset.Count(s.train)
	e.pools = append(e.pools, s)
	return err
}
