package nasoa

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Files of a fine-tuned model.
const (
	modelFile = "model.ckpt"
	onnxFile  = "model.onnx"
)

// answer fine-tunes a model of a saved zoo on the user's images, within the time limit, which
// counts from the start of the program.
func (e *engine) answer(ctx context.Context, rep *Report) error {
	d := &deadline{begin: e.began, limit: e.cfg.Limit}
	e.first = answerRest
	l, err := readLibrary(e.cfg.From)
	if err != nil {
		return err
	}
	e.cfg.Size = l.Size
	if err := e.reuse(ctx, e.cfg.From); err != nil {
		return err
	}
	e.cfg.Tune.Batch, e.cfg.Tune.Fall, e.cfg.Tune.Rates = l.Tune.Batch, l.Tune.Fall, l.Tune.Rates
	t, err := e.user(ctx)
	if err != nil {
		return err
	}
	// One answer after the other learns: two at a time would forget one outcome.
	unlock, err := checkpoint.Lock(filepath.Join(e.cfg.From, zooFolder))
	if err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	defer unlock()
	path := filepath.Join(e.cfg.From, generatorFile)
	g, err := predictor.LoadGenerator(path)
	if errors.Is(err, fs.ErrNotExist) {
		g, err = e.newGenerator()
	}
	if err != nil {
		return err
	}
	p, err := e.features(ctx, t)
	if err != nil {
		return err
	}
	o := Outcome{Kind: kindChosen, Number: g.Score().Count + 1, Source: t.source, Classes: p.Classes,
		Images:     p.Images,
		Similarity: p.Similarity, Batch: min(e.cfg.Tune.Batch, p.Images), Limit: d.limit.Seconds()}
	done, err := e.within(ctx, g, t, &o, d, e.cfg.Seed.For("nasoa.tune.user"))
	if err != nil {
		return err
	}
	if done == nil {
		return fmt.Errorf("-limit %v: %w: reading the images and their features took %.2f s, and the smallest "+
			"that would do is %.2f s", e.cfg.Limit, predictor.ErrLimit, o.Seconds, math.Ceil(100*o.Planned)/100)
	}
	if err := e.keep(ctx, done.model); err != nil {
		return err
	}
	if err := e.learn(g, &o); err != nil {
		return err
	}
	if err := g.Save(path); err != nil {
		return err
	}
	o.Seconds = d.spent().Round(time.Microsecond).Seconds() // with all that takes time
	rep.Answer = &o
	e.say(&o)
	for _, r := range done.plan.Reasons {
		other := r.Instead.Regime
		e.job.Say("  another %s: %s at rate %g, %d stages frozen, %d steps: %s foretold, in %.2f s", r.Part,
			other.Model,
			other.Rate, other.Frozen, other.Iterations, percent(r.Instead.Accuracy.Value), r.Instead.Time.Seconds())
	}
	return nil
}

// An answer is judged on at most so many images, and needs so much time for what is neither steps
// nor judging: the choice, writing the model and what was learnt, and the end of the program.
const (
	answerJudged = 2000
	answerRest   = 500 * time.Millisecond
)

// user opens the data of the user's task.
func (e *engine) user(ctx context.Context) (*task, error) {
	train, test, err := e.pair(ctx, e.cfg.Task)
	if err != nil {
		return nil, err
	}
	for c, n := range dataset.Count(train) {
		if n == 0 {
			return nil, fmt.Errorf("-task: class %q has no images to learn from", train.Classes()[c])
		}
	}
	if len(train.Classes()) < 2 || test.Len() == 0 {
		return nil, fmt.Errorf("-task: %d classes and %d test images, expected 2 classes and some of these",
			len(train.Classes()), test.Len())
	}
	mark, err := data.FingerprintOf(ctx, train, test)
	if err != nil {
		return nil, err
	}
	if err := e.job.OnData(mark); err != nil {
		return nil, err
	}
	if test, err = data.Some(test, answerJudged, e.cfg.Seed.For("nasoa.judged")); err != nil {
		return nil, err
	}
	return &task{source: nameOf(e.cfg.Task), train: train, test: test}, e.job.Begin()
}

// keep writes a fine-tuned model.
func (e *engine) keep(ctx context.Context, m *supernet.Model) error {
	folder := e.job.Path("")
	if folder == "" {
		e.job.Say("without -out the model is not kept")
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := m.Save(ctx, e.job.Path(modelFile)); err != nil {
		return err
	}
	if err := m.WriteONNX(ctx, e.job.Path(onnxFile), &supernet.ONNXOptions{Probabilities: true}); err != nil {
		return err
	}
	e.job.Say("written to %s: %s and %s", folder, modelFile, onnxFile)
	return nil
}
