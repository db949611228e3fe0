package searchspace

import "strconv"

// mbRow is a row of a published table of inverted residual blocks: repeats blocks, the first with
// the stride, of an expansion to mid channels (or by the factor expand), kernel, output channels.
type mbRow struct {
	repeats, expand, mid, kernel, out, stride int
	se                                        bool
	act                                       Act
}

// buildMobileNetV2 writes MobileNetV2 with PyTorch's names.
func buildMobileNetV2(b *Builder, width float64) {
	w := func(c int) int { return round8(float64(c) * width) }
	x := convBNAct(b, "features.0", b.Input(), Conv{Out: Const(w(32)), Kernel: Const(3), Stride: 2}, ActReLU6)
	n := 1
	for _, r := range mobileRows {
		b.Stage("", func() {
			for i := range r.repeats {
				b.Named("features."+strconv.Itoa(n), "layer"+strconv.Itoa(i), func() { x = mobileV2Block(b, x, r, Const(w(r.out)), i) })
				n++
			}
		})
	}
	x = convBNAct(b, "features.18", x, Conv{Out: Const(round8(1280 * max(1, width)))}, ActReLU6)
	b.Classifier("classifier.1", b.GlobalAvgPool("pool", x), 0.2)
}

// mobileV2Block writes a block as conv.0, conv.1, ...: expansion if any, depthwise, projection.
func mobileV2Block(b *Builder, x Ref, r mbRow, out Int, i int) Ref {
	in, k := x, 0
	stride := r.strideAt(i)
	if r.expand != 1 {
		x = convBNAct(b, "conv.0", x, Conv{Out: x.C.Times(Const(r.expand))}, r.act)
		k++
	}
	x = convBNAct(b, "conv."+strconv.Itoa(k), x, Conv{Kernel: Const(r.kernel), Stride: stride, Depthwise: true}, r.act)
	x = b.Conv("conv."+strconv.Itoa(k+1), x, Conv{Out: out})
	x = b.BatchNorm("conv."+strconv.Itoa(k+2), x)
	if i == 0 { // stages differ in channels, whatever a decision makes of them
		return x
	}
	return b.Add("add", x, in)
}

func (r mbRow) strideAt(i int) int {
	if i == 0 {
		return r.stride
	}
	return 1
}

// residual adds in where shapes agree.
func residual(b *Builder, x, in Ref, stride int) Ref {
	if stride == 1 && x.C.Same(in.C) {
		return b.Add("add", x, in)
	}
	return x
}

// convBNAct writes NAME.0 (convolution), NAME.1 (batch norm), NAME.2 (activation).
func convBNAct(b *Builder, name string, x Ref, c Conv, a Act) Ref {
	return b.Act(join(name, "2"), b.BatchNorm(join(name, "1"), b.Conv(join(name, "0"), x, c)), a)
}

// seBlock writes an inverted residual as block.0, block.1, ...: expansion if any, depthwise,
// squeeze-and-excitation (fc1, fc2) if any, projection.
func seBlock(b *Builder, x Ref, r mbRow, mid, squeeze, stride int, gate Act) Ref {
	in, k := x, 0
	next := func() string { k++; return "block." + strconv.Itoa(k-1) }
	if !x.C.Same(Const(mid)) {
		x = convBNAct(b, next(), x, Conv{Out: Const(mid)}, r.act)
	}
	x = convBNAct(b, next(), x, Conv{Kernel: Const(r.kernel), Stride: stride, Depthwise: true}, r.act)
	if r.se {
		inner := ActReLU
		if r.act == ActSwish {
			inner = ActSwish
		}
		x = squeezeExcite(b, next(), x, squeeze, inner, gate)
	}
	x = convBNAct(b, next(), x, Conv{Out: Const(r.out)}, ActNone)
	return residual(b, x, in, stride)
}

// squeezeExcite writes squeeze-and-excitation with weights NAME.fc1 and NAME.fc2.
func squeezeExcite(b *Builder, name string, x Ref, hidden int, inner, gate Act) Ref {
	s := b.GlobalAvgPool(name+".avgpool", x)
	s = b.Act(name+".activation", b.Conv(name+".fc1", s, Conv{Out: Const(hidden), Bias: true}), inner)
	s = b.Act(name+".scale_activation", b.Conv(name+".fc2", s, Conv{Out: x.C, Bias: true}), gate)
	return b.Mul(name+".mul", x, s)
}

// buildMobileNetV3Large writes MobileNetV3-Large with PyTorch's names.
func buildMobileNetV3Large(b *Builder) {
	b.Norm(1e-3, 0.01)
	x := convBNAct(b, "features.0", b.Input(), Conv{Out: Const(16), Kernel: Const(3), Stride: 2}, ActHSwish)
	const re, hs = ActReLU, ActHSwish
	stage := func(n int, rows ...mbRow) {
		b.Stage("", func() {
			for i, r := range rows {
				b.Named("features."+strconv.Itoa(n+i), "layer"+strconv.Itoa(i), func() {
					x = seBlock(b, x, r, r.mid, round8(float64(r.mid/4)), r.stride, ActHSigmoid)
				})
			}
		})
	}
	stage(1, mbRow{1, 0, 16, 3, 16, 1, false, re})
	stage(2, mbRow{1, 0, 64, 3, 24, 2, false, re}, mbRow{1, 0, 72, 3, 24, 1, false, re})
	stage(4, mbRow{1, 0, 72, 5, 40, 2, true, re}, mbRow{1, 0, 120, 5, 40, 1, true, re}, mbRow{1, 0, 120, 5, 40, 1, true, re})
	stage(7, mbRow{1, 0, 240, 3, 80, 2, false, hs}, mbRow{1, 0, 200, 3, 80, 1, false, hs}, mbRow{1, 0, 184, 3, 80, 1, false, hs}, mbRow{1, 0, 184, 3, 80, 1, false, hs})
	stage(11, mbRow{1, 0, 480, 3, 112, 1, true, hs}, mbRow{1, 0, 672, 3, 112, 1, true, hs})
	stage(13, mbRow{1, 0, 672, 5, 160, 2, true, hs}, mbRow{1, 0, 960, 5, 160, 1, true, hs}, mbRow{1, 0, 960, 5, 160, 1, true, hs})
	x = convBNAct(b, "features.16", x, Conv{Out: Const(960)}, hs)
	x = b.Linear("classifier.0", b.GlobalAvgPool("avgpool", x), Const(1280))
	b.Classifier("classifier.3", b.Act("classifier.1", x, hs), 0.2)
}

// buildMnasNetA1 writes MnasNet-A1 (Fig. 7 of its paper). Squeeze-and-excitation has a quarter of
// the block's input channels.
func buildMnasNetA1(b *Builder) {
	b.Norm(1e-3, 0.01)
	x := convBNAct(b, "features.0", b.Input(), Conv{Out: Const(32), Kernel: Const(3), Stride: 2}, ActReLU)
	x = seRows(b, x, ActSigmoid, []mbRow{
		{1, 1, 0, 3, 16, 1, false, ActReLU}, {2, 6, 0, 3, 24, 2, false, ActReLU}, {3, 3, 0, 5, 40, 2, true, ActReLU},
		{4, 6, 0, 3, 80, 2, false, ActReLU}, {2, 6, 0, 3, 112, 1, true, ActReLU}, {3, 6, 0, 5, 160, 2, true, ActReLU}, {1, 6, 0, 3, 320, 1, false, ActReLU}})
	x = convBNAct(b, "features.8", x, Conv{Out: Const(1280)}, ActReLU)
	b.Classifier("classifier.1", b.GlobalAvgPool("avgpool", x), 0.2)
}

// buildEfficientNetB0 writes EfficientNet-B0 with PyTorch's names (stochastic depth, a training
// device, left out).
func buildEfficientNetB0(b *Builder) {
	const sw = ActSwish
	x := convBNAct(b, "features.0", b.Input(), Conv{Out: Const(32), Kernel: Const(3), Stride: 2}, sw)
	x = seRows(b, x, ActSigmoid, []mbRow{
		{1, 1, 0, 3, 16, 1, true, sw}, {2, 6, 0, 3, 24, 2, true, sw}, {2, 6, 0, 5, 40, 2, true, sw},
		{3, 6, 0, 3, 80, 2, true, sw}, {3, 6, 0, 5, 112, 1, true, sw}, {4, 6, 0, 5, 192, 2, true, sw}, {1, 6, 0, 3, 320, 1, true, sw}})
	x = convBNAct(b, "features.8", x, Conv{Out: Const(1280)}, sw)
	b.Classifier("classifier.1", b.GlobalAvgPool("avgpool", x), 0.2)
}

// seRows writes stages features.1, features.2, ... of one row each.
func seRows(b *Builder, x Ref, gate Act, rows []mbRow) Ref {
	for s, r := range rows {
		b.Stage("", func() {
			for i := range r.repeats {
				name := "features." + strconv.Itoa(s+1) + "." + strconv.Itoa(i)
				b.Named(name, "layer"+strconv.Itoa(i), func() {
					in := x.C.at(nil)
					x = seBlock(b, x, r, in*r.expand, max(1, in/4), r.strideAt(i), gate)
				})
			}
		})
	}
	return x
}

// buildMnasNetB1 writes MnasNet-B1 with PyTorch's names.
func buildMnasNetB1(b *Builder) {
	layer := func(n int, x Ref, c Conv, a Act) Ref {
		x = b.BatchNorm("layers."+strconv.Itoa(n+1), b.Conv("layers."+strconv.Itoa(n), x, c))
		return b.Act("layers."+strconv.Itoa(n+2), x, a)
	}
	b.Norm(1e-5, 0.0003)
	x := layer(0, b.Input(), Conv{Out: Const(32), Kernel: Const(3), Stride: 2}, ActReLU)
	x = layer(3, x, Conv{Kernel: Const(3), Depthwise: true}, ActReLU)
	x = layer(6, x, Conv{Out: Const(16)}, ActNone)
	for s, r := range []mbRow{
		{3, 3, 0, 3, 24, 2, false, ActReLU}, {3, 3, 0, 5, 40, 2, false, ActReLU}, {3, 6, 0, 5, 80, 2, false, ActReLU},
		{2, 6, 0, 3, 96, 1, false, ActReLU}, {4, 6, 0, 5, 192, 2, false, ActReLU}, {1, 6, 0, 3, 320, 1, false, ActReLU},
	} {
		b.Stage("", func() {
			for i := range r.repeats {
				b.Named("layers."+strconv.Itoa(8+s)+"."+strconv.Itoa(i), "layer"+strconv.Itoa(i), func() {
					in, stride := x, r.strideAt(i)
					x = layer(0, x, Conv{Out: x.C.Times(Const(r.expand))}, r.act)
					x = layer(3, x, Conv{Kernel: Const(r.kernel), Stride: stride, Depthwise: true}, r.act)
					x = residual(b, layer(6, x, Conv{Out: Const(r.out)}, ActNone), in, stride)
				})
			}
		})
	}
	x = layer(14, x, Conv{Out: Const(1280)}, ActReLU)
	b.Classifier("classifier.1", b.GlobalAvgPool("avgpool", x), 0.2)
}
