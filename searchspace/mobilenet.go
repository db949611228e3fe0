package searchspace

import "strconv"

// mobileRows are the stages of MobileNetV2.
var mobileRows = []mbRow{
	{1, 1, 0, 3, 16, 1, false, ActReLU6}, {2, 6, 0, 3, 24, 2, false, ActReLU6},
	{3, 6, 0, 3, 32, 2, false, ActReLU6}, {4, 6, 0, 3, 64, 2, false, ActReLU6},
	{3, 6, 0, 3, 96, 1, false, ActReLU6}, {3, 6, 0, 3, 160, 2, false, ActReLU6},
	{1, 6, 0, 3, 320, 1, false, ActReLU6},
}

// MobileNet is a space around MobileNetV2 (Sandler et al., "MobileNetV2: Inverted Residuals and
// Linear Bottlenecks", CVPR 2018): seven stages of inverted residual blocks. Decisions are the
// depth and the width of each stage. Weights have the names of torchvision. The last convolution
// has 1280 channels, more where the width multiplier is above 1.
//
// The zero value has width 0.5: 7.8 M multiply-adds. Width 1 with StemStride 2 and 224 pixels is
// the published network.
//
// The text form is "depths:widths" with seven numbers each, e.g.
// "1,2,3,4,3,3,1:8,16,16,32,48,80,160".
func MobileNet(o NetOptions) (*Space, error) {
	stages := make([]netStage, len(mobileRows))
	for i, r := range mobileRows {
		stages[i] = netStage{r.out, r.repeats, r.stride}
	}
	n, err := newNet("mobilenet", &o, 0.5, stages, toEight)
	if err != nil {
		return nil, err
	}
	return n.space(o, n.buildMobileNet)
}

// buildMobileNet writes the network.
func (n *netSpace) buildMobileNet(b *Builder) {
	x := convBNAct(b, "features.0", b.Input(), Conv{Out: n.scaled(32), Kernel: Const(3), Stride: n.stride},
		ActReLU6)
	b.counter = 1
	for _, r := range mobileRows {
		b.Stage("", func() {
			depth, out := n.depth(b), n.channels(b)
			x = b.Repeat(depth, x, func(i int, x Ref) Ref {
				b.Block("features", i, func() { x = mobileV2Block(b, x, r, out, i) })
				return x
			})
		})
	}
	b.ScopeAs("features."+strconv.Itoa(b.counter), "head", func() {
		x = convBNAct(b, "", x, Conv{Out: Const(round8(1280 * max(1, n.width)))}, ActReLU6)
	})
	b.Classifier("classifier.1", b.GlobalAvgPool("pool", x), n.dropout)
}
