// Package lite0 gives programs a network that has seen images: EfficientNet-Lite0 with its
// published ImageNet weights, embedded. The subfolder data holds the file, its licence and a notice
// of what was changed; the program in the subfolder make makes the file.
//
// Convolutions and the weights of the classifier are rounded to float16, which halves the size to
// 9.6 MB and moves logits by less than 0.03 (eight photos at 224 and 193 pixels).
//
// Only programs import it. Whoever needs weights in a library reads a file with
// supernet.Pretrained.
package lite0

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

//go:embed data/efficientnet_lite0.safetensors
var weights string

// Weights returns the embedded safetensors file, as supernet.Pretrained reads it: names of the
// public PyTorch port, 1000 classes of ImageNet in the usual order, without names.
func Weights() io.ReadSeeker { return strings.NewReader(weights) }

// Normalization maps a byte v to (v − 127)/128, as the authors trained (tensorflow/tpu,
// efficientnet_lite_builder.py). The public PyTorch port has the mean and deviation of ImageNet
// instead. On 400 images a class of CIFAR-10's training images at 96 pixels, the last 600 of a
// class judging, a linear head on frozen features has 73.2 % with the one and 69.6 % with the
// other; six epochs of fine-tuning end alike, at 81.2 and 81.1 %.
func Normalization() dataset.Normalization {
	const mean, deviation = 127. / 255, 128. / 255
	return dataset.Normalization{Mean: [3]float32{mean, mean, mean},
		Std: [3]float32{deviation, deviation, deviation}}
}

// Space returns a space around EfficientNet-Lite0 for images of size pixels (0 means 224) and a
// number of classes (0 means 1000), and in it the published architecture.
//
// By default stages may have a layer fewer or more than published, and every layer kernel 3, 5 or 7
// and ratio 3, 4 or 6, and running statistics have momentum 0.1, which suits short training: after
// 120 steps on 40 images a class of CIFAR-10 at 64 pixels the loss is 1.38, with the published 0.01
// it is 1.60. Options, which may be nil, say otherwise; Width, Depth, InputSize and Classes have to
// be 0, and choices have to include the published ones.
func Space(size, classes int, o *searchspace.EfficientNetLiteOptions) (
	*searchspace.Space, searchspace.Arch, error) {
	space, arch, err := newSpace(size, classes, o)
	if err != nil {
		return nil, searchspace.Arch{}, fmt.Errorf("lite0: %w", err)
	}
	return space, arch, nil
}

func newSpace(size, classes int, o *searchspace.EfficientNetLiteOptions) (
	*searchspace.Space, searchspace.Arch, error) {
	var options searchspace.EfficientNetLiteOptions
	if o != nil {
		options = *o
	}
	if options.Width != 0 || options.Depth != 0 || options.InputSize != 0 || options.Classes != 0 {
		return nil, searchspace.Arch{}, fmt.Errorf(
			"options with width %v, depth %v, input size %d, classes %d; expected 0",
			options.Width, options.Depth, options.InputSize, options.Classes)
	}
	options.InputSize, options.Classes = size, classes
	if options.Momentum == 0 {
		options.Momentum = 0.1
	}
	space, err := searchspace.EfficientNetLite(options)
	if err != nil {
		return nil, searchspace.Arch{}, err
	}
	arch, err := published(space)
	return space, arch, err
}

// published finds the published architecture, in whose stages all layers have one kernel and one
// ratio.
func published(space *searchspace.Space) (searchspace.Arch, error) {
	named, ok := searchspace.FindModel("efficientnet_lite0")
	if !ok {
		return searchspace.Arch{}, fmt.Errorf("efficientnet_lite0 is not among the models")
	}
	around, arch, err := named.Open()
	if err != nil {
		return searchspace.Arch{}, err
	}
	type key struct {
		kind  searchspace.Kind
		stage int
	}
	values := map[key]int{}
	for i, d := range around.Decisions() {
		if d.Layer < 1 { // of the stage or of its first layer, which every stage has
			values[key{d.Kind, d.Stage}] = d.Values[arch.At(i)]
		}
	}
	var choices []int
	for _, d := range space.Decisions() {
		value := values[key{d.Kind, d.Stage}]
		choice := slices.Index(d.Values, value)
		if choice < 0 {
			return searchspace.Arch{}, fmt.Errorf(
				"%s is %d in the published network, expected among the choices %v", d.Name, value, d.Values)
		}
		choices = append(choices, choice)
	}
	return space.New(choices)
}

// Options configures Model. The zero value, or a nil pointer, is the default.
type Options struct {
	// Space are the options of the space, see the function Space.
	Space *searchspace.EfficientNetLiteOptions
	// Options are those of the network. Classes have to be unset: they are an argument of Model.
	// Normalization that is not set is that of the function of this name. Seed draws the weights of
	// the new classifier.
	supernet.Options
}

// Model returns the pretrained network for images of size pixels (0 means 224) and, with a new
// classifier, for classes of one's own; without any classes it has the published classifier. Its
// space and architecture are those of the function Space.
//
//	model, _, err := lite0.Model(ctx, 64, train.Classes(), nil)
//	fit, err := model.FitClassifier(ctx, train, nil)
func Model(ctx context.Context, size int, classes []string, o *Options) (
	*supernet.Model, *supernet.PretrainedReport, error) {
	model, report, err := newModel(ctx, size, classes, o)
	if err != nil {
		return nil, nil, fmt.Errorf("lite0: %w", err)
	}
	return model, report, nil
}

func newModel(ctx context.Context, size int, classes []string, o *Options) (
	*supernet.Model, *supernet.PretrainedReport, error) {
	if o == nil {
		o = &Options{}
	}
	if len(o.Classes) > 0 {
		return nil, nil, fmt.Errorf("options with classes %v, expected them as an argument", o.Classes)
	}
	space, arch, err := newSpace(size, len(classes), o.Space)
	if err != nil {
		return nil, nil, err
	}
	p := &supernet.PretrainedOptions{Options: o.Options, NewHead: len(classes) > 0}
	if p.Classes = classes; p.Normalization.IsZero() {
		p.Normalization = Normalization()
	}
	return supernet.Pretrained(ctx, space, arch, Weights(), p)
}
