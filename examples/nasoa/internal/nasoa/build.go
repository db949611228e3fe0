package nasoa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/machine"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/zoo"
)

// build searches for a zoo, pretrains its models and measures them.
func (e *engine) build(ctx context.Context, rep *Report) error {
	if err := e.newSpace(); err != nil {
		return err
	}
	var points []Point
	var err error
	if e.recorded != nil {
		points = e.recorded.Points
	} else if points, err = e.find(ctx); err != nil {
		return err
	}
	rep.Points = points
	candidates := choose(points, max(e.cfg.Models, e.cfg.Candidates))
	if len(candidates) == 0 {
		return errors.New("the search has found no architecture that keeps its limits")
	}
	dir, err := e.zooFolder()
	if err != nil {
		return err
	}
	if e.zoo, err = zoo.Open(dir, nil); err != nil {
		return err
	}
	for i := range candidates {
		if e.recorded.lacks(modelName(i)) {
			continue
		}
		if err := e.pretrain(ctx, i, &candidates[i]); err != nil {
			return err
		}
	}
	if _, err := run.Once(e.job, "times", func() (int, error) { return e.zoo.Len(), e.measure(ctx) }); err != nil {
		return err
	}
	if rep.Candidates, err = e.thin(candidates); err != nil {
		return err
	}
	e.library, err = run.Once(e.job, libraryPhase, func() (*library, error) { return e.refer(ctx) })
	return err
}

// zooFolder is that of the run; without a folder, a temporary one.
func (e *engine) zooFolder() (string, error) {
	if path := e.job.Path(zooFolder); path != "" {
		return path, nil
	}
	return os.MkdirTemp("", "nasoa")
}

// close removes a zoo that is not kept.
func (e *engine) close() error {
	if e.cfg.From == "" && e.job.Path(zooFolder) == "" && e.zoo != nil {
		return os.RemoveAll(e.zoo.Dir())
	}
	return nil
}

// measure fills in the times of all models, one after the other.
func (e *engine) measure(ctx context.Context) error {
	batches := []int{8, 16}
	if b := e.cfg.Tune.Batch; b > 16 {
		batches = append(batches, b)
	}
	shown := e.job.Out.Phase("times", e.zoo.Len())
	for i, entry := range e.zoo.Entries() {
		if e.recorded != nil {
			if err := e.recorded.time(&entry); err != nil {
				return err
			}
			if err := e.zoo.Describe(entry); err != nil {
				return err
			}
			continue
		}
		m, err := e.base(ctx, entry.Name)
		if err != nil {
			return err
		}
		s := &zoo.Sizes{Batches: batches, Frozen: e.cfg.Tune.Frozen, Machine: machine.CPU()}
		if err := zoo.Measure(ctx, &entry, clockOf(m), s); err != nil {
			return err
		}
		s = &zoo.Sizes{Batches: []int{judgedBatch}, Frozen: []int{}, Machine: machine.CPU()}
		if err := zoo.Measure(ctx, &entry, clockOf(m), s); err != nil {
			return err
		}
		if err := e.zoo.Describe(entry); err != nil {
			return err
		}
		shown.Set(i+1, entry.Name)
	}
	return nil
}

// judgedBatch is how many images networks judge at a time.
const judgedBatch = 100

// clockOf times a model for a zoo.
func clockOf(m *supernet.Model) zoo.Clock {
	return zoo.Clock{
		Step: func(ctx context.Context, batch int, frozen []int) (zoo.Timing, error) {
			return timed(m.TimeStep(ctx, &supernet.TimeOptions{BatchSize: batch, FrozenStages: frozen}))
		},
		Inference: func(ctx context.Context, batch int) (zoo.Timing, error) {
			return timed(m.TimeInference(ctx, &supernet.TimeOptions{BatchSize: batch}))
		},
	}
}

// refer makes the model of the zoo that classifies fastest the one whose features tell data apart.
func (e *engine) refer(ctx context.Context) (*library, error) {
	l := &library{Size: e.cfg.Size, Tune: e.cfg.Tune, Data: nameOf(e.cfg.Data), Classes: e.known.train.Classes()}
	least := 0.0
	for _, entry := range e.zoo.Entries() {
		if t, ok := inference(&entry); ok && (l.Reference == "" || t < least) {
			l.Reference, least = entry.Name, t
		}
	}
	m, err := e.base(ctx, l.Reference)
	if err != nil {
		return nil, err
	}
	some, err := data.PerClass(e.known.train, prototypeImages, e.cfg.Seed.For("nasoa.prototypes"))
	if err == nil {
		l.Prototypes, l.Images, err = prototypesOf(ctx, m, some)
	}
	return l, err
}

// prototypeImages of each class of pretraining make its prototype.
const prototypeImages = 100

// inference is the time of classifying an image in a batch of judgedBatch, in seconds.
func inference(entry *zoo.Entry) (float64, bool) {
	for _, t := range entry.Inference {
		if t.Batch == judgedBatch {
			return t.Seconds / judgedBatch, true
		}
	}
	return 0, false
}

// reuse takes the zoo of another run.
func (e *engine) reuse(ctx context.Context, dir string) (err error) {
	if e.library, err = readLibrary(dir); err != nil {
		return err
	}
	if e.zoo, err = zoo.Open(filepath.Join(dir, zooFolder), nil); err != nil {
		return err
	}
	if e.zoo.Len() == 0 {
		return fmt.Errorf("-from %s: no model in its zoo", dir)
	}
	if e.library.Size != e.cfg.Size {
		return fmt.Errorf("-size %d: the zoo of %s has models for images of %d pixels", e.cfg.Size, dir,
			e.library.Size)
	}
	e.cfg.Tune.Frozen = e.library.Tune.Frozen
	_, err = e.base(ctx, e.library.Reference)
	return err
}

// loadModel makes a model of what a zoo has.
func loadModel(_ context.Context, _ zoo.Entry, w *io.SectionReader) (*supernet.Model, error) {
	return supernet.ReadModel(w, w.Size(), nil)
}
