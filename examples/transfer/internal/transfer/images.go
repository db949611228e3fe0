package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// images are the three parts of the data, which have no image in common.
type images struct {
	train dataset.Dataset // networks learn from them
	held  dataset.Dataset // choices are made on them; in random order
	test  dataset.Dataset // figures are about them, and nothing else is
}

// leastImages of each class outside the test part: one to learn from, one for choices.
const leastImages = 2

// open opens the data and divides them.
func (e *engine) open(ctx context.Context) (*images, error) {
	cfg := e.cfg
	pool, test, err := Pool(ctx, cfg)
	if err != nil {
		return nil, err
	}
	mark, err := data.FingerprintOf(ctx, pool, test)
	if err != nil {
		return nil, err
	}
	if err := e.job.OnData(mark); err != nil {
		return nil, err
	}
	held, train, err := dataset.Split(pool, cfg.ValShare, cfg.Seed.For(seedHeld))
	if err != nil {
		return nil, err
	}
	if held, err = dataset.Shuffle(held, cfg.Seed.For(seedHeld)); err != nil {
		return nil, err
	}
	for c, n := range dataset.Count(train) {
		if n == 0 {
			return nil, fmt.Errorf("-val %v leaves class %q without images to learn from", cfg.ValShare,
				train.Classes()[c])
		}
	}
	return &images{train: train, held: held, test: test}, nil
}

// Pool opens the data of these settings: the images of each class that are drawn, to learn from and
// to be held out, and the test images.
func Pool(ctx context.Context, cfg *Config) (pool, test dataset.Dataset, err error) {
	pool, test, err = data.Open(ctx, cfg.Data, cfg.Size, cfg.Seed.For(seedTest))
	if errors.Is(err, dataset.ErrUnknown) {
		return nil, nil, fmt.Errorf("%w; expected a folder with one folder of images for each class", err)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := enough(pool, test); err != nil {
		return nil, nil, err
	}
	if pool, test, err = data.Present(pool, test); err != nil {
		return nil, nil, err
	}
	pool, err = data.PerClass(pool, cfg.PerClass, cfg.Seed.For(seedImages))
	return pool, test, err
}

// enough reports data that are too few to learn anything from.
func enough(pool, test dataset.Dataset) error {
	classes, learn, judge := pool.Classes(), dataset.Count(pool), dataset.Count(test)
	var few []string
	seen, last := 0, ""
	for c, name := range classes {
		if learn[c]+judge[c] > 0 {
			seen, last = seen+1, name
		}
		if learn[c] >= leastImages || learn[c]+judge[c] == 0 {
			continue
		}
		all := fmt.Sprintf("%d images", learn[c]+judge[c])
		if learn[c]+judge[c] == 1 {
			all = "1 image"
		}
		few = append(few, fmt.Sprintf("%q (%s)", name, all))
	}
	if seen < 2 {
		return fmt.Errorf("all %d images are of one class, %q: expected a folder for each of at least two classes",
			pool.Len()+test.Len(), last)
	}
	if len(few) > 0 {
		const shown = 5
		more := ""
		if len(few) > shown {
			few, more = few[:shown], fmt.Sprintf(" and %d more", len(few)-shown)
		}
		return fmt.Errorf("too few images of class %s%s: a class needs at least three, to learn from, "+
			"to choose by and to test on, and should have dozens", strings.Join(few, ", "), more)
	}
	if test.Len() == 0 {
		return errors.New("the test part has no images")
	}
	return nil
}

// ImagesReport says what the images are.
type ImagesReport struct {
	Path    string   `json:"path"` // "" = the embedded images
	Size    int      `json:"size"` // side in pixels
	Classes []string `json:"classes"`
	Train   int      `json:"train"`
	Held    int      `json:"held"`
	Test    int      `json:"test"`
}

func (e *engine) imagesReport() ImagesReport {
	d := e.images
	return ImagesReport{e.cfg.Data, e.cfg.Size, d.train.Classes(), d.train.Len(), d.held.Len(), d.test.Len()}
}

// imageName names a test image for people.
func (e *engine) imageName(i int) string {
	if s := dataset.Source(e.images.test, i); s != "" {
		return s
	}
	return fmt.Sprintf("test image %d", i)
}
