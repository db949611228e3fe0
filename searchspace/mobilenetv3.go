package searchspace

import (
	"encoding/json"
	"fmt"
)

// MobileNetV3Options sets up the MobileNetV3 family. The zero value is the space of the AdaXpert
// paper (section 5.1), which OFA and EAS share.
type MobileNetV3Options struct {
	Width      float64 `json:"width,omitempty"`       // width multiplier; 0 = 1
	InputSize  int     `json:"input_size,omitempty"`  // pixels; 0 = 224
	StemStride int     `json:"stem_stride,omitempty"` // 1 or 2; 0 = 2. 1 keeps the resolution of small images
	Classes    int     `json:"classes,omitempty"`     // 0 = 1000
	Depths     []int   `json:"depths,omitempty"`      // layers of a stage; nil = 2, 3, 4
	Kernels    []int   `json:"kernels,omitempty"`     // odd kernel sizes; nil = 3, 5, 7
	Expands    []int   `json:"expands,omitempty"`     // expansion ratios; nil = 3, 4, 6
	Dropout    float64 `json:"dropout,omitempty"`     // before the classifier; 0 = 0.1, negative = none
}

// mbv3Stages are the searched stages of the family.
var mbv3Stages = [...]struct {
	width, stride int
	act           Act
	se            bool
}{
	{24, 2, ActReLU, false},
	{40, 2, ActReLU, true},
	{80, 2, ActHSwish, false},
	{112, 1, ActHSwish, true},
	{160, 2, ActHSwish, true},
}

// MobileNetV3 is the space of AdaXpert, Once-for-All and EAS: five stages of inverted residual
// blocks; decisions are each stage's depth and each layer's kernel size and expansion ratio.
//
// The text form is "depths:kernels:ratios", with a depth per stage and, with D the largest depth, D
// kernels and D ratios per stage; what stands past a stage's depth is ignored. With the default
// lists these are 5, 20 and 20 numbers.
func MobileNetV3(o MobileNetV3Options) (*Space, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("searchspace: mobilenetv3 options: %w", err)
	}
	o.Width = or(o.Width, 1)
	o.StemStride = or(o.StemStride, 2)
	o.Dropout = or(o.Dropout, 0.1)
	if err := checkCommon("mobilenetv3", o.Width, o.StemStride, o.Dropout); err != nil {
		return nil, err
	}
	sp := mobileSpace{family: "mobilenetv3", scope: "blocks", block: mbconv}
	if err := sp.lists(o.Depths, o.Kernels, o.Expands, len(mbv3Stages)); err != nil {
		return nil, err
	}
	text, encoding := sp.names()
	return NewSpace(Family{
		Name: sp.family, InputSize: or(o.InputSize, 224), Classes: or(o.Classes, 1000), Options: options,
		Text: text, Encoding: encoding,
		Build: func(b *Builder) { sp.buildV3(b, o) },
	})
}

// buildV3 writes the network.
func (sp *mobileSpace) buildV3(b *Builder, o MobileNetV3Options) {
	width := func(c int) int { return round8(float64(c) * o.Width) }
	x := b.ConvBN("first_conv", b.Input(), Conv{Out: Const(width(16)), Kernel: Const(3),
		Stride: o.StemStride}, ActHSwish)
	b.Named("blocks.0", "first_block", func() {
		x = mbconv(b, x, mbBlock{out: width(16), stride: 1, kernel: Const(3), expand: Const(1), act: ActReLU,
			skip: true})
	})
	b.counter = 1
	for _, st := range mbv3Stages {
		x = sp.stage(b, x, mbBlock{out: width(st.width), stride: st.stride, act: st.act, se: st.se,
			skip: true})
	}
	x = b.ConvBN("final_expand_layer", x, Conv{Out: Const(width(960))}, ActHSwish)
	x = b.GlobalAvgPool("global_avg_pool", x)
	x = b.Conv("feature_mix_layer.conv", x, Conv{Out: Const(width(1280))})
	x = b.Act("feature_mix_layer.act", x, ActHSwish)
	b.Scope("classifier", func() { b.Classifier("linear", x, o.Dropout) })
}

// round8 rounds a number of channels to a multiple of 8 as the published networks do: to the
// nearest (halves up), at least 8, and 8 more if that is below 0.9 of what was wanted.
func round8(c float64) int {
	r := max(8, int(c+4)/8*8)
	if float64(r) < 0.9*c {
		r += 8
	}
	return r
}

// or is v, or the default where v is zero.
func or[T comparable](v, standard T) T {
	var zero T
	if v == zero {
		return standard
	}
	return v
}

// checkCommon checks the settings that several families share.
func checkCommon(family string, width float64, stemStride int, dropout float64) error {
	if !(width > 0 && width <= 16) {
		return fmt.Errorf("searchspace: %s: width multiplier %v, expected more than 0, up to 16",
			family, width)
	}
	if stemStride != 1 && stemStride != 2 {
		return fmt.Errorf("searchspace: %s: stem stride %d, expected 1 or 2", family, stemStride)
	}
	if !(dropout < 1) {
		return fmt.Errorf("searchspace: %s: dropout %v, expected less than 1", family, dropout)
	}
	return nil
}
