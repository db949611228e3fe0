package searchspace

import "strconv"

// buildResNet writes ResNet-18 (two 3×3 convolutions a block) or ResNet-50 (bottlenecks, stride on
// the 3×3 convolution) with PyTorch's names.
func buildResNet(b *Builder, bottleneck bool, depths [4]int) {
	x := b.Conv("conv1", b.Input(), Conv{Out: Const(64), Kernel: Const(7), Stride: 2})
	x = b.MaxPool("maxpool", b.Act("relu", b.BatchNorm("bn1", x), ActReLU), 3, 2)
	for s, depth := range depths {
		b.Stage("layer"+strconv.Itoa(s+1), func() {
			for i := range depth {
				stride := 1
				if s > 0 && i == 0 {
					stride = 2
				}
				b.Named(strconv.Itoa(i), "layer"+strconv.Itoa(i), func() { x = resNetBlock(b, x, Const(64<<s), stride, bottleneck) })
			}
		})
	}
	b.Classifier("fc", b.GlobalAvgPool("avgpool", x), 0)
}

// resNetBlock writes a block of the given width.
func resNetBlock(b *Builder, x Ref, width Int, stride int, bottleneck bool) Ref {
	convs := []Conv{{Kernel: Const(3), Stride: stride}, {Kernel: Const(3)}}
	out := width
	if bottleneck {
		convs = []Conv{{}, {Kernel: Const(3), Stride: stride}, {}}
		out = width.Times(Const(4))
	}
	y := x
	for i, c := range convs {
		c.Out = width
		a := ActReLU
		if i == len(convs)-1 {
			c.Out, a = out, ActNone
		}
		n := strconv.Itoa(i + 1)
		y = b.Act("relu"+n, b.BatchNorm("bn"+n, b.Conv("conv"+n, y, c)), a)
	}
	if stride > 1 || !x.C.Same(out) {
		x = b.BatchNorm("downsample.1", b.Conv("downsample.0", x, Conv{Out: out, Stride: stride}))
	}
	return b.Act("relu", b.Add("add", y, x), ActReLU)
}

// buildShuffleNetV2x2 writes ShuffleNetV2 2× with PyTorch's names.
func buildShuffleNetV2x2(b *Builder) {
	channels := shuffleChannels[2]
	n := shuffleNet{channels: channels[:], last: 2048, stride: 2,
		depth: func(_ *Builder, stage int) Int { return Const(shuffleStages[stage].layers) }}
	n.build(b)
}

// shuffleUnit writes a unit with out channels.
func shuffleUnit(b *Builder, x Ref, out int, down bool) Ref {
	half := Const(out / 2)
	side, main, stride := x, x, 1
	if down {
		stride = 2
		side = b.BatchNorm("branch1.1", b.Conv("branch1.0", x, Conv{Kernel: Const(3), Stride: 2, Depthwise: true}))
		side = b.Act("branch1.4", b.BatchNorm("branch1.3", b.Conv("branch1.2", side, Conv{Out: half})), ActReLU)
	} else {
		side, main = b.Slice("split1", x, 0, out/2), b.Slice("split2", x, out/2, out/2)
	}
	main = convBNAct(b, "branch2", main, Conv{Out: half}, ActReLU)
	main = b.BatchNorm("branch2.4", b.Conv("branch2.3", main, Conv{Kernel: Const(3), Stride: stride, Depthwise: true}))
	main = b.Act("branch2.7", b.BatchNorm("branch2.6", b.Conv("branch2.5", main, Conv{Out: half})), ActReLU)
	return b.Shuffle("shuffle", b.Concat("concat", side, main), 2)
}
