package searchspace

import (
	"encoding/json"
	"fmt"
)

// ProxylessNASOptions sets up the ProxylessNAS family as Once-for-All uses it; the zero value is
// that space.
type ProxylessNASOptions struct {
	Width      float64 `json:"width,omitempty"`       // width multiplier; 0 = 1
	InputSize  int     `json:"input_size,omitempty"`  // pixels; 0 = 224
	StemStride int     `json:"stem_stride,omitempty"` // 1 or 2; 0 = 2
	Classes    int     `json:"classes,omitempty"`     // 0 = 1000
	Depths     []int   `json:"depths,omitempty"`      // layers of the first five stages; nil = 2, 3, 4
	Kernels    []int   `json:"kernels,omitempty"`     // nil = 3, 5, 7
	Expands    []int   `json:"expands,omitempty"`     // nil = 3, 4, 6
	Dropout    float64 `json:"dropout,omitempty"`     // before the classifier; 0 = 0.1, negative = none
}

// proxylessStages are the searched stages; the last has one layer.
var proxylessStages = [...]struct{ width, stride int }{{24, 2}, {40, 2}, {80, 2}, {96, 1}, {192, 2}, {320, 1}}

// ProxylessNAS is the ProxylessNAS space of Once-for-All: six stages of inverted residual blocks
// with ReLU6 and without squeeze-and-excitation, the last stage with exactly one layer.
//
// The text form is "depths:kernels:ratios" as for MobileNetV3, with 6, 21 and 21 numbers for the
// default lists; the last depth is 1.
func ProxylessNAS(o ProxylessNASOptions) (*Space, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("searchspace: proxylessnas options: %w", err)
	}
	o.Width = or(o.Width, 1)
	o.StemStride = or(o.StemStride, 2)
	o.Dropout = or(o.Dropout, 0.1)
	if err := checkCommon("proxylessnas", o.Width, o.StemStride, o.Dropout); err != nil {
		return nil, err
	}
	sp := mobileSpace{family: "proxylessnas", scope: "blocks", block: mbconv}
	last := len(proxylessStages) - 1
	if err := sp.lists(o.Depths, o.Kernels, o.Expands, last); err != nil {
		return nil, err
	}
	sp.depths = append(sp.depths, []int{1})
	text, encoding := sp.names()
	return NewSpace(Family{
		Name: sp.family, InputSize: or(o.InputSize, 224), Classes: or(o.Classes, 1000), Options: options,
		Text: text, Encoding: encoding,
		Build: func(b *Builder) { sp.buildProxyless(b, o) },
	})
}

// buildProxyless writes the network.
func (sp *mobileSpace) buildProxyless(b *Builder, o ProxylessNASOptions) {
	width := func(c int) int { return round8(float64(c) * o.Width) }
	b.Norm(1e-3, 0.1)
	x := b.ConvBN("first_conv", b.Input(), Conv{Out: Const(width(32)), Kernel: Const(3),
		Stride: o.StemStride}, ActReLU6)
	b.Named("blocks.0", "first_block", func() {
		x = mbconv(b, x, mbBlock{out: width(16), stride: 1, kernel: Const(3), expand: Const(1),
			act: ActReLU6})
	})
	b.counter = 1
	for _, st := range proxylessStages {
		x = sp.stage(b, x, mbBlock{out: width(st.width), stride: st.stride, act: ActReLU6, skip: true})
	}
	x = b.ConvBN("feature_mix_layer", x, Conv{Out: Const(width(1280))}, ActReLU6)
	x = b.GlobalAvgPool("global_avg_pool", x)
	b.Scope("classifier", func() { b.Classifier("linear", x, o.Dropout) })
}
