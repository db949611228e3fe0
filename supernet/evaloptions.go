package supernet

import (
	"fmt"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Statistics says which statistics batch normalisation uses when a sub-network is judged.
type Statistics int

const (
	// Recalibrated gathers the statistics of the sub-network on calibration images first: see
	// EvalOptions.Calibration.
	Recalibrated Statistics = iota
	// Running uses the running statistics shared by all sub-networks.
	Running
	// OfBatch uses the statistics of each batch of the judged images itself.
	OfBatch
)

// EvalOptions configures how networks are judged: Net.On, and Evaluate, Predict, Recalibrate and
// validation of a Model. The zero value, or a nil pointer, is the default.
type EvalOptions struct {
	// BatchSize is the number of images of a forward pass that judges; 100 by default. It has no
	// influence on results but rounding, except where Statistics is OfBatch.
	BatchSize int
	// Classes are the classes that the judged images can have, by their numbers in the network:
	// only their logits are read, for the answer and for the probabilities, in this order.
	// Evaluation fails with ErrData at an image of another class. All classes by default.
	Classes []int
	// BatchImages is the number of images of Judge.EvaluateBatch, and never more than there are;
	// 256 by default, the batch of the code published with AdaXpert.
	BatchImages int
	// Calibration is the training data that batch-norm statistics are gathered on, without
	// augmentation. Net.On needs it where Statistics is Recalibrated.
	Calibration dataset.Dataset
	// CalibrationImages is the number of images gathered on, drawn once with Seed; 2000 by default,
	// or all if there are fewer.
	CalibrationImages int
	// CalibrationBatch is the number of images of a forward pass that gathers statistics; 100 by
	// default, or all if there are fewer. A last batch of one image joins the batch before. The
	// statistics are those of all values that a layer sees, over all batches; but what it sees was
	// normalised, in the layers before it, with the statistics of one batch each, which are
	// inexact, and make results worse, where batches are small.
	CalibrationBatch int
	// Statistics says which batch-norm statistics a sub-network is judged with; Recalibrated by
	// default. A Model has statistics of its own and ignores it: see Model.Recalibrate.
	Statistics Statistics
	// Seed draws the calibration images, and those of Judge.EvaluateBatch.
	Seed uint64
	// CacheBytes bounds the decoded images kept in memory, for each of both data sets; 256 MiB by
	// default, none if negative.
	CacheBytes int64
}

// images prepares a data set for evaluation.
func (n *network) images(ds dataset.Dataset, o *EvalOptions) (*images, error) {
	if o == nil {
		o = &EvalOptions{}
	}
	space := n.currentSpace()
	if err := checkData(ds, space.InputSize()); err != nil {
		return nil, err
	}
	if o.BatchSize < 0 || o.BatchImages < 0 || o.CalibrationBatch < 0 || o.CalibrationImages < 0 {
		return nil, fmt.Errorf("batches of %d images, and of %d to judge on, calibration with %d in "+
			"batches of %d, expected 0 or more", o.BatchSize, o.BatchImages, o.CalibrationImages, o.CalibrationBatch)
	}
	classes, err := newClassSubset(o.Classes, space.Classes())
	if err != nil {
		return nil, err
	}
	im := newImages(ds, o.BatchSize, n.norm, o.CacheBytes)
	im.classes = classes
	return im, nil
}
