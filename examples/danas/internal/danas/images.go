package danas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// images are the parts of the data, which have no image in common.
type images struct {
	train dataset.Dataset // weights learn from them
	val   dataset.Dataset // architectures learn from them
	test  dataset.Dataset // figures are about them, and nothing else is
}

// open opens the data and divides them.
func (e *engine) open(ctx context.Context) (err error) {
	var pool, test dataset.Dataset
	if e.cfg.Data == "" {
		pool, test, err = fashion.Load(e.cfg.Size)
	} else if pool, test, err = data.Open(ctx, e.cfg.Data, e.cfg.Size,
		e.cfg.Seed.For("danas.test")); err == nil {
		pool, test, err = data.Present(pool, test)
	}
	if err != nil {
		return err
	}
	seed := e.cfg.Seed.For("danas.val")
	least := pool.Len()
	for _, n := range dataset.Count(pool) {
		least = min(least, n)
	}
	classes := len(pool.Classes())
	if classes < 2 || least <= e.cfg.Val {
		return fmt.Errorf("%d classes, the smallest of %d images: expected 2 classes, and more than %d "+
			"images for "+
			"validation", classes, least, e.cfg.Val)
	}
	e.images = &images{test: test}
	if e.images.val, e.images.train, err = data.SplitPerClass(pool, e.cfg.Val, seed); err != nil {
		return err
	}
	if e.images.train, err = data.PerClass(e.images.train, e.cfg.PerClass,
		e.cfg.Seed.For("danas.train")); err != nil {
		return err
	}
	if test.Len() == 0 {
		return fmt.Errorf("no test images")
	}
	return nil
}

// ImagesReport says what the images are.
type ImagesReport struct {
	Path    string   `json:"path"` // "" = embedded
	Classes []string `json:"classes"`
	Train   int      `json:"train"`
	Val     int      `json:"val"`
	Test    int      `json:"test"`
}

func (e *engine) imagesReport() ImagesReport {
	d := e.images
	return ImagesReport{e.cfg.Data, d.train.Classes(), d.train.Len(), d.val.Len(), d.test.Len()}
}
