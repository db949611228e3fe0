package searchspace

import (
	"fmt"
	"math"
	"strconv"
)

// shuffleStages are those of ShuffleNetV2 1×.
var shuffleStages = []netStage{{116, 4, 2}, {232, 8, 2}, {464, 4, 2}}

// shuffleChannels are the published channels of the stages by width multiplier.
var shuffleChannels = map[float64][3]int{0.5: {48, 96, 192}, 1.5: {176, 352, 704}, 2: {244, 488, 976}}

// ShuffleNet is a space around ShuffleNetV2 (Ma et al., "ShuffleNet V2: Practical Guidelines for
// Efficient CNN Architecture Design", ECCV 2018): a stem with max pooling and three stages of units
// that split, convolve and shuffle their channels. The decisions are the depths of the stages.
// Weights have the names of torchvision. With the published multipliers 0.5, 1, 1.5 and 2 channels
// are the published ones, with others multiples of 4 in proportion to those of 1; the last
// convolution has 1024, above a multiplier of 1.5 2048.
//
// The zero value has width 0.75: 7.5 M multiply-adds. Width 1 with StemStride 2 and 224 pixels is
// the published network.
//
// The text form is the three depths, e.g. "4,8,4".
func ShuffleNet(o NetOptions) (*Space, error) {
	if o.Widths != nil {
		return nil, fmt.Errorf("searchspace: shufflenet: widths %v, expected none", o.Widths)
	}
	width := or(o.Width, 0.75)
	n, err := newNet("shufflenet", &o, width, shuffleStages, func(s int, c float64) int {
		if published, ok := shuffleChannels[width]; ok {
			return published[s]
		}
		return max(4, int(math.Round(c/4))*4)
	})
	if err != nil {
		return nil, err
	}
	units := shuffleNet{last: 1024, stride: n.stride, dropout: n.dropout,
		depth: func(b *Builder, _ int) Int { return n.depth(b) }}
	if width > 1.5 {
		units.last = 2048
	}
	for s := range n.widths {
		units.channels = append(units.channels, n.widths[s][len(n.widths[s])-1])
	}
	n.widths = nil
	return n.space(o, units.build)
}

// shuffleNet is a network of this kind.
type shuffleNet struct {
	channels []int
	last     int
	stride   int
	dropout  float64
	depth    func(b *Builder, stage int) Int
}

// build writes the network with PyTorch's names.
func (n *shuffleNet) build(b *Builder) {
	x := convBNAct(b, "conv1", b.Input(), Conv{Out: Const(24), Kernel: Const(3), Stride: n.stride}, ActReLU)
	x = b.MaxPool("maxpool", x, 3, 2)
	for s, out := range n.channels {
		b.Stage("stage"+strconv.Itoa(s+2), func() {
			x = b.Repeat(n.depth(b, s), x, func(i int, x Ref) Ref {
				b.Named(strconv.Itoa(i), "layer"+strconv.Itoa(i), func() { x = shuffleUnit(b, x, out, i == 0) })
				return x
			})
		})
	}
	x = convBNAct(b, "conv5", x, Conv{Out: Const(n.last)}, ActReLU)
	b.Classifier("fc", b.GlobalAvgPool("pool", x), n.dropout)
}
