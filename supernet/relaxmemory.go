package supernet

import (
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// ErrMemory reports a step that would need more memory than MixtureOptions.MemoryLimit.
var ErrMemory = errors.New("more memory than the limit")

// StepBytes estimates the memory of a training step, or of a gradient in the entries that are not
// 0, of the relaxed architecture rows on some images: the activations that the backward pass reads,
// and gradients under way; weights come on top of it. It holds to about a quarter on the CPU, where
// all activations come in planes of 16 channels.
//
// It grows with the candidates that have a share: rows with two entries a layer need about as much
// as a space restricted to two.
func (r *Relaxation) StepBytes(rows searchspace.Relaxed, images int) (int64, error) {
	if err := r.space.CheckRelaxed(rows); err != nil {
		return 0, fmt.Errorf("supernet: step memory: %w", err)
	}
	r.net.turn <- struct{}{}
	defer r.net.release()
	bytes, err := r.stepBytes(rows, images)
	if err != nil {
		return 0, fmt.Errorf("supernet: step memory: %w", err)
	}
	return bytes, nil
}

// stepBytes is StepBytes for the holder of the turn, and rows that were checked.
func (r *Relaxation) stepBytes(rows searchspace.Relaxed, images int) (int64, error) {
	if images < 1 || images > oneBatch {
		return 0, fmt.Errorf("%d images, expected 1 to %d", images, oneBatch)
	}
	p, err := r.program()
	if err != nil {
		return 0, err
	}
	return p.without(rows).stepBytes(images), nil
}

const (
	planeChannels = 16 // that activations are rounded up to
	largestPieces = 3  // gradients of the largest layer and of its neighbours: measured
)

// stepBytes is the sum of the outputs of all instructions, and some of the largest.
func (p *program) stepBytes(images int) int64 {
	var sum, largest int64
	for i := range p.code {
		out := p.graph.Nodes[p.code[i].out].Out
		planes := (out.C + planeChannels - 1) / planeChannels
		piece := int64(planes) * planeChannels * int64(out.H) * int64(out.W) * 4 * int64(images)
		sum += piece
		largest = max(largest, piece)
	}
	return sum + largestPieces*largest
}
