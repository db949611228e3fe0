package searchspace

import (
	"fmt"
	"math"
	"strconv"
)

// RegNetOptions sets up a RegNet space. The zero value is for images of 32×32 pixels and has 9.3 M
// multiply-adds; the largest architecture of the space is the network of the rule.
type RegNetOptions struct {
	Depth int     `json:"depth,omitempty"` // blocks, up to 64; 0 = 13
	W0    float64 `json:"w0,omitempty"`    // width of the first block, from 8 on; 0 = 24
	WA    float64 `json:"wa,omitempty"`    // how much wider each block is than the one before; 0 = 36.44
	WM    float64 `json:"wm,omitempty"`    // ratio between stages, above 1; 0 = 2.49
	Group int     `json:"group,omitempty"` // channels of a group, up to 256; 0 = 8
	SE    bool    `json:"se,omitempty"`    // squeeze-and-excitation: RegNetY

	Width      float64   `json:"width,omitempty"`       // width multiplier; 0 = 0.75
	StemStride int       `json:"stem_stride,omitempty"` // 1 or 2; 0 = 1
	InputSize  int       `json:"input_size,omitempty"`  // pixels; 0 = 32
	Classes    int       `json:"classes,omitempty"`     // 0 = 10
	Dropout    float64   `json:"dropout,omitempty"`     // before the classifier; 0 = none
	DepthRange int       `json:"depth_range,omitempty"` // as in NetOptions
	Widths     []float64 `json:"widths,omitempty"`      // as in NetOptions
}

// RegNet is a space around a network of the RegNet rule (Radosavovic et al., "Designing Network
// Design Spaces", CVPR 2020): up to eight stages of residual blocks of a 1×1, a grouped 3×3 and a
// 1×1 convolution, all of the stage's width. Block j is to have w0 + wa·j channels; stages take
// those whose nearest power of wm times w0 is the same. Decisions are the depth and the width of
// each stage; all widths are multiples of the group. Weights have the names of torchvision.
//
// The zero value is RegNetX-200MF with width 0.75. Width 1 with StemStride 2 and 224 pixels is the
// published network.
//
// The text form is "depths:widths" with a number per stage, e.g. "1,1,4,7:16,40,112,272".
//
// Relaxed architectures (package supernet) cannot mix widths here, because the groups follow from
// them; Widths of 1 alone leave the depths to decide.
func RegNet(o RegNetOptions) (*Space, error) {
	given := o
	o.Depth, o.Group = or(o.Depth, 13), or(o.Group, 8)
	o.W0, o.WA, o.WM = or(o.W0, 24), or(o.WA, 36.44), or(o.WM, 2.49)
	stages, err := o.stages()
	if err != nil {
		return nil, err
	}
	n, err := newNet("regnet", &NetOptions{Width: o.Width, StemStride: o.StemStride, InputSize: o.InputSize,
		Classes: o.Classes, Dropout: o.Dropout, DepthRange: o.DepthRange, Widths: o.Widths}, 0.75, stages,
		func(_ int, c float64) int { return max(1, int(math.RoundToEven(c/float64(o.Group)))) * o.Group })
	if err != nil {
		return nil, err
	}
	return n.space(given, func(b *Builder) { n.buildRegNet(b, o.Group, o.SE) })
}

// stages follows the rule: widths are multiples of 8, and then of the group.
func (o *RegNetOptions) stages() ([]netStage, error) {
	switch {
	case o.Depth < 1 || o.Depth > 64:
		return nil, fmt.Errorf("searchspace: regnet: %d blocks, expected 1 to 64", o.Depth)
	case !(o.W0 >= 8 && o.W0 <= 1024), !(o.WA >= 0 && o.WA <= 1024):
		return nil, fmt.Errorf("searchspace: regnet: w0 %v and wa %v, expected 8 and 0 to 1024", o.W0, o.WA)
	case !(o.WM > 1 && o.WM <= 16):
		return nil, fmt.Errorf("searchspace: regnet: wm %v, expected more than 1, up to 16", o.WM)
	case o.Group < 1 || o.Group > 256:
		return nil, fmt.Errorf("searchspace: regnet: groups of %d channels, expected 1 to 256", o.Group)
	}
	var out []netStage
	for j := range o.Depth {
		power := math.RoundToEven(math.Log((o.W0+o.WA*float64(j))/o.W0) / math.Log(o.WM))
		width := int(math.RoundToEven(o.W0*math.Pow(o.WM, power)/8)) * 8
		width = max(1, int(math.RoundToEven(float64(width)/float64(o.Group)))) * o.Group
		if k := len(out) - 1; k >= 0 && out[k].channels == width {
			out[k].layers++
		} else {
			out = append(out, netStage{width, 1, 2})
		}
	}
	if len(out) > 8 {
		return nil, fmt.Errorf("searchspace: regnet: %d stages, expected at most 8", len(out))
	}
	return out, nil
}

// buildRegNet writes the network.
func (n *netSpace) buildRegNet(b *Builder, group int, se bool) {
	x := convBNAct(b, "stem", b.Input(), Conv{Out: n.scaled(32), Kernel: Const(3), Stride: n.stride}, ActReLU)
	for s := range n.depths {
		name := "block" + strconv.Itoa(s+1)
		b.Stage("trunk_output."+name, func() {
			depth, out := n.depth(b), n.channels(b)
			x = b.Repeat(depth, x, func(i int, x Ref) Ref {
				b.Named(name+"-"+strconv.Itoa(i), "layer"+strconv.Itoa(i),
					func() { x = regNetBlock(b, x, out, group, i == 0, se) })
				return x
			})
		})
	}
	b.Classifier("fc", b.GlobalAvgPool("avgpool", x), n.dropout)
}

// regNetBlock writes a block; the first of a stage has stride 2. Squeeze-and-excitation has a
// quarter of the block's input channels.
func regNetBlock(b *Builder, x Ref, out Int, group int, first, se bool) Ref {
	stride := 1
	if first {
		stride = 2
	}
	groups := Map(func(v ...int) int { return v[0] / group }, out)
	y := convBNAct(b, "f.a", x, Conv{Out: out}, ActReLU)
	y = convBNAct(b, "f.b", y, Conv{Out: out, Kernel: Const(3), Stride: stride, Groups: groups}, ActReLU)
	if se {
		hidden := Map(func(v ...int) int { return max(1, int(math.RoundToEven(float64(v[0])/4))) }, x.C)
		s := b.GlobalAvgPool("f.se.avgpool", y)
		s = b.Act("f.se.activation", b.Conv("f.se.fc1", s, Conv{Out: hidden, Bias: true}), ActReLU)
		s = b.Act("f.se.scale_activation", b.Conv("f.se.fc2", s, Conv{Out: out, Bias: true}), ActSigmoid)
		y = b.Mul("f.se.mul", y, s)
	}
	y = convBNAct(b, "f.c", y, Conv{Out: out}, ActNone)
	if first {
		x = convBNAct(b, "proj", x, Conv{Out: out, Stride: stride}, ActNone)
	}
	return b.Act("activation", b.Add("add", y, x), ActReLU)
}
