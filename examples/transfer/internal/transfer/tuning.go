package transfer

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/machine"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Tuning is the second step alone, to be set beside another program's.
type Tuning struct {
	e    *engine
	head *supernet.Model
}

// NewTuning opens the images and makes the first step.
func NewTuning(ctx context.Context, j *run.Job, cfg *Config) (*Tuning, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	head, err := e.head(ctx)
	return &Tuning{e, head}, err
}

// Start is the network that the training starts from.
func (t *Tuning) Start() *supernet.Model { return t.head }

// Images are those that the training is on, and the test images.
func (t *Tuning) Images() (train, test dataset.Dataset) { return t.e.images.train, t.e.images.test }

// Span is how long the training is.
func (t *Tuning) Span() Span { return t.e.lengths.Tune }

// Took is what a training took, in seconds.
type Took struct{ Seconds, CPU float64 }

// Train trains from the start, all of it in this start of the program. Rounds are all alike.
func (t *Tuning) Train(ctx context.Context, round int) (*supernet.Model, Took, error) {
	m, err := twin(ctx, t.head)
	if err != nil {
		return nil, Took{}, err
	}
	one := t.e.tuning()
	one.phase = fmt.Sprintf("%s-%d", phaseTune, round)
	if err := os.RemoveAll(t.e.job.Scratch(one.phase)); err != nil {
		return nil, Took{}, err
	}
	began, cpu := time.Now(), machine.CPUSeconds()
	err = t.e.train(ctx, m, one, lite0.Learnt)
	return m, Took{time.Since(began).Seconds(), machine.CPUSeconds() - cpu}, err
}
