package eas

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// images are the parts of the data, which have no image in common. Their classes are those of the
// superclasses, one superclass after the other.
type images struct {
	train  dataset.Dataset // the supernet learns from them
	learn  dataset.Dataset // generators and predictors learn from them
	choose dataset.Dataset // choices among few architectures are made on them
	test   dataset.Dataset // figures are about them, and nothing else is
}

// open opens the data and divides them.
func (e *engine) open(ctx context.Context) error {
	pool, test, err := data.Open(ctx, e.cfg.Data, e.cfg.Size, e.cfg.Seed.For("eas.pool"))
	if err != nil {
		return err
	}
	labels, groups, err := number(e.superclasses, pool.Classes())
	if err != nil {
		return err
	}
	if len(groups) < 2 {
		return errors.New("one superclass, expected at least two")
	}
	if pool, err = dataset.ByClass(pool, labels...); err != nil {
		return err
	}
	if labels, _, err = number(e.superclasses, test.Classes()); err != nil {
		return fmt.Errorf("test images: %w", err)
	}
	if test, err = dataset.ByClass(test, labels...); err != nil {
		return err
	}
	e.groups = groups
	d := &e.images
	if d.test, err = data.Some(test, e.cfg.Tested, e.cfg.Seed.For("eas.tested")); err != nil {
		return err
	}
	if d.learn, d.train, err = dataset.Split(pool, e.cfg.LearnShare, e.cfg.Seed.For("eas.learn")); err != nil {
		return err
	}
	share := e.cfg.ChooseShare / (1 - e.cfg.LearnShare) // of what is left
	if d.choose, d.train, err = dataset.Split(d.train, share, e.cfg.Seed.For("eas.choose")); err != nil {
		return err
	}
	if d.train, err = data.Some(d.train, e.cfg.Images, e.cfg.Seed.For("eas.images")); err != nil {
		return err
	}
	return e.checkParts()
}

// checkParts reports a superclass without images of a part, and a class that cannot be learnt.
func (e *engine) checkParts() error {
	for name, part := range map[string]dataset.Dataset{"learn": e.images.learn, "choose": e.images.choose,
		"test": e.images.test} {
		counts := dataset.Count(part)
		for k, group := range e.groups {
			n := 0
			for _, c := range group {
				n += counts[c]
			}
			if n == 0 {
				return fmt.Errorf("superclass %q has no images to %s", e.superclasses[k].Name, name)
			}
		}
	}
	for c, n := range dataset.Count(e.images.train) {
		if n == 0 {
			return fmt.Errorf("class %q has no images to learn from", e.images.train.Classes()[c])
		}
	}
	return nil
}

// ImagesReport says what the images are.
type ImagesReport struct {
	Path         string `json:"path"` // "" = embedded
	Superclasses int    `json:"superclasses"`
	Classes      int    `json:"classes"`
	Train        int    `json:"train"`
	Learn        int    `json:"learn"`
	Choose       int    `json:"choose"`
	Test         int    `json:"test"`
}

func (e *engine) imagesReport() ImagesReport {
	d := &e.images
	return ImagesReport{e.cfg.Data, len(e.groups), len(d.train.Classes()), d.train.Len(), d.learn.Len(),
		d.choose.Len(), d.test.Len()}
}
