package predictor

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Model is a pretrained network that may be fine-tuned.
type Model struct {
	Name string
	// Accuracy after pretraining, on the data of pretraining.
	Accuracy float64
}

// Task is what is known of data before a network is fine-tuned on them.
type Task struct {
	// Images is how many there are for training, Classes of how many classes.
	Images, Classes int
	// Similarity to the data of pretraining: exp(−γ·EMD) over class prototypes, which
	// wasserstein.DomainSimilarity gives, with the features of one model for all tasks.
	Similarity float64
}

// Regime is how a network is fine-tuned.
type Regime struct {
	// Model by its name.
	Model string
	// Rate of learning at the beginning.
	Rate float64
	// Frozen is how many stages from the input on stay as they are; 0 trains all.
	Frozen int
	// Iterations is the number of steps.
	Iterations int
}

// FeatureOptions sets up Features.
type FeatureOptions struct {
	// Products adds the products of all pairs of the numeric features and their squares: without
	// them a linear model holds either the lowest or the highest learning rate for the best one.
	Products bool
}

// Features makes numbers of a task and a regime: one for every model, 1 for the one at hand and 0
// for the others; the accuracy of its pretraining; the similarity; logarithms of images per class,
// classes, iterations and learning rate; the frozen stages (section 3.2.1 of the paper, which takes
// no logarithms). [Online] brings them to one scale.
type Features struct {
	opts   FeatureOptions
	models []Model
	place  map[string]int
}

// mostModels is how many models there may be: each is a feature.
const mostModels = 512

// NewFeatures is for a choice of models; others are unknown to it. o may be nil.
func NewFeatures(models []Model, o *FeatureOptions) (*Features, error) {
	if len(models) == 0 || len(models) > mostModels {
		return nil, fmt.Errorf("predictor: %d models, expected 1 to %d", len(models), mostModels)
	}
	f := &Features{models: append([]Model(nil), models...), place: make(map[string]int)}
	if o != nil {
		f.opts = *o
	}
	for i, m := range models {
		if _, twice := f.place[m.Name]; twice || m.Name == "" || !utf8.ValidString(m.Name) {
			return nil, fmt.Errorf("predictor: model %d is called %q, expected a name of its own in UTF-8", i, m.Name)
		}
		if !finite(m.Accuracy) {
			return nil, fmt.Errorf("predictor: accuracy of %q is %v, expected a finite number", m.Name, m.Accuracy)
		}
		f.place[m.Name] = i
	}
	return f, nil
}

// Models are those it is for, in the order of their features.
func (f *Features) Models() []Model { return append([]Model(nil), f.models...) }

// numeric is the names of features other than those of models, in their order.
var numeric = [...]string{"pretrained accuracy", "similarity", "log images per class", "log classes",
	"log iterations", "log10 rate", "frozen stages"}

// Len is the number of features.
func (f *Features) Len() int {
	n := len(f.models) + len(numeric)
	if f.opts.Products {
		n += len(numeric) * (len(numeric) + 1) / 2
	}
	return n
}

// Names is what the features are, in their order.
func (f *Features) Names() []string {
	var names []string
	for _, m := range f.models {
		names = append(names, "model "+m.Name)
	}
	names = append(names, numeric[:]...)
	if f.opts.Products {
		for i, a := range numeric {
			for _, b := range numeric[i:] {
				names = append(names, a+" × "+b)
			}
		}
	}
	return names
}

// middle is taken off numeric features before they are multiplied, so that products differ from
// them: ordinary values, the same for all tasks.
var middle = [len(numeric)]float64{0.5, 0.9, math.Log(100), math.Log(10), math.Log(100), -2, 2}

// Of appends the features of a task under a regime to dst.
func (f *Features) Of(dst []float64, t Task, r Regime) ([]float64, error) {
	at, ok := f.place[r.Model]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrModel, r.Model)
	}
	switch {
	case t.Classes < 1 || t.Images < t.Classes || !finite(t.Similarity):
		return nil, fmt.Errorf("predictor: task of %d images of %d classes with similarity %v, expected at least an "+
			"image of each and a finite number", t.Images, t.Classes, t.Similarity)
	case r.Iterations < 1 || r.Frozen < 0 || checkRate(r.Rate) != nil:
		return nil, fmt.Errorf("predictor: regime of %d iterations with %d stages frozen and learning rate %v, expected "+
			"at least 1, at least 0, above 0", r.Iterations, r.Frozen, r.Rate)
	}
	first := len(dst)
	for range f.models {
		dst = append(dst, 0)
	}
	dst[first+at] = 1
	values := [len(numeric)]float64{f.models[at].Accuracy, t.Similarity,
		math.Log(float64(t.Images) / float64(t.Classes)), math.Log(float64(t.Classes)), math.Log(float64(r.Iterations)),
		math.Log10(r.Rate), float64(r.Frozen)}
	dst = append(dst, values[:]...)
	if f.opts.Products {
		for i, a := range values {
			for j := i; j < len(values); j++ {
				dst = append(dst, (a-middle[i])*(values[j]-middle[j]))
			}
		}
	}
	return dst, nil
}

// ErrModel is wrapped when a regime names a model that is not among those known.
var ErrModel = errors.New("predictor: unknown model")
