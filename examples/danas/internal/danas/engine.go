package danas

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// engine goes through a run.
type engine struct {
	cfg    *Config
	job    *run.Job
	images *images
	space  *searchspace.Space
	shown  *progress.Phase // of a mixture that trains
	done   int             // updates of its finished phases
}

func newEngine(ctx context.Context, cfg *Config, j *run.Job) (*engine, error) {
	e := &engine{cfg: cfg, job: j}
	if err := e.open(ctx); err != nil {
		return nil, err
	}
	var err error
	e.space, err = searchspace.DANAS(cfg.space(len(e.images.train.Classes())))
	if err != nil {
		return nil, err
	}
	low, high, err := e.space.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		return nil, err
	}
	if t := 1e6 * cfg.Target; !cfg.OnlyEasiness && (t < low || t > high) {
		return nil, fmt.Errorf("-target %g: the space has %.2f to %.2f million multiply-adds", cfg.Target,
			low/1e6,
			high/1e6)
	}
	if err := e.checkRanking(); err != nil {
		return nil, err
	}
	pool, err := dataset.Concat(e.images.train, e.images.val)
	if err != nil {
		return nil, err
	}
	mark, err := data.FingerprintOf(ctx, pool, e.images.test)
	if err != nil {
		return nil, err
	}
	if err := j.OnData(mark); err != nil {
		return nil, err
	}
	e.announce()
	if err := j.Begin(); err != nil {
		return nil, fmt.Errorf("-out: %w", err)
	}
	return e, nil
}

// checkRanking looks whether a given ranking has every class once.
func (e *engine) checkRanking() error {
	if e.cfg.Ranking == nil {
		return nil
	}
	n := len(e.images.train.Classes())
	for k, c := range slices.Sorted(slices.Values(e.cfg.Ranking)) {
		if k != c || len(e.cfg.Ranking) != n {
			return fmt.Errorf("-ranking: %d numbers, expected each of 0 to %d once", len(e.cfg.Ranking), n-1)
		}
	}
	return nil
}

// netOptions are those of a network.
func (e *engine) netOptions(purpose string) *supernet.Options {
	o := &supernet.Options{Seed: e.cfg.Seed.For(purpose), Logger: e.job.Log,
		Classes: e.images.train.Classes()}
	if e.cfg.Data == "" {
		o.Fit = dataset.FitPad
	}
	return o
}

// Run is the whole program. When ctx ends it returns the context's error, and what was finished is
// kept by the job.
func Run(ctx context.Context, j *run.Job, cfg *Config) (*Report, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	r := &Report{Images: e.imagesReport(), Target: cfg.Target}
	ranking := cfg.Ranking
	if ranking == nil {
		if r.Easiness, err = e.easiness(ctx); err != nil {
			return r, err
		}
		e.describeEasiness(r.Easiness)
		ranking = r.Easiness.Easiness.Ranking()
	}
	if cfg.OnlyEasiness {
		return r, e.finish(ctx, nil, r)
	}
	if cfg.Baseline == SinglePath {
		r.SinglePath, err = e.singlePath(ctx, ranking)
	} else {
		r.Search, err = e.search(ctx, ranking)
	}
	if err != nil {
		return r, err
	}
	e.describeSearch(r)
	m, trained, err := e.retrain(ctx, "trained", "retraining", r.found())
	if err != nil {
		return r, err
	}
	r.Trained = trained
	return r, e.finish(ctx, m, r)
}
