package nasoa

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// task is what is fine-tuned on.
type task struct {
	source      string
	train, test dataset.Dataset
}

// Kinds of tasks, each with random streams of its own.
const (
	kindRandom = "random"
	kindChosen = "chosen"
	kindGrid   = "grid"
)

// draw makes task number i of a kind: a data set, classes of it, and images of each of them.
func (e *engine) draw(kind string, i int) (*task, error) {
	r := e.cfg.Seed.Stream("nasoa.task."+kind, i)
	s := e.pools[r.IntN(len(e.pools))]
	classes := between(r.Float64(), 2, float64(min(e.cfg.Stream.Classes, len(s.train.Classes()))))
	chosen := r.Perm(len(s.train.Classes()))[:classes]
	slices.Sort(chosen)
	most := e.cfg.Stream.Most
	for _, c := range chosen {
		most = min(most, s.images[c])
	}
	each := between(r.Float64(), float64(min(e.cfg.Stream.Fewest, most)), float64(most))
	seed := r.Uint64()

	t := &task{source: s.name}
	train, err := dataset.ByClass(s.train, chosen...)
	if err == nil {
		t.train, err = data.PerClass(train, each, seed)
	}
	var test dataset.Dataset
	if err == nil {
		test, err = dataset.ByClass(s.test, chosen...)
	}
	if err == nil {
		t.test, err = data.Some(test, e.cfg.Tune.Judged, seed)
	}
	if err != nil {
		return nil, fmt.Errorf("task %d: %w", i, err)
	}
	return t, nil
}

// between is a whole number from low to high, u from 0 to 1 on a logarithmic scale.
func between(u, low, high float64) int {
	return int(min(math.Floor(low*math.Pow((high+1)/low, u)), high))
}

// features are what the predictor knows of the task.
func (e *engine) features(ctx context.Context, t *task) (predictor.Task, error) {
	p := predictor.Task{Images: t.train.Len(), Classes: len(t.train.Classes())}
	m, err := e.base(ctx, e.library.Reference)
	begin := time.Now()
	if err == nil {
		p.Similarity, err = e.library.similarity(ctx, m, t.train)
	}
	table := e.classifying(e.library.Reference, p.Images) + firstRest
	e.slow = min(max(time.Since(begin).Seconds()/table.Seconds(), 1), mostSlow)
	return p, err
}

// mostSlow bounds what is believed of a machine that is busy with other work.
const mostSlow = 10
