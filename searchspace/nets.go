package searchspace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// NetOptions sets up the families VGG, ResNet, MobileNet and ShuffleNet: published networks whose
// stages may be shallower and narrower. The zero value is for images of 32×32 pixels and has at
// most 10 million multiply-adds; the largest architecture of the space is the published design with
// the width multiplier.
type NetOptions struct {
	Width      float64 `json:"width,omitempty"`       // width multiplier; 0 = the family's, see there
	Layers     []int   `json:"layers,omitempty"`      // of each stage, 1 to 64; nil = the family's
	StemStride int     `json:"stem_stride,omitempty"` // 1 or 2; 0 = 1 keeps the resolution of small images
	InputSize  int     `json:"input_size,omitempty"`  // pixels; 0 = 32
	Classes    int     `json:"classes,omitempty"`     // 0 = 10
	Dropout    float64 `json:"dropout,omitempty"`     // before the classifier; 0 = none
	// DepthRange is how many layers fewer than Layers a stage may have, never below one layer; 0 =
	// 1, negative = none.
	DepthRange int `json:"depth_range,omitempty"`
	// Widths are the factors of channels that a stage may choose from, ascending, the last one 1;
	// nil = 0.5, 0.75, 1. Choices that rounding makes equal are one. ShuffleNet, whose units split
	// their channels in halves, has none.
	Widths []float64 `json:"widths,omitempty"`
}

// netSpace is what those families share, and RegNet with them.
type netSpace struct {
	family        string
	depths        [][]int // choices of every stage
	widths        [][]int
	width         float64
	stride        int
	size, classes int
	dropout       float64
}

// netStage is a stage of a published network: its channels, its layers, and the stride of the
// first.
type netStage struct{ channels, layers, stride int }

// newNet is the space around the published stages. round gives the channels for a number wanted.
func newNet(family string, o *NetOptions, width float64, stages []netStage,
	round func(stage int, c float64) int) (*netSpace, error) {
	n := &netSpace{family: family, width: or(o.Width, width), stride: or(o.StemStride, 1),
		size: or(o.InputSize, 32), classes: or(o.Classes, 10), dropout: o.Dropout}
	if err := checkCommon(family, n.width, n.stride, n.dropout); err != nil {
		return nil, err
	}
	if len(o.Layers) > 0 && len(o.Layers) != len(stages) {
		return nil, fmt.Errorf("searchspace: %s: layers of %d stages, expected %d", family, len(o.Layers),
			len(stages))
	}
	factors := o.Widths
	if len(factors) == 0 {
		factors = []float64{0.5, 0.75, 1}
	}
	for i, f := range factors {
		if !(f > 0) || i > 0 && f <= factors[i-1] || i == len(factors)-1 && f != 1 {
			return nil, fmt.Errorf("searchspace: %s: widths %v, expected ascending factors above 0, the last one 1",
				family, factors)
		}
	}
	fewer := max(or(o.DepthRange, 1), 0)
	for s, st := range stages {
		layers := st.layers
		if len(o.Layers) > 0 {
			layers = o.Layers[s]
		}
		if layers < 1 || layers > 64 {
			return nil, fmt.Errorf("searchspace: %s: %d layers in stage %d, expected 1 to 64", family, layers, s+1)
		}
		n.depths = append(n.depths, between(max(1, layers-fewer), layers))
		var widths []int
		for _, f := range factors {
			widths = append(widths, round(s, float64(st.channels)*n.width*f))
		}
		n.widths = append(n.widths, slices.Compact(widths))
	}
	return n, nil
}

// toEight rounds as most families do.
func toEight(_ int, c float64) int { return round8(c) }

// space is the space of the networks that build writes, described by options. Without widths the
// text form is the depths alone.
func (n *netSpace) space(options any, build func(b *Builder)) (*Space, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("searchspace: %s options: %w", n.family, err)
	}
	lists := []TextList{{Name: "depths"}}
	if n.widths != nil {
		lists = append(lists, TextList{Name: "widths"})
	}
	for s := range n.depths {
		stage := "stage" + strconv.Itoa(s+1) + "."
		lists[0].Decisions = append(lists[0].Decisions, stage+"depth")
		if n.widths != nil {
			lists[1].Decisions = append(lists[1].Decisions, stage+"width")
		}
	}
	return NewSpace(Family{Name: n.family, InputSize: n.size, Classes: n.classes, Options: text, Text: lists,
		Build: build})
}

// depth is the decision on the layers of the stage that is being written, channels that on its
// width.
func (n *netSpace) depth(b *Builder) Int {
	return b.OneOf("depth", KindDepth, n.depths[b.stage-1]...)
}

func (n *netSpace) channels(b *Builder) Int {
	return b.OneOf("width", KindWidth, n.widths[b.stage-1]...)
}

// stemChannels is the width of the first stage, which the stem has, too.
func (n *netSpace) stemChannels(b *Builder) (out Int) {
	b.declareStage(1, func() { out = n.channels(b) })
	return out
}

// scaled is c channels outside the stages.
func (n *netSpace) scaled(c int) Int { return Const(round8(float64(c) * n.width)) }
