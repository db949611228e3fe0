package searchspace

import "strconv"

// vggStages are those of VGG-11; a stage ends in a pooling layer.
var vggStages = []netStage{{64, 1, 1}, {128, 1, 1}, {256, 2, 1}, {512, 2, 1}, {512, 2, 1}}

// VGG is a space around the networks of Simonyan and Zisserman ("Very Deep Convolutional Networks
// for Large-Scale Image Recognition", ICLR 2015) in the form that is usual for small images: five
// stages of 3×3 convolutions with batch norm and ReLU, each followed by max pooling, then the mean
// over the map and one linear layer instead of three. Pooling windows are 3×3 with stride 2, where
// the publication has 2×2; sizes and counts are the same. Decisions are the depth and the width of
// each stage.
//
// The zero value is VGG-11 with width 0.25: 9.9 M multiply-adds. Layers 2, 2, 3, 3, 3 is VGG-16, 2,
// 2, 4, 4, 4 is VGG-19.
//
// The text form is "depths:widths" with five numbers each, e.g. "1,1,2,2,2:16,32,64,128,128".
func VGG(o NetOptions) (*Space, error) {
	n, err := newNet("vgg", &o, 0.25, vggStages, toEight)
	if err != nil {
		return nil, err
	}
	return n.space(o, n.buildVGG)
}

// buildVGG writes the network.
func (n *netSpace) buildVGG(b *Builder) {
	x := b.Input()
	for s := range n.depths {
		b.Stage("", func() {
			depth, out := n.depth(b), n.channels(b)
			x = b.Repeat(depth, x, func(i int, x Ref) Ref {
				b.Block("features", i, func() {
					c := Conv{Out: out, Kernel: Const(3)}
					if s == 0 && i == 0 {
						c.Stride = n.stride
					}
					x = b.ConvBN("", x, c, ActReLU)
				})
				return x
			})
			x = b.MaxPool("pool"+strconv.Itoa(s+1), x, 3, 2)
		})
	}
	b.Classifier("classifier", b.GlobalAvgPool("avgpool", x), n.dropout)
}
