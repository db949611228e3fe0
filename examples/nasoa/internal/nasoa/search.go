package nasoa

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/zoo"
)

// Levels of the search.
const (
	blockLevel = "block"
	macroLevel = "macro"
)

// Point is an architecture that the search has measured.
type Point struct {
	Arch     string  `json:"arch"`
	Level    string  `json:"level"`
	Accuracy float64 `json:"accuracy"` // on held-out images after a short training, a fraction
	Step     float64 `json:"step"`     // of training, seconds
	Over     bool    `json:"over,omitempty"`
}

// newSpace is the space of the search.
func (e *engine) newSpace() (err error) {
	s := &e.cfg.Search
	e.space, err = searchspace.ETNAS(searchspace.ETNASOptions{InputSize: e.cfg.Size,
		Classes: len(e.known.train.Classes()), Channels: s.Channels, Blocks: s.Blocks,
		StemStride: s.Stride})
	if err == nil {
		e.space, err = e.space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Max: 1e6 * s.MAdds})
	}
	return err
}

// find searches blocks, then macro layouts of the best blocks, beginning with those that the blocks
// were found in.
func (e *engine) find(ctx context.Context) ([]Point, error) {
	layout, err := e.space.Parse(e.cfg.Search.Layout)
	if err != nil {
		return nil, fmt.Errorf("-search-layout: %w", err)
	}
	blocks, err := e.level(ctx, blockLevel, e.cfg.Search.Block, []searchspace.Arch{layout},
		searchspace.ETNASGenesOptions{Layout: layout, Operators: searchspace.ETNASBlockOperators()})
	if err != nil {
		return nil, err
	}
	var found []searchspace.Arch
	for _, p := range front(blocks) {
		a, err := e.space.Parse(p.Arch)
		if err != nil {
			return nil, err
		}
		found = append(found, a)
	}
	macro, err := e.level(ctx, macroLevel, e.cfg.Search.Macro, found,
		searchspace.ETNASGenesOptions{Blocks: found,
			Operators: append(searchspace.ETNASMacroOperators(), searchspace.ETNASExchangeBlock)})
	return append(blocks, macro...), err
}

// level searches on one level; what it finds is remembered.
func (e *engine) level(ctx context.Context, name string, evaluations int, initial []searchspace.Arch,
	o searchspace.ETNASGenesOptions) ([]Point, error) {
	phase, s := "search-"+name, &e.cfg.Search
	return run.Once(e.job, phase, func() ([]Point, error) {
		genes, err := searchspace.NewETNASGenes(e.space, &o)
		if err != nil {
			return nil, err
		}
		strategy, err := evolution.NewNSGA2(genes, &evolution.NSGA2Options[searchspace.Arch]{
			BreedOptions: evolution.BreedOptions[searchspace.Arch]{Population: e.cfg.Search.Population, Mutants: true,
				Initial: initial, Seed: e.cfg.Seed.For("nasoa.search." + name)}})
		if err != nil {
			return nil, err
		}
		evaluator, err := e.evaluator()
		if err != nil {
			return nil, err
		}
		path := e.job.Scratch(phase)
		x, err := evolution.NewSearchOf(genes, strategy, evolution.PointFunc[searchspace.Arch](
			func(ctx context.Context, a searchspace.Arch) (evolution.Point, error) {
				t, err := evaluator.Evaluate(ctx, a)
				if err != nil {
					return evolution.Point{}, err
				}
				values, errs, violation := t.Objectives()
				return evolution.Point{Objectives: values, Errors: errs, Violations: []float64{violation}}, nil
			}), &evolution.SearchOptions{Evaluations: evaluations, Workers: e.cfg.Search.Workers,
			Window: searchWindow, Checkpoint: path})
		if err != nil {
			return nil, err
		}
		if path != "" {
			if err := x.Resume(ctx, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		shown := e.job.Out.Phase(searchTitle(name), evaluations)
		x.Observe(func([]evolution.Record[searchspace.Arch]) error {
			shown.Set(len(x.History()), fmt.Sprintf("front of %d", len(x.Front())))
			return nil
		})
		if _, err := x.Run(ctx); errors.Is(err, evolution.ErrNothing) && s.Step > 0 {
			return nil, fmt.Errorf("search, %s level: %w: -search-step %g: the fastest step took %.3g ms", name, err, s.Step,
				1e3*fastest(e.points(name, x.History())))
		} else if err != nil {
			return nil, err
		}
		return e.points(name, x.History()), ctx.Err()
	})
}

// searchWindow is how many architectures are proposed and not yet told: the history depends on it,
// and not on the number of workers.
const searchWindow = 4

// points are the architectures that could be measured.
func (e *engine) points(level string, history []evolution.Record[searchspace.Arch]) (list []Point) {
	for _, r := range history {
		if r.Failed || r.Cached {
			continue
		}
		list = append(list, Point{Arch: e.space.Format(r.Genome), Level: level, Accuracy: 1 - r.Objectives[0],
			Step: r.Objectives[1], Over: r.Violation() > 0})
	}
	return list
}

// fastest is the least step time of points.
func fastest(points []Point) float64 {
	least := math.Inf(1)
	for _, p := range points {
		least = min(least, p.Step)
	}
	return least
}

// front are the points that no other beats in accuracy and time of a step, the fastest first.
func front(points []Point) (list []Point) {
	sorted := slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return p.Over })
	slices.SortStableFunc(sorted, func(a, b Point) int {
		if a.Step != b.Step {
			return cmp.Compare(a.Step, b.Step)
		}
		return cmp.Compare(b.Accuracy, a.Accuracy)
	})
	for _, p := range sorted {
		if len(list) == 0 || p.Accuracy > list[len(list)-1].Accuracy {
			list = append(list, p)
		}
	}
	return list
}

// evaluator judges architectures for the search.
func (e *engine) evaluator() (*zoo.Evaluator, error) {
	train, err := data.Some(e.known.train, e.cfg.Search.Images, e.cfg.Seed.For("nasoa.search.images"))
	if err != nil {
		return nil, err
	}
	held, err := data.Some(e.known.held, e.cfg.Search.Judged, e.cfg.Seed.For("nasoa.search.judged"))
	if err != nil {
		return nil, err
	}
	return zoo.NewEvaluator(func(_ context.Context, a searchspace.Arch) (zoo.Candidate, error) {
		return &candidate{e: e, arch: a, train: train, held: held}, nil
	}, &zoo.EvaluatorOptions{StepLimit: e.cfg.Search.Step / 1000})
}
