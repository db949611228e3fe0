package eas

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/searchspace"
)

// together is the loss on all superclasses: each batch is of one of them, which is drawn by what
// the batch consists of, so that a training that goes on draws the same.
type together []generator.Learner

// Len is the number of images of the smallest superclass: numbers mean an image of each.
func (t together) Len() int {
	n := t[0].Len()
	for _, l := range t {
		n = min(n, l.Len())
	}
	return n
}

// Gradient is that of one superclass.
func (t together) Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (float64,
	searchspace.Relaxed, error) {
	if len(images) == 0 {
		return 0, nil, errors.New("no images")
	}
	return t[t.drawn(rows, images)].Gradient(ctx, rows, images)
}

// drawn is the superclass of a batch, each as often as the others. The images alone do not do: of
// few there is one batch only.
func (t together) drawn(rows searchspace.Relaxed, images []int) int {
	h := fnv.New64a()
	add := func(v uint64) { h.Write(binary.LittleEndian.AppendUint64(nil, v)) }
	for _, i := range images {
		add(uint64(i))
	}
	for _, row := range rows {
		for _, v := range row {
			add(math.Float64bits(v))
		}
	}
	return run.Seed(h.Sum64()).Stream("eas.together").IntN(len(t))
}
