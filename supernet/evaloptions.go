package supernet

import "github.com/tendril-nas/tendril/supernet/dataset"

// Statistics says which statistics batch normalisation uses when a sub-network is judged.
type Statistics int

const (
	// Recalibrated gathers the statistics of the sub-network on calibration images first: see EvalOptions.Calibration.
	Recalibrated Statistics = iota
	// Running uses the running statistics shared by all sub-networks.
	Running
	// OfBatch uses the statistics of each batch of the judged images itself.
	OfBatch
)

// EvalOptions configures Net.On, Model.Recalibrate and validation. The zero value, or a nil pointer, is the default.
type EvalOptions struct {
	// BatchSize is the number of images of a forward pass; 100 by default. It has no influence on results but rounding.
	BatchSize int
	// Calibration is the training data that batch-norm statistics are gathered on, without augmentation.
	// Net.On needs it where Statistics is Recalibrated.
	Calibration dataset.Dataset
	// CalibrationImages is the number of images gathered on, drawn once with Seed; 2000 by default, or all if there are
	// fewer.
	CalibrationImages int
	// Statistics says which batch-norm statistics a sub-network is judged with; Recalibrated by default.
	Statistics Statistics
	// Seed draws the calibration images.
	Seed uint64
	// CacheBytes bounds the decoded images kept in memory, for each of both data sets; 256 MiB by
	// default, none if negative.
	CacheBytes int64
}
