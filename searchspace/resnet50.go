package searchspace

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// ResNet50Options sets up the ResNet50 family of Once-for-All.
type ResNet50Options struct {
	InputSize int     `json:"input_size,omitempty"` // pixels; 0 = 224
	Classes   int     `json:"classes,omitempty"`    // 0 = 1000
	Dropout   float64 `json:"dropout,omitempty"`    // before the classifier; 0 = none
}

// resnet50Stages are the searched stages: width at factor 1, least depth, slots for expansion
// ratios, stride of the first block.
var resnet50Stages = [...]struct{ width, depth, slots, stride int }{
	{256, 2, 4, 1}, {512, 2, 4, 2}, {1024, 4, 6, 2}, {2048, 2, 4, 2},
}

// Choices of the ResNet50 space.
var (
	resnet50Expands = []float64{0.2, 0.25, 0.35}
	resnet50Widths  = []float64{0.65, 0.8, 1}
)

// ResNet50 is the ResNet50 space of Once-for-All: bottleneck blocks with a choice of depth (0 to 2
// blocks more than the least) and width factor per stage and of the bottleneck's ratio per block,
// and a stem with an optional residual layer and two widths.
//
// The text form is "d:e:w" with 5, 18 and 6 entries: d is 0 or 2 for the stem's residual layer (1
// means 2) and 0 to 2 for each stage; e is 0.2, 0.25 or 0.35 per block, those past a stage's depth
// ignored; w is an index into the factors 0.65, 0.8 and 1 for the stem's inner and outer width and
// for each stage.
func ResNet50(o ResNet50Options) (*Space, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("searchspace: resnet50 options: %w", err)
	}
	if err := checkCommon("resnet50", 1, 2, o.Dropout); err != nil {
		return nil, err
	}
	depths, expands, widths := []string{"stem.depth"}, []string(nil), []string{"stem.mid.width", "stem.width"}
	for i, st := range resnet50Stages {
		stage := "stage" + strconv.Itoa(i+1)
		depths, widths = append(depths, stage+".depth"), append(widths, stage+".width")
		for l := range st.slots {
			expands = append(expands, stage+".layer"+strconv.Itoa(l)+".expand")
		}
	}
	return NewSpace(Family{
		Name: "resnet50", InputSize: or(o.InputSize, 224), Classes: or(o.Classes, 1000), Options: options,
		Text:     []TextList{{"depths", depths}, {"ratios", expands}, {"widths", widths}},
		Synonyms: []Synonym{{Decision: "stem.depth", Label: "1", Means: "2"}},
		Build:    func(b *Builder) { buildResNet50(b, o) },
	})
}

// buildResNet50 writes the network with Once-for-All's weight names.
func buildResNet50(b *Builder, o ResNet50Options) {
	labels := make([]string, len(resnet50Widths))
	index := make([]int, len(resnet50Widths))
	for i := range labels {
		labels[i], index[i] = strconv.Itoa(i), i
	}
	width := func(c int) Int {
		return Map(func(v ...int) int { return round8(float64(c) * resnet50Widths[v[0]]) },
			b.Labelled("width", KindWidth, labels, index))
	}
	three := Const(3)
	var x Ref
	b.ScopeAs("", "stem", func() {
		residual := b.OneOf("depth", KindDepth, 0, 2)
		var mid Int
		b.ScopeAs("", "mid",
			func() { mid = Map(func(v ...int) int { return round8(float64(v[0] / 2)) }, width(64)) })
		x = b.ConvBN("input_stem.0", b.Input(), Conv{Out: mid, Kernel: three, Stride: 2}, ActReLU)
		x = b.If(residual, x, func(x Ref) Ref {
			y := b.ConvBN("input_stem.1.conv", x, Conv{Out: mid, Kernel: three}, ActReLU)
			return b.Add("input_stem.1.add", y, x)
		})
		out := width(64)
		last := "input_stem.2"
		if residual.Constant() && residual.at(nil) == 0 {
			last = "input_stem.1"
		}
		b.ScopeAs(last, "out", func() { x = b.ConvBN("", x, Conv{Out: out, Kernel: three}, ActReLU) })
		x = b.MaxPool("max_pooling", x, 3, 2)
	})
	for _, st := range resnet50Stages {
		b.Stage("", func() {
			out := width(st.width)
			more := b.OneOf("depth", KindDepth, 0, 1, 2)
			depth := Map(func(v ...int) int { return v[0] + st.depth }, more)
			x = b.Repeat(depth, x, func(i int, x Ref) Ref {
				b.Block("blocks", i, func() { x = resnet50Block(b, x, out, i, st.stride) })
				return x
			})
		})
	}
	x = b.GlobalAvgPool("global_avg_pool", x)
	b.Scope("classifier", func() { b.Classifier("linear", x, o.Dropout) })
}

// resnet50Block writes block i of a stage.
func resnet50Block(b *Builder, x Ref, out Int, i, stride int) Ref {
	labels, index := make([]string, len(resnet50Expands)), make([]int, len(resnet50Expands))
	for k, e := range resnet50Expands {
		labels[k], index[k] = strconv.FormatFloat(e, 'g', -1, 64), k
	}
	expand := b.Labelled("expand", KindExpand, labels, index)
	b.Variant("e", expand)
	mid := Map(func(v ...int) int { return round8(math.Round(float64(v[0]) * resnet50Expands[v[1]])) },
		out, expand)
	if i > 0 {
		stride = 1
	}
	y := b.ConvBN("conv1", x, Conv{Out: mid}, ActReLU)
	y = b.ConvBN("conv2", y, Conv{Out: mid, Kernel: Const(3), Stride: stride}, ActReLU)
	y = b.ConvBN("conv3", y, Conv{Out: out}, ActNone)
	if i == 0 {
		b.Scope("downsample", func() {
			if stride > 1 {
				x = b.AvgPool("avg_pool", x, stride, stride)
			}
			x = b.BatchNorm("bn", b.Conv("conv", x, Conv{Out: out}))
		})
	}
	return b.Act("final_act", b.Add("add", y, x), ActReLU)
}
