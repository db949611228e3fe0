package supernet

import (
	"fmt"
	"math"
	"time"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// FitOptions configures Model.FitClassifier. The zero value, or a nil pointer, is the default.
// Where zero means a default, a negative number means zero.
type FitOptions struct {
	// Validation judges the strengths of the penalty. Nil holds out some of the training images,
	// which the classifier is fitted to as well once the strength is chosen.
	Validation dataset.Dataset
	// HeldOut is the share of the images of each class that are held out, drawn with Seed; 0.2 by
	// default, below 1. It is at least one image of a class that has two, and none of one that has
	// one. Validation makes it void.
	HeldOut float64
	// Strengths of the penalty that are tried, all above 0: the loss is the mean cross entropy plus
	// half the strength times the sum of squared weights of features of deviation 1. Nil means 100,
	// 10^1.5, 10 … 1e-5, two a decade. Weaker ones are left out once two in a row have a higher
	// loss than the best. Where no image is held out the strength is 1, or the only one given.
	Strengths []float64
	// Augment adds passes over the training images that it transforms; nil adds none. Images that
	// are held out are judged as they are.
	Augment *dataset.Augment
	// Passes counts those of Augment; 1 by default.
	Passes int
	// Images bounds the training images, drawn with Seed; 0 means all.
	Images int
	// BatchSize is the number of images of a forward pass; 100 by default. It has no influence on
	// results but rounding.
	BatchSize int
	// Seed draws images and their augmentation.
	Seed uint64
	// LoaderWorkers decode and augment images beside the network; 0 means GOMAXPROCS.
	LoaderWorkers int
}

const (
	defaultHeldOut = 0.2
	// blindStrength is the strength where nothing can judge it, of some images a class: ours.
	blindStrength = 1
)

// FitResult is what Model.FitClassifier found.
type FitResult struct {
	// Strength of the penalty that was chosen.
	Strength float64
	// Accuracy and Loss (mean cross entropy, in nats) of HeldOut images, by a classifier that was
	// fitted without them, among the classes that have training images. Both are 0 where there are
	// none.
	Accuracy, Loss float64
	HeldOut        int
	// Images and Classes that the classifier was fitted to at last.
	Images, Classes int
	// Iterations of the solver, those of all strengths together.
	Iterations int
	// Gradient is the largest element of the loss's gradient at the end, in weights of features of
	// deviation 1: at most 1e-5 unless the solver gave up after 2000 iterations.
	Gradient float64
	// Tried is the strengths in the order that they were tried, the strongest first.
	Tried []FitPoint
	// FeatureTime went to images and network, SolveTime to the classifier.
	FeatureTime, SolveTime time.Duration
}

// FitPoint is one strength of the penalty that was tried: accuracy and loss of the images held out.
type FitPoint struct {
	Strength, Accuracy, Loss float64
}

// filled is the options with defaults, checked.
func (o *FitOptions) filled() (*FitOptions, error) {
	f := FitOptions{}
	if o != nil {
		f = *o
	}
	f.HeldOut, f.Passes = orFloat(f.HeldOut, defaultHeldOut), orInt(f.Passes, 1)
	f.BatchSize = orInt(f.BatchSize, defaultEvalBatch)
	if f.Augment == nil {
		f.Passes = 0
	}
	if !(f.HeldOut >= 0 && f.HeldOut < 1) || f.BatchSize < 1 || f.Images < 0 {
		return nil, fmt.Errorf("share held out %v, batches of %d images, at most %d images; expected 0 to "+
			"below 1, at least 1, at least 0", f.HeldOut, f.BatchSize, f.Images)
	}
	for _, s := range f.Strengths {
		if !finite(s) || s <= 0 {
			return nil, fmt.Errorf("strength %v, expected a finite number above 0", s)
		}
	}
	if len(f.Strengths) == 0 {
		for i := range 15 {
			f.Strengths = append(f.Strengths, math.Pow(10, 2-float64(i)/2))
		}
	}
	return &f, nil
}
