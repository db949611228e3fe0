package searchspace

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// EfficientNetLiteOptions sets up the EfficientNet-Lite family. The zero value is a space around
// EfficientNet-Lite0.
type EfficientNetLiteOptions struct {
	Width      float64 `json:"width,omitempty"`       // width multiplier; 0 = 1
	Depth      float64 `json:"depth,omitempty"`       // depth multiplier, up to 4; 0 = 1
	InputSize  int     `json:"input_size,omitempty"`  // pixels; 0 = 224
	StemStride int     `json:"stem_stride,omitempty"` // 1 or 2; 0 = 2. 1 keeps the resolution of small images
	Classes    int     `json:"classes,omitempty"`     // 0 = 1000
	// Symmetric pads convolutions with half a kernel on every side, instead of TensorFlow's "same"
	// (Conv.Same), which the published weights were trained with.
	Symmetric bool `json:"symmetric,omitempty"`
	// DepthRange is how many layers fewer or more than the published network a stage may have, up
	// to 8 and never below one layer; 0 = 1, negative = none.
	DepthRange int     `json:"depth_range,omitempty"`
	Kernels    []int   `json:"kernels,omitempty"`   // odd kernel sizes from 3 on; nil = 3, 5, 7
	Expands    []int   `json:"expands,omitempty"`   // expansion ratios; nil = 3, 4, 6
	PerStage   bool    `json:"per_stage,omitempty"` // one kernel and one ratio for all layers of a stage
	Dropout    float64 `json:"dropout,omitempty"`   // before the classifier; 0 = 0.2, negative = none
	// Momentum is that of running statistics, in PyTorch's sense: the share of a batch in them; 0 =
	// 0.01, as published. Where training lasts a few hundred steps, statistics of 0.01 stay behind
	// the weights, and 0.1 is better.
	Momentum float64 `json:"momentum,omitempty"`
}

// liteStages are the searched stages of EfficientNet-Lite0; the ratio is 6. Depth multipliers leave
// the last one alone.
var liteStages = [...]struct{ width, stride, kernel, layers int }{
	{24, 2, 3, 2}, {40, 2, 5, 2}, {80, 2, 3, 3}, {112, 1, 5, 3}, {192, 2, 5, 4}, {320, 1, 3, 1},
}

// EfficientNetLite is a space around the published EfficientNet-Lite networks: EfficientNet (Tan
// and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019)
// without squeeze-and-excitation and with ReLU6, by its authors (repository tensorflow/tpu,
// models/official/efficientnet/lite). Six stages of inverted residual blocks, the last with exactly
// one layer; decisions are each stage's depth and each layer's kernel size and expansion ratio, or
// each stage's with PerStage. Models lists the published networks, Lite0 to Lite4, in the default
// space around each.
//
// Scaling is that of the authors: the multipliers leave the channels of stem and head and the
// layers of the first block and the last stage alone; channels are rounded to multiples of 8,
// layers up. Batch norms have epsilon 1e-3. Stochastic depth, a training device, is left out.
// Weights have the names of the public PyTorch port, for instance
// "_blocks.3._depthwise_conv.weight".
//
// The text form is "depths:kernels:ratios" as for MobileNetV3, with as many kernels and ratios per
// stage as its largest depth has layers, or one with PerStage; the last depth is 1. For the default
// options these are 6, 20 and 20 numbers.
func EfficientNetLite(o EfficientNetLiteOptions) (*Space, error) {
	const family = "efficientnetlite"
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("searchspace: %s options: %w", family, err)
	}
	o.fill()
	if err := checkCommon(family, o.Width, o.StemStride, o.Dropout); err != nil {
		return nil, err
	}
	if !(o.Depth > 0 && o.Depth <= 4) {
		return nil, fmt.Errorf("searchspace: %s: depth multiplier %v, expected more than 0, up to 4", family,
			o.Depth)
	}
	if !(o.Momentum > 0 && o.Momentum <= 1) {
		return nil, fmt.Errorf("searchspace: %s: momentum %v, expected more than 0, up to 1", family,
			o.Momentum)
	}
	if o.DepthRange > 8 {
		return nil, fmt.Errorf("searchspace: %s: depth range %d, expected at most 8", family, o.DepthRange)
	}
	sp := mobileSpace{family: family, perStage: o.PerStage, scope: "_blocks", block: liteBlock}
	if err := sp.lists(nil, o.Kernels, o.Expands, 0); err != nil {
		return nil, err
	}
	if sp.kernels[0] < 3 {
		return nil, fmt.Errorf("searchspace: %s: kernel %d, expected at least 3", family, sp.kernels[0])
	}
	for _, layers := range o.layers() {
		around := []int{layers}
		if len(sp.depths) < len(liteStages)-1 {
			around = between(max(1, layers-o.DepthRange), layers+o.DepthRange)
		}
		sp.depths = append(sp.depths, around)
	}
	text, encoding := sp.names()
	return NewSpace(Family{
		Name: family, InputSize: or(o.InputSize, 224), Classes: or(o.Classes, 1000), Options: options,
		Text: text, Encoding: encoding,
		Build: func(b *Builder) { sp.buildLite(b, o) },
	})
}

// fill sets the defaults that do not depend on the space.
func (o *EfficientNetLiteOptions) fill() {
	o.Width, o.Depth = or(o.Width, 1), or(o.Depth, 1)
	o.StemStride, o.Dropout = or(o.StemStride, 2), or(o.Dropout, 0.2)
	o.DepthRange = max(or(o.DepthRange, 1), 0)
	o.Momentum = or(o.Momentum, 0.01)
}

// layers is the published number of layers of every stage.
func (o *EfficientNetLiteOptions) layers() []int {
	var out []int
	for i, st := range liteStages {
		n := st.layers
		if i < len(liteStages)-1 {
			n = int(math.Ceil(float64(n) * o.Depth))
		}
		out = append(out, n)
	}
	return out
}

// between is the numbers from lo to hi.
func between(lo, hi int) []int {
	out := make([]int, 0, hi-lo+1)
	for v := lo; v <= hi; v++ {
		out = append(out, v)
	}
	return out
}

// buildLite writes the network.
func (sp *mobileSpace) buildLite(b *Builder, o EfficientNetLiteOptions) {
	width := func(c int) int { return round8(float64(c) * o.Width) }
	b.Norm(1e-3, o.Momentum)
	x := b.Conv("_conv_stem", b.Input(), Conv{Out: Const(32), Kernel: Const(3), Stride: o.StemStride,
		Same: !o.Symmetric})
	x = b.Act("_act0", b.BatchNorm("_bn0", x), ActReLU6)
	m := mbBlock{out: width(16), stride: 1, kernel: Const(3), expand: Const(1), act: ActReLU6, skip: true,
		same: !o.Symmetric}
	b.Named("_blocks.0", "first_block", func() { x = liteBlock(b, x, m) })
	b.counter = 1
	for _, st := range liteStages {
		m.out, m.stride = width(st.width), st.stride
		x = sp.stage(b, x, m)
	}
	x = b.Act("_act1", b.BatchNorm("_bn1", b.Conv("_conv_head", x, Conv{Out: Const(1280)})), ActReLU6)
	b.Classifier("_fc", b.GlobalAvgPool("_avg_pooling", x), o.Dropout)
}

// liteBlock writes a block with the weight names of the public PyTorch port.
func liteBlock(b *Builder, x Ref, m mbBlock) Ref {
	in := x
	x = b.If(m.expand.isNot(1), x, func(x Ref) Ref {
		x = b.Conv("_expand_conv", x, Conv{Out: in.C.Times(m.expand)})
		return b.Act("_act0", b.BatchNorm("_bn0", x), m.act)
	})
	x = b.Conv("_depthwise_conv", x, Conv{Kernel: m.kernel, Stride: m.stride, Depthwise: true, Same: m.same})
	x = b.Act("_act1", b.BatchNorm("_bn1", x), m.act)
	x = b.BatchNorm("_bn2", b.Conv("_project_conv", x, Conv{Out: Const(m.out)}))
	return m.residual(b, x, in)
}

// liteModel is a published network, in the default space around it.
func liteModel(name string, o EfficientNetLiteOptions, r Reported) Model {
	options, err := json.Marshal(o)
	if err != nil {
		panic(err) // numbers alone
	}
	o.fill()
	var depths, kernels, ratios []string
	for i, n := range o.layers() {
		depths = append(depths, strconv.Itoa(n))
		slots := n
		if i < len(liteStages)-1 {
			slots += o.DepthRange
		}
		for range slots {
			kernels, ratios = append(kernels, strconv.Itoa(liteStages[i].kernel)), append(ratios, "6")
		}
	}
	lists := []string{strings.Join(depths, ","), strings.Join(kernels, ","), strings.Join(ratios, ",")}
	return Model{Name: name, Family: "efficientnetlite", Options: options, Text: strings.Join(lists, ":"),
		InputSize: o.InputSize, Reported: r,
		Source: "EfficientNet-Lite, table of the authors' repository; parameters: their test of the builder",
		Note:   "the authors' multiply-adds are ours and about three for every output of a batch norm"}
}

// liteModels are EfficientNet-Lite0 to 4.
func liteModels() []Model {
	return []Model{
		liteModel("efficientnet_lite0", EfficientNetLiteOptions{InputSize: 224},
			Reported{407, 4.652008, 75.1}),
		liteModel("efficientnet_lite1", EfficientNetLiteOptions{Depth: 1.1, InputSize: 240},
			Reported{631, 5.416680, 76.7}),
		liteModel("efficientnet_lite2", EfficientNetLiteOptions{Width: 1.1, Depth: 1.2, InputSize: 260,
			Dropout: 0.3}, Reported{899, 6.092072, 77.6}),
		liteModel("efficientnet_lite3", EfficientNetLiteOptions{Width: 1.2, Depth: 1.4, InputSize: 280,
			Dropout: 0.3}, Reported{1440, 8.197096, 79.8}),
		liteModel("efficientnet_lite4", EfficientNetLiteOptions{Width: 1.4, Depth: 1.8, InputSize: 300,
			Dropout: 0.3}, Reported{2640, 13.006568, 81.5}),
	}
}
