package eatnas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// images are the parts of a task's data, which have no image in common.
type images struct {
	train  dataset.Dataset // networks learn from them
	held   dataset.Dataset // choices are made on them
	judged dataset.Dataset // those of held that judge candidates
	test   dataset.Dataset // figures of retrained networks are about them, and nothing else is
}

// open opens the data of a task and divides them.
func (e *engine) open(ctx context.Context, path string, t *task) (*images, error) {
	pool, test, err := e.pool(ctx, path, t)
	if err != nil {
		return nil, fmt.Errorf("%s task: %w", t.name, err)
	}
	d := &images{test: test}
	seed := e.cfg.Seed.For(t.purpose("held"))
	if d.held, d.train, err = dataset.Split(pool, e.cfg.ValShare, seed); err != nil {
		return nil, err
	}
	for c, n := range dataset.Count(d.train) {
		if n == 0 {
			return nil, fmt.Errorf("%s task: class %q has no images to learn from", t.name, d.train.Classes()[c])
		}
	}
	if d.held.Len() == 0 || d.test.Len() == 0 || len(d.train.Classes()) < 2 {
		return nil, fmt.Errorf("%s task: %d classes, %d held-out and %d test images, expected 2 classes and "+
			"some of each",
			t.name, len(d.train.Classes()), d.held.Len(), d.test.Len())
	}
	d.judged, err = data.Some(d.held, t.Judged, seed)
	return d, err
}

func (e *engine) pool(ctx context.Context, path string, t *task) (pool, test dataset.Dataset, err error) {
	if path == "" {
		return t.embedded(e.cfg.Size, e.cfg.Seed.For(t.purpose("pool")))
	}
	if pool, test, err = data.Open(ctx, path, e.cfg.Size, e.cfg.Seed.For(t.purpose("test"))); err != nil {
		return nil, nil, err
	}
	return data.Present(pool, test)
}

// easy are the embedded classes that are easily told apart: trousers, sandals, sneakers, bags and
// boots.
func easy() []int { return []int{1, 5, 7, 8, 9} }

// embeddedSmall is the small task of the embedded images, five classes that are easily told apart.
func embeddedSmall(size int, _ uint64) (pool, test dataset.Dataset, err error) {
	if pool, test, err = fashion.Load(size); err != nil {
		return nil, nil, err
	}
	if pool, err = dataset.ByClass(pool, easy()...); err != nil {
		return nil, nil, err
	}
	test, err = dataset.ByClass(test, easy()...)
	return pool, test, err
}

// largePerClass images of each class make the large task of the embedded images.
const largePerClass = 300

// embeddedLarge is the large task of the embedded images: all ten classes, five of them garments
// that look alike, with fewer images of each.
func embeddedLarge(size int, seed uint64) (pool, test dataset.Dataset, err error) {
	if pool, test, err = fashion.Load(size); err != nil {
		return nil, nil, err
	}
	pool, err = data.PerClass(pool, largePerClass, seed)
	return pool, test, err
}

// ImagesReport says what the images of a task are.
type ImagesReport struct {
	Path    string `json:"path"` // "" = embedded
	Classes int    `json:"classes"`
	Train   int    `json:"train"`
	Held    int    `json:"held"`
	Judged  int    `json:"judged"` // of them, those that judge candidates
	Test    int    `json:"test"`
}

func (t *task) imagesReport() ImagesReport {
	d := t.images
	return ImagesReport{t.path, len(d.train.Classes()), d.train.Len(), d.held.Len(), d.judged.Len(),
		d.test.Len()}
}
