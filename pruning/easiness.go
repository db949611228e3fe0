package pruning

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Easiness says how sure trained classifiers are of the images of every class: their entropies,
// eqs. (1) to (3).
type Easiness struct {
	Models  []string        `json:"models"`
	Classes []ClassEasiness `json:"classes"` // by number
	// Width is the width of a bin of the histograms, nats. They end at the largest entropy that
	// there is, ln of the number of classes.
	Width float64 `json:"width"`
}

// ClassEasiness is the easiness of one class.
type ClassEasiness struct {
	Images int `json:"images"`
	// Entropy is the mean over images and models, nats, drawn to the mean over all classes where
	// there are few images: see MeasureEasiness. It decides the ranking. Mean is without that; 0
	// without images.
	Entropy float64 `json:"entropy"`
	Mean    float64 `json:"mean"`
	Error   float64 `json:"error"` // standard error of Mean over images; 0 with fewer than two
	// ByModel is the mean entropy of every model.
	ByModel []float64 `json:"by_model"`
	// Histogram is the share of the images in every bin, the mean over models.
	Histogram []float64 `json:"histogram"`
	Accuracy  float64   `json:"accuracy"` // mean over models
}

// EasinessOptions sets up MeasureEasiness. The zero value of a field is its default.
type EasinessOptions struct {
	Bins int // of histograms; 0 = 20
	// NoShrinkage ranks by plain means, however few images a class has.
	NoShrinkage bool
}

// MeasureEasiness is the easiness of all classes by the answers of some models about the same
// images: as published, the training images and networks of several families, trained on them. One
// model does, and it may be the supernet itself. Where a network knows its training images by
// heart, those that it has not seen say more.
//
// The mean of few images is chance. A class mean m of n images is therefore drawn to the mean μ of
// all classes, (t²·m + s²/n·μ)/(t² + s²/n), s² being the variance of images within classes and t²
// that of classes beyond it (empirical Bayes). With equally many images the order stays; a class
// without images stands at μ.
func MeasureEasiness(o *EasinessOptions, models ...*Answers) (*Easiness, error) {
	if o == nil {
		o = &EasinessOptions{}
	}
	if err := alike(models); err != nil {
		return nil, fmt.Errorf("pruning: easiness: %w", err)
	}
	bins := cmp.Or(o.Bins, 20)
	if bins < 1 || bins > 1<<16 {
		return nil, fmt.Errorf("pruning: easiness: %d bins, expected 1 to 65536", bins)
	}
	classes := models[0].Classes
	e := &Easiness{Width: math.Log(float64(max(classes, 2))) / float64(bins)}
	index, mean := models[0].byClass(), make([]float64, models[0].Len())
	for c, images := range index {
		e.Classes = append(e.Classes, ClassEasiness{Images: len(images), Histogram: make([]float64, bins)})
		e.Classes[c].ByModel = make([]float64, len(models))
	}
	for m, a := range models {
		e.Models = append(e.Models, a.Model)
		e.add(m, a, index, mean)
	}
	spread := 0.0 // squares within classes
	for c, images := range index {
		spread += e.Classes[c].summarise(images, mean)
	}
	e.shrink(spread, o.NoShrinkage)
	return e, nil
}

// add adds what model m says; mean becomes the mean entropy of every image over models.
func (e *Easiness) add(m int, a *Answers, index [][]int, mean []float64) {
	share := 1 / float64(len(e.Classes[0].ByModel))
	for c, images := range index {
		x := &e.Classes[c]
		for _, k := range images {
			one := 1 / float64(len(images))
			x.ByModel[m] += a.Entropy[k] * one
			bin := min(int(a.Entropy[k]/e.Width), len(x.Histogram)-1)
			x.Histogram[max(bin, 0)] += one * share
			if a.Predicted[k] == c {
				x.Accuracy += one * share
			}
			mean[k] += a.Entropy[k] * share
		}
	}
}

// summarise fills in mean and error, and gives the sum of squares around the mean.
func (x *ClassEasiness) summarise(images []int, mean []float64) (squares float64) {
	n := float64(len(images))
	if n == 0 {
		return 0
	}
	for _, k := range images {
		x.Mean += mean[k] / n
	}
	for _, k := range images {
		squares += (mean[k] - x.Mean) * (mean[k] - x.Mean)
	}
	if n > 1 {
		x.Error = math.Sqrt(squares / (n - 1) / n)
	}
	return squares
}

// shrink fills in Entropy.
func (e *Easiness) shrink(spread float64, plain bool) {
	var images, seen, mu, inverse float64
	for _, x := range e.Classes {
		if n := float64(x.Images); n > 0 {
			images, seen, mu, inverse = images+n, seen+1, mu+x.Mean, inverse+1/n
		}
	}
	mu, inverse = mu/seen, inverse/seen
	within, between := 0.0, 0.0
	if images > seen {
		within = spread / (images - seen)
	}
	for _, x := range e.Classes {
		if x.Images > 0 && seen > 1 {
			between += (x.Mean - mu) * (x.Mean - mu) / (seen - 1)
		}
	}
	between = max(between-within*inverse, 0)
	for c := range e.Classes {
		x := &e.Classes[c]
		if x.Images == 0 {
			x.Entropy = mu
			continue
		}
		x.Entropy = x.Mean
		if noise := within / float64(x.Images); !plain && noise > 0 {
			x.Entropy = (between*x.Mean + noise*mu) / (between + noise)
		}
	}
}

// Ranking is the classes by number, easiest first: by Entropy, of equal ones by Mean, then by
// number. Classes without images are last; a Schedule that begins with the hardest needs a ranking
// without them.
func (e *Easiness) Ranking() []int {
	order := make([]int, len(e.Classes))
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &e.Classes[a], &e.Classes[b]
		return cmp.Or(cmp.Compare(min(y.Images, 1), min(x.Images, 1)), cmp.Compare(x.Entropy, y.Entropy),
			cmp.Compare(x.Mean, y.Mean))
	})
	return order
}
