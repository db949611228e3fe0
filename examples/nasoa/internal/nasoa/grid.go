package nasoa

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/supernet"
)

// GridOptions are the regimes of a grid.
type GridOptions struct {
	Models      int       `json:"models"` // of the zoo, evenly from the fastest to the slowest
	Rates       []float64 `json:"rates"`
	Frozen      []int     `json:"frozen"`
	Checkpoints []int     `json:"checkpoints"` // iterations after which a branch has come down, rising
}

// Grid is a task on which all regimes of a grid were tried.
type Grid struct {
	Source     string  `json:"source"`
	Classes    int     `json:"classes"`
	Images     int     `json:"images"`
	Similarity float64 `json:"similarity"`
	Samples    int     `json:"samples"` // test images behind every accuracy
	// Features and Judging, by model, are the time of the features of the task and of judging.
	Features float64            `json:"features"`
	Judging  map[string]float64 `json:"judging"`
	Cells    []GridCell         `json:"cells"`
}

// Task is what the predictor knows of the task.
func (g *Grid) Task() predictor.Task {
	return predictor.Task{Images: g.Images, Classes: g.Classes, Similarity: g.Similarity}
}

// GridCell is what a regime came to.
type GridCell struct {
	Model      string  `json:"model"`
	Rate       float64 `json:"rate"`
	Frozen     int     `json:"frozen"`
	Iterations int     `json:"iterations"`
	Accuracy   float64 `json:"accuracy"` // on test images
	Step       float64 `json:"step"`     // time of a step by the table of the zoo, seconds
}

// Regime is the one that was tried.
func (c *GridCell) Regime() predictor.Regime {
	return predictor.Regime{Model: c.Model, Rate: c.Rate, Frozen: c.Frozen, Iterations: c.Iterations}
}

// TryGrid tries all regimes of a grid on task number i of those held out: the rate stays until a
// checkpoint is near, from where a branch comes down to zero in as many steps as fine-tuning does,
// while the training itself goes on at the full rate.
func TryGrid(ctx context.Context, j *run.Job, cfg *Config, i int, o GridOptions) (*Grid, error) {
	e, err := newEngine(ctx, j, cfg)
	if err != nil {
		return nil, err
	}
	t, err := e.draw(kindGrid, i)
	if err != nil {
		return nil, err
	}
	p, err := e.features(ctx, t)
	if err != nil {
		return nil, err
	}
	g := &Grid{Source: t.source, Classes: p.Classes, Images: p.Images, Similarity: p.Similarity,
		Samples:  t.test.Len(),
		Features: e.classifying(e.library.Reference, p.Images).Seconds(), Judging: map[string]float64{}}
	names := e.spread(o.Models)
	shown := j.Out.Phase("grid", len(names)*len(o.Rates)*len(o.Frozen))
	done := 0
	for _, name := range names {
		g.Judging[name] = e.classifying(name, g.Samples).Seconds()
		for _, rate := range o.Rates {
			for _, frozen := range o.Frozen {
				r := predictor.Regime{Model: name, Rate: rate, Frozen: frozen}
				some, err := run.Once(j, fmt.Sprintf("grid-%d", done+1), func() ([]GridCell, error) {
					return e.branches(ctx, t, r, o.Checkpoints, e.cfg.Seed.For("nasoa.grid", i, done))
				})
				if err != nil {
					return nil, err
				}
				g.Cells = append(g.Cells, some...)
				done++
				shown.Set(done, "")
			}
		}
	}
	return g, nil
}

// newEngine opens the data and the zoo of another run.
func newEngine(ctx context.Context, j *run.Job, cfg *Config) (*engine, error) {
	if cfg.From == "" {
		return nil, fmt.Errorf("-from is needed: the folder of a run that has built a zoo")
	}
	e := &engine{cfg: cfg, job: j, loaded: map[string]*supernet.Model{}}
	if err := e.open(ctx); err != nil {
		return nil, err
	}
	return e, e.reuse(ctx, cfg.From)
}

// spread picks n models, evenly by the order of the zoo, which the search left from fast to slow.
func (e *engine) spread(n int) (names []string) {
	list := e.models()
	n = min(n, len(list))
	for i := range n {
		at := 0
		if n > 1 {
			at = i * (len(list) - 1) / (n - 1)
		}
		names = append(names, list[at].Name)
	}
	return names
}

// branches trains by a regime up to the last checkpoint, and at each of them comes down.
func (e *engine) branches(ctx context.Context, t *task, r predictor.Regime, checkpoints []int, seed uint64) (
	[]GridCell, error) {
	m, err := e.adapted(ctx, r.Model, t.train.Classes())
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nasoa")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	step, err := timetable{e.zoo}.StepTime(r.Model, r.Frozen, min(e.cfg.Tune.Batch, t.train.Len()),
		e.library.Size)
	if err != nil {
		return nil, err
	}
	var list []GridCell
	at := 0 // steps behind
	for k, n := range checkpoints {
		fall := min(e.cfg.Tune.Fall, n-at)
		segment := r
		if segment.Iterations = n - fall - at; segment.Iterations > 0 {
			flat := func(step int) (float64, bool) { return 1, step < segment.Iterations }
			if _, err := e.fineTune(ctx, m, t.train, segment, counted(flat), seed+uint64(2*k)); err != nil {
				return nil, err
			}
			at = n - fall
		}
		path := filepath.Join(dir, "branch.ckpt")
		if err := m.Save(ctx, path); err != nil {
			return nil, err
		}
		branch, err := supernet.LoadModel(path, nil)
		if err != nil {
			return nil, err
		}
		segment.Iterations = fall
		if _, err := e.fineTune(ctx, branch, t.train, segment, counted(falling(fall, fall)),
			seed+uint64(2*k+1)); err != nil {
			return nil, err
		}
		got, err := branch.Evaluate(ctx, t.test, nil)
		if err != nil {
			return nil, err
		}
		list = append(list, GridCell{Model: r.Model, Rate: r.Rate, Frozen: r.Frozen, Iterations: n,
			Accuracy: got.Accuracy,
			Step:     step.Seconds()})
	}
	return list, nil
}
