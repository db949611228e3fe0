package pruning

import (
	"fmt"
	"math"
	"slices"
)

// Answers are what one trained classifier says about labelled images, one after the other: all that
// easiness needs of its probabilities. Fields are of equal length, an entry per image.
type Answers struct {
	Model   string `json:"model"`
	Classes int    `json:"classes"`

	Label     []int     `json:"label"`     // its class, by number
	Predicted []int     `json:"predicted"` // the most probable class, the first of equal ones
	Entropy   []float64 `json:"entropy"`   // −Σ p·ln p, nats
	Own       []float64 `json:"own"`       // probability of Label
	Top       []float64 `json:"top"`       // probability of Predicted
}

// NewAnswers is without images.
func NewAnswers(model string, classes int) *Answers { return &Answers{Model: model, Classes: classes} }

// Add adds an image of class label. probabilities has one entry per class; the sum may be off 1 by
// rounding, and is made 1. They may come from any classifier, a supernet itself included.
func (a *Answers) Add(label int, probabilities []float32) error {
	if label < 0 || label >= a.Classes || len(probabilities) != a.Classes {
		return fmt.Errorf("pruning: image of class %d with %d probabilities, expected a class below %d "+
			"and as many",
			label, len(probabilities), a.Classes)
	}
	var sum float64
	top := 0
	for c, p := range probabilities {
		if !(p >= 0) || math.IsInf(float64(p), 0) {
			return fmt.Errorf("pruning: probability %v of class %d, expected at least 0", p, c)
		}
		sum += float64(p)
		if p > probabilities[top] {
			top = c
		}
	}
	if math.Abs(sum-1) > 1e-2 {
		return fmt.Errorf("pruning: probabilities sum to %v, expected 1", sum)
	}
	var entropy float64
	for _, p := range probabilities {
		if q := float64(p) / sum; q > 0 {
			entropy -= q * math.Log(q)
		}
	}
	a.Label, a.Predicted = append(a.Label, label), append(a.Predicted, top)
	a.Entropy = append(a.Entropy, max(entropy, 0))
	a.Own = append(a.Own, float64(probabilities[label])/sum)
	a.Top = append(a.Top, float64(probabilities[top])/sum)
	return nil
}

// Len is the number of images.
func (a *Answers) Len() int { return len(a.Label) }

// Accuracies is the share of right answers of every class, NaN where it has no image. Images that
// Add does not make have no part.
func (a *Answers) Accuracies() []float64 {
	classes := max(a.Classes, 0)
	right, n := make([]float64, classes), make([]float64, classes)
	for k, c := range a.Label[:min(len(a.Label), len(a.Predicted))] {
		if c < 0 || c >= classes {
			continue
		}
		n[c]++
		if a.Predicted[k] == c {
			right[c]++
		}
	}
	for c := range right {
		right[c] /= n[c]
	}
	return right
}

// entropies is the mean entropy of every class, over its images at index[c]; NaN where there is
// none.
func (a *Answers) entropies(index [][]int) []float64 {
	out := make([]float64, len(index))
	for c, images := range index {
		for _, k := range images {
			out[c] += a.Entropy[k]
		}
		out[c] /= float64(len(images))
	}
	return out
}

// byClass is the images of every class.
func (a *Answers) byClass() [][]int {
	out := make([][]int, a.Classes)
	for k, c := range a.Label {
		out[c] = append(out[c], k)
	}
	return out
}

// check finds answers that Add did not make.
func (a *Answers) check() error {
	n := len(a.Label)
	if len(a.Predicted) != n || len(a.Entropy) != n || len(a.Own) != n || len(a.Top) != n {
		return fmt.Errorf("answers of %s: fields of different lengths", a.Model)
	}
	for k, c := range a.Label {
		if c < 0 || c >= a.Classes || a.Predicted[k] < 0 || a.Predicted[k] >= a.Classes ||
			!finite(a.Entropy[k]) || !(a.Own[k] >= 0 && a.Own[k] <= 1) || !(a.Top[k] >= 0 && a.Top[k] <= 1) {
			return fmt.Errorf("answers of %s: image %d of class %d", a.Model, k, c)
		}
	}
	return nil
}

// alike is an error where models did not see the same images, or none.
func alike(models []*Answers) error {
	if len(models) == 0 {
		return fmt.Errorf("no models")
	}
	for _, a := range models {
		if a == nil {
			return fmt.Errorf("a model without answers")
		}
		if err := a.check(); err != nil {
			return err
		}
		if a.Len() == 0 || a.Classes != models[0].Classes || !slices.Equal(a.Label, models[0].Label) {
			return fmt.Errorf("%s has %d images of %d classes and %s %d of %d, expected the same images "+
				"in one order",
				models[0].Model, models[0].Len(), models[0].Classes, a.Model, a.Len(), a.Classes)
		}
	}
	return nil
}
