package searchspace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// DANASVariant selects one of the named spaces of DA-NAS.
type DANASVariant string

// Spaces of DA-NAS (section 4.1), blocks × operators per layer.
const (
	// DANASMobile has inverted residuals with expansion 1, 3, 6 and depthwise convolution 3 or 5: 6
	// candidates a layer.
	DANASMobile DANASVariant = "mobile"
	// DANASMobilePlus has normal convolutions 3 and 5 as operators, too: 12.
	DANASMobilePlus DANASVariant = "mobile+"
	// DANASShuffle has shuffle blocks with one or three depthwise convolutions of 3, 5 or 7: 6.
	DANASShuffle DANASVariant = "shuffle"
	// DANASShufflePlus has normal convolutions 3 and 5, too: 10.
	DANASShufflePlus DANASVariant = "shuffle+"
	// DANASShuffleMobile has the candidates of Shuffle and of Mobile on the layout of Shuffle: 12.
	DANASShuffleMobile DANASVariant = "shuffle+mobile"
)

// DANASOptions sets up a DA-NAS space.
type DANASOptions struct {
	Variant DANASVariant `json:"variant,omitempty"` // "" = mobile
	SE      bool         `json:"se,omitempty"`      // every candidate with SE as well
	Width   float64      `json:"width,omitempty"`   // width multiplier; 0 = 1
	// Layers is how many layers a searched stage has, up to 16; 0 = 4, and 8 in the third stage of
	// Shuffle. The last stage of Mobile always has one.
	Layers     int     `json:"layers,omitempty"`
	StemStride int     `json:"stem_stride,omitempty"` // 1 or 2; 0 = 2. 1 keeps the resolution of small images
	InputSize  int     `json:"input_size,omitempty"`  // pixels; 0 = 224
	Classes    int     `json:"classes,omitempty"`     // 0 = 1000
	Dropout    float64 `json:"dropout,omitempty"`     // before the classifier; 0 = none
	// Shared makes the candidates of a layer one inverted residual with a choice of kernel and
	// expansion, so that with supernet.Elastic they share weights, as in Once-for-all. Texts and
	// costs stay. Sub-networks that are trained one at a time learn much sooner then. Mobile
	// without SE only.
	Shared bool `json:"shared,omitempty"`
}

// stages is the searched stages of a layout under the options.
func (o *DANASOptions) stages(layout []daStage) []daStage {
	out := slices.Clone(layout)
	for i := range out {
		out[i].width = o.width(out[i].width)
		if out[i].layers > 1 {
			out[i].layers = or(o.Layers, out[i].layers)
		}
	}
	return out
}

// width is how many channels stand for c of the published form.
func (o *DANASOptions) width(c int) int { return round8(float64(c) * o.Width) }

// daCandidate is one candidate of a layer.
type daCandidate struct {
	block  string // "ir" inverted residual, "sh" shuffle
	count  int    // expansion ratio, or number of convolutions
	normal bool   // normal convolution instead of depthwise
	kernel int
	se     bool
}

// String is the candidate's name: "ir6k5", "sh3n3", "ir1k3se".
func (c daCandidate) String() string {
	op, se := "k", ""
	if c.normal {
		op = "n"
	}
	if c.se {
		se = "se"
	}
	return c.block + strconv.Itoa(c.count) + op + strconv.Itoa(c.kernel) + se
}

// daCandidates lists the candidates of a layer in the order of choices.
func daCandidates(v DANASVariant, se bool) ([]daCandidate, error) {
	var out []daCandidate
	add := func(block string, counts []int, normal bool, kernels ...int) {
		for _, count := range counts {
			for _, k := range kernels {
				out = append(out, daCandidate{block, count, normal, k, false})
			}
		}
	}
	expands, convs := []int{1, 3, 6}, []int{1, 3}
	switch v {
	case DANASMobile:
		add("ir", expands, false, 3, 5)
	case DANASMobilePlus:
		add("ir", expands, false, 3, 5)
		add("ir", expands, true, 3, 5)
	case DANASShuffle:
		add("sh", convs, false, 3, 5, 7)
	case DANASShufflePlus:
		add("sh", convs, false, 3, 5, 7)
		add("sh", convs, true, 3, 5)
	case DANASShuffleMobile:
		add("sh", convs, false, 3, 5, 7)
		add("ir", expands, false, 3, 5)
	default:
		return nil, fmt.Errorf("searchspace: danas: variant %q, expected mobile, mobile+, shuffle, "+
			"shuffle+ or shuffle+mobile", v)
	}
	if se {
		for _, c := range out {
			c.se = true
			out = append(out, c)
		}
	}
	return out, nil
}

// daStage is one stage of a layout; the first layer has the stride.
type daStage struct{ layers, width, stride int }

var (
	daMobileStages  = []daStage{{4, 24, 2}, {4, 40, 2}, {4, 80, 2}, {4, 96, 1}, {4, 192, 2}, {1, 320, 1}}
	daShuffleStages = []daStage{{4, 64, 2}, {4, 160, 2}, {8, 320, 2}, {4, 640, 2}}
)

// DANAS is a space of DA-NAS: a fixed number of layers, each with a choice of block and operator.
// The paper gives no layout; Mobile uses that of ProxylessNAS with four layers a stage, Shuffle one
// of 4, 4, 8 and 4 layers with 64 to 640 channels. On 32×32 images with stem stride 1 and 100
// classes all candidates of Mobile together have 122 M multiply-adds, and 8.8 M with width 0.25 and
// two layers a stage.
//
// The text form is one candidate name per layer, separated by commas: "ir6k5" is an inverted
// residual with expansion 6 and depthwise kernel 5, "sh3k7" a shuffle block with three depthwise
// convolutions of 7, "n" instead of "k" is a normal convolution, and a final "se"
// squeeze-and-excitation.
func DANAS(o DANASOptions) (*Space, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("searchspace: danas options: %w", err)
	}
	o.Variant = or(o.Variant, DANASMobile)
	o.Width, o.StemStride = or(o.Width, 1), or(o.StemStride, 2)
	if err := checkCommon("danas", o.Width, o.StemStride, o.Dropout); err != nil {
		return nil, err
	}
	if o.Layers < 0 || o.Layers > 16 {
		return nil, fmt.Errorf("searchspace: danas: %d layers in a stage, expected 1 to 16", o.Layers)
	}
	if o.Shared && (o.Variant != DANASMobile || o.SE) {
		return nil, fmt.Errorf("searchspace: danas: %s with SE %t, expected mobile without SE where candidates "+
			"share weights", o.Variant, o.SE)
	}
	candidates, err := daCandidates(o.Variant, o.SE)
	if err != nil {
		return nil, err
	}
	build := func(b *Builder) { buildDAMobile(b, o, candidates) }
	if o.Variant != DANASMobile && o.Variant != DANASMobilePlus {
		build = func(b *Builder) { buildDAShuffle(b, o, candidates) }
	}
	return NewSpace(Family{Name: "danas-" + string(o.Variant), InputSize: or(o.InputSize, 224),
		Classes: or(o.Classes, 1000),
		Options: options, Build: build})
}

// buildDAMobile writes the Mobile layout.
func buildDAMobile(b *Builder, o DANASOptions, candidates []daCandidate) {
	b.Norm(1e-3, 0.1)
	x := b.ConvBN("first_conv", b.Input(), Conv{Out: Const(o.width(32)), Kernel: Const(3),
		Stride: o.StemStride}, ActReLU6)
	b.Named("blocks.0", "first_block", func() {
		x = mbconv(b, x, mbBlock{out: o.width(16), stride: 1, kernel: Const(3), expand: Const(1), act: ActReLU6})
	})
	b.counter = 1
	x = daLayers(b, x, o.stages(daMobileStages), candidates, o.Shared)
	x = b.ConvBN("feature_mix_layer", x, Conv{Out: Const(o.width(1280))}, ActReLU6)
	x = b.GlobalAvgPool("global_avg_pool", x)
	b.Scope("classifier", func() { b.Classifier("linear", x, o.Dropout) })
}

// buildDAShuffle writes the Shuffle layout.
func buildDAShuffle(b *Builder, o DANASOptions, candidates []daCandidate) {
	x := b.ConvBN("first_conv", b.Input(), Conv{Out: Const(o.width(16)), Kernel: Const(3),
		Stride: o.StemStride}, ActReLU)
	x = daLayers(b, x, o.stages(daShuffleStages), candidates, o.Shared)
	x = b.ConvBN("feature_mix_layer", x, Conv{Out: Const(o.width(1024))}, ActReLU)
	x = b.GlobalAvgPool("global_avg_pool", x)
	b.Scope("classifier", func() { b.Classifier("linear", x, o.Dropout) })
}

// daLayers writes the searched stages.
func daLayers(b *Builder, x Ref, stages []daStage, candidates []daCandidate, shared bool) Ref {
	labels := make([]string, len(candidates))
	for i, c := range candidates {
		labels[i] = c.String()
	}
	for _, st := range stages {
		b.Stage("", func() {
			for i := range st.layers {
				stride := 1
				if i == 0 {
					stride = st.stride
				}
				b.Block("blocks", i, func() {
					op := b.Symbol("op", KindOp, labels...)
					if shared {
						x = mbconv(b, x, mbBlock{out: st.width, stride: stride, act: ActReLU6, skip: true,
							kernel: Map(func(v ...int) int { return candidates[v[0]].kernel }, op),
							expand: Map(func(v ...int) int { return candidates[v[0]].count }, op)})
						return
					}
					x = b.Switch(op, func(v int) (y Ref) {
						// The candidate is part of the site: candidates share no weights.
						b.ScopeAs("", labels[v], func() { y = candidates[v].write(b, x, st.width, stride) })
						return y
					})
				})
			}
		})
	}
	return x
}

// write writes the candidate.
func (c daCandidate) write(b *Builder, x Ref, out, stride int) Ref {
	if c.block == "ir" {
		return mbconv(b, x, mbBlock{out: out, stride: stride, kernel: Const(c.kernel), expand: Const(c.count),
			act: ActReLU6,
			se:  c.se, skip: true, dense: c.normal})
	}
	return c.shuffle(b, x, out, stride)
}
