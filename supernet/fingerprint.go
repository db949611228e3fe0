package supernet

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// fingerprintImages is the number of images, evenly spaced, whose pixels a checkpoint knows.
const fingerprintImages = 64

// fingerprint notes by what a checkpoint knows the training data. Without a checkpoint it reads
// none.
func (t *training) fingerprint() (err error) {
	if t.opts.Checkpoint != "" {
		t.plan.Labels, t.plan.Pixels, err = fingerprint(t.data, t.labels)
	}
	return err
}

// fingerprint is by what a file knows data: all labels, as numbers of the network, and the pixels
// of some images.
func fingerprint(ds dataset.Dataset, of numbering) (label, pixel string, err error) {
	n := ds.Len()
	labels, one := sha256.New(), make([]int, 1)
	for i := range n {
		one[0] = ds.Label(i)
		of.apply(one)
		labels.Write(binary.LittleEndian.AppendUint64(nil, uint64(one[0])))
	}
	index := make([]int, min(n, fingerprintImages))
	for k := range index {
		index[k] = int(int64(k) * int64(n) / int64(len(index)))
	}
	some, err := dataset.Subset(ds, index)
	if err != nil {
		return "", "", err
	}
	pixels := sha256.New()
	for b, err := range dataset.Batches(context.Background(), some, dataset.LoaderOptions{BatchSize: 8}) {
		if err != nil {
			return "", "", err
		}
		if err := binary.Write(pixels, binary.LittleEndian, b.X); err != nil {
			return "", "", err
		}
	}
	return fmt.Sprintf("%x", labels.Sum(nil)[:8]), fmt.Sprintf("%x", pixels.Sum(nil)[:8]), nil
}

// writable refuses a checkpoint that cannot be written, so that a training which could not be kept
// does not begin.
func (t *training) writable() error {
	if t.opts.Checkpoint == "" {
		return nil
	}
	if err := checkpoint.Writable(t.opts.Checkpoint); err != nil {
		return fmt.Errorf("%w: %w", errNotSaved, err)
	}
	return nil
}

// enough reports whether batches of n images give every normalisation that uses their statistics
// more than one value per channel: the variance of one is none.
func (p *program) enough(n int, uses func(norm *searchspace.Node) bool) error {
	for _, norm := range p.norms {
		if n*norm.Out.H*norm.Out.W == 1 && uses(norm) {
			return fmt.Errorf("%w: a batch of one image gives %s one value per channel, expected 2 or more to "+
				"take a variance of: larger batches or images", ErrData, norm.Name)
		}
	}
	return nil
}

// takes reports whether a normalisation uses the statistics of the batch in this training.
func (t *training) takes(norm *searchspace.Node) bool {
	bn, err := t.store.norm(norm)
	return err != nil || t.shared || !bn.Gamma.P.Frozen()
}
