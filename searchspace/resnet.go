package searchspace

import "strconv"

// resnetStages are those of ResNet-14.
var resnetStages = []netStage{{16, 2, 1}, {32, 2, 2}, {64, 2, 2}}

// ResNet is a space around the residual networks for small images of He et al. ("Deep Residual
// Learning for Image Recognition", CVPR 2016, section 4.2): a 3×3 stem and three stages of blocks
// of two 3×3 convolutions. Where a block changes the shape its input passes a strided 1×1
// convolution (their option B; the published figures are for option A, which has no weights). The
// stem is as wide as the first stage. Decisions are the depth and the width of each stage.
//
// The zero value is a network of 14 layers with width 0.5: 6.8 M multiply-adds. Layers 3, 3, 3 with
// width 1 is ResNet-20, 9, 9, 9 is ResNet-56.
//
// The text form is "depths:widths" with three numbers each, e.g. "2,2,2:8,16,32".
func ResNet(o NetOptions) (*Space, error) {
	n, err := newNet("resnet", &o, 0.5, resnetStages, toEight)
	if err != nil {
		return nil, err
	}
	return n.space(o, n.buildSmallResNet)
}

// buildSmallResNet writes the network with PyTorch's names.
func (n *netSpace) buildSmallResNet(b *Builder) {
	first := n.stemChannels(b)
	x := b.Conv("conv1", b.Input(), Conv{Out: first, Kernel: Const(3), Stride: n.stride})
	x = b.Act("relu", b.BatchNorm("bn1", x), ActReLU)
	for s, st := range resnetStages {
		b.Stage("layer"+strconv.Itoa(s+1), func() {
			depth, out := n.depth(b), first
			if s > 0 {
				out = n.channels(b)
			}
			x = b.Repeat(depth, x, func(i int, x Ref) Ref {
				stride := 1
				if i == 0 {
					stride = st.stride
				}
				b.Named(strconv.Itoa(i), "layer"+strconv.Itoa(i), func() { x = resNetBlock(b, x, out, stride, false) })
				return x
			})
		})
	}
	b.Classifier("fc", b.GlobalAvgPool("avgpool", x), n.dropout)
}
