package supernet

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tendril-nas/tendril/internal/logistic"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// FitClassifier gives the classifier the weights that are best on the features of training images:
// those of multinomial logistic regression with an L2 penalty on the weights of standardised
// features. Everything before the classifier stays, running statistics included. That takes one
// forward pass over the images and some seconds, and is what a network that was trained on other
// images can do as it is. Fine-tuning goes on from there.
//
// The strength of the penalty is the one with the least loss on images held out, see FitOptions.
//
// Classes of the data are matched as Train matches them. Classes without training images keep their
// weights, which are not compared with the others meanwhile.
//
// Features stay in memory: 4·FeatureLen bytes for every image, of validation data too, times 1 +
// Passes for training images; with 1280 features and 50 000 images 256 MB. FitOptions.Images bounds
// them. The solver takes about 350 bytes for each weight of the classifier.
//
// When the context ends, or where there is an error, the classifier is what it was, and the result
// says how far it came. The error wraps ErrData for data that do not fit, with images of one class
// only for example, and ErrNotFinite for features that are not finite.
func (m *Model) FitClassifier(ctx context.Context, train dataset.Dataset,
	o *FitOptions) (*FitResult, error) {
	res := &FitResult{}
	err := m.acquireToChange(ctx)
	if err == nil {
		defer m.release()
		f := &fitting{Model: m, result: res}
		err = f.run(ctx, train, o)
	}
	if err != nil {
		return res, fmt.Errorf("supernet: fit classifier: %w", err)
	}
	return res, nil
}

// fitting is one call of FitClassifier.
type fitting struct {
	*Model
	opts   *FitOptions
	result *FitResult
	data   logistic.Data
	fitted []int // classes of the model that have images; numbers in them are classes of data
}

// run does all of FitClassifier. The caller has the turn.
func (f *fitting) run(ctx context.Context, train dataset.Dataset, o *FitOptions) (err error) {
	if f.opts, err = o.filled(); err != nil {
		return err
	}
	if err := f.classifiesFeatures(); err != nil {
		return err
	}
	if err := checkData(train, f.space.InputSize()); err != nil {
		return err
	}
	validation := f.opts.Validation
	if validation != nil {
		if err := checkData(validation, f.space.InputSize()); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
	}
	numbers, named, err := f.meetClasses(train, validation)
	if named {
		defer func() {
			if err != nil {
				f.rename(Unnamed(len(f.classes)))
			}
		}()
	}
	if err != nil {
		return err
	}
	if train, err = f.limit(train); err != nil {
		return err
	}
	labels, err := f.compact(train, numbers)
	if err != nil {
		return err
	}
	began := time.Now()
	err = f.extract(ctx, train, labels)
	f.result.FeatureTime = time.Since(began)
	if err != nil {
		return err
	}
	began = time.Now()
	err = f.solve(ctx, labels)
	f.result.SolveTime = time.Since(began)
	return err
}

// classifiesFeatures is an error for a network whose classifier is not a linear layer with biases
// on its features, as those of all families are.
func (f *fitting) classifiesFeatures() error {
	g := f.prog.graph
	head := &g.Nodes[g.Output()]
	if head.Op != searchspace.OpLinear || !head.Bias {
		return fmt.Errorf("the classifier %s is no linear layer with biases", head.Name)
	}
	for in := head.Inputs[0]; in != g.Feature(); in = g.Nodes[in].Inputs[0] {
		if n := &g.Nodes[in]; n.Op != searchspace.OpDropout && n.Op != searchspace.OpFlatten {
			return fmt.Errorf("%s lies between features and classifier", n.Name)
		}
	}
	return nil
}

// limit draws training images where there are more than the options allow.
func (f *fitting) limit(train dataset.Dataset) (dataset.Dataset, error) {
	most := f.opts.Images
	if most == 0 || train.Len() <= most {
		return train, nil
	}
	drawn := stream.New(f.opts.Seed, "supernet.fit.images").Perm(train.Len())[:most]
	slices.Sort(drawn)
	return dataset.Subset(train, drawn)
}

// compact numbers the classes that have images from 0 on and gives the class of each image.
func (f *fitting) compact(train dataset.Dataset, numbers numbering) ([]int, error) {
	labels := make([]int, train.Len())
	seen := make([]bool, len(f.classes))
	for i := range labels {
		labels[i] = numbers.class(train.Label(i))
		seen[labels[i]] = true
	}
	for c, has := range seen {
		if has {
			f.fitted = append(f.fitted, c)
		}
	}
	if len(f.fitted) < 2 {
		return nil, fmt.Errorf("%w: images of %d class, expected at least 2", ErrData, len(f.fitted))
	}
	f.compactLabels(labels)
	f.result.Images, f.result.Classes = len(labels), len(f.fitted)
	return labels, nil
}

// compactLabels turns classes of the model into those that have images, −1 for others.
func (f *fitting) compactLabels(labels []int) {
	for i, c := range labels {
		k, has := slices.BinarySearch(f.fitted, c)
		if !has {
			k = -1
		}
		labels[i] = k
	}
}
