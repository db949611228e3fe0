package searchspace

// Conv describes a convolution for Builder.Conv. Padding is Kernel/2 on every side, or Same.
type Conv struct {
	Out    Int  // output channels; ignored when Depthwise
	Kernel Int  // 1, 3, 5 or 7; zero value = 1
	Stride int  // 0 = 1
	Groups Int  // zero value = 1
	Bias   bool // learnt bias
	// Depthwise convolves every channel alone.
	Depthwise bool
	// Same pads as TensorFlow's "same" does: max((⌈n/Stride⌉−1)·Stride + Kernel − n, 0) zeros in
	// the direction of an extent n, the smaller half of them before. The output is as large, but at
	// stride 2 the windows over an even extent lie one pixel further on.
	Same bool
}

// Input is the image, 3×InputSize×InputSize.
func (b *Builder) Input() Ref {
	in := Ref{ChoiceShape: ChoiceShape{Const(3), b.fam.InputSize, b.fam.InputSize}}
	if len(b.nodes) > 0 {
		return in
	}
	return b.add(ChoiceNode{Op: OpInput, In: in.ChoiceShape, Out: in.ChoiceShape}, "input")
}

// Conv adds a convolution.
func (b *Builder) Conv(name string, x Ref, c Conv) Ref {
	n := ChoiceNode{Op: OpConv, Inputs: []int{x.id}, Kernel: orOne(c.Kernel), Groups: orOne(c.Groups),
		Bias: c.Bias, same: c.Same, In: x.ChoiceShape, Out: x.ChoiceShape}
	n.Stride = max(c.Stride, 1)
	n.Out.C = c.Out
	if c.Depthwise {
		n.Groups, n.Out.C = x.C, x.C
	}
	// Odd kernels with either padding give the same output size, floor((H−1)/s)+1.
	n.Out.H, n.Out.W = (x.H-1)/n.Stride+1, (x.W-1)/n.Stride+1
	return b.add(n, name)
}

func orOne(x Int) Int {
	if x.Constant() && x.value == 0 {
		return Const(1)
	}
	return x
}

// BatchNorm adds batch normalisation.
func (b *Builder) BatchNorm(name string, x Ref) Ref {
	return b.add(ChoiceNode{Op: OpBatchNorm, Inputs: []int{x.id}, Eps: b.eps, Momentum: b.momentum,
		In: x.ChoiceShape, Out: x.ChoiceShape}, name)
}

// Act adds an activation; ActNone adds nothing.
func (b *Builder) Act(name string, x Ref, a Act) Ref {
	if a == ActNone {
		return x
	}
	return b.add(ChoiceNode{Op: OpAct, Inputs: []int{x.id}, Act: a, In: x.ChoiceShape, Out: x.ChoiceShape},
		name)
}

// ConvBN adds NAME.conv, NAME.bn and, unless a is ActNone, NAME.act.
func (b *Builder) ConvBN(name string, x Ref, c Conv, a Act) Ref {
	x = b.Conv(join(name, "conv"), x, c)
	x = b.BatchNorm(join(name, "bn"), x)
	return b.Act(join(name, "act"), x, a)
}

// GlobalAvgPool adds the mean over height and width.
func (b *Builder) GlobalAvgPool(name string, x Ref) Ref {
	out := Ref{ChoiceShape: ChoiceShape{x.C, 1, 1}}
	return b.add(ChoiceNode{Op: OpGlobalAvgPool, Inputs: []int{x.id}, In: x.ChoiceShape,
		Out: out.ChoiceShape}, name)
}

// AvgPool adds average pooling over kernel×kernel windows without padding; windows that stick out
// at the end average what they cover.
func (b *Builder) AvgPool(name string, x Ref, kernel, stride int) Ref {
	out := x
	out.H, out.W = ceilDiv(x.H-kernel, stride)+1, ceilDiv(x.W-kernel, stride)+1
	return b.add(ChoiceNode{Op: OpAvgPool, Inputs: []int{x.id}, Kernel: Const(kernel), Stride: stride,
		noPad: true, In: x.ChoiceShape, Out: out.ChoiceShape}, name)
}

// MaxPool adds max pooling over kernel×kernel windows with padding kernel/2.
func (b *Builder) MaxPool(name string, x Ref, kernel, stride int) Ref {
	out := x
	out.H, out.W = (x.H-1)/stride+1, (x.W-1)/stride+1
	return b.add(ChoiceNode{Op: OpMaxPool, Inputs: []int{x.id}, Kernel: Const(kernel), Stride: stride,
		In: x.ChoiceShape, Out: out.ChoiceShape}, name)
}

// Add adds the sum of two tensors of equal shape.
func (b *Builder) Add(name string, x, y Ref) Ref {
	if x.H != y.H || x.W != y.W {
		b.fail("%s adds %d×%d and %d×%d", join(b.name, name), x.H, x.W, y.H, y.W)
	}
	return b.add(ChoiceNode{Op: OpAdd, Inputs: []int{x.id, y.id}, In: x.ChoiceShape, Out: x.ChoiceShape,
		sum: y.C}, name)
}

// Concat adds the channels of x followed by those of y.
func (b *Builder) Concat(name string, x, y Ref) Ref {
	if x.H != y.H || x.W != y.W {
		b.fail("%s concatenates %d×%d and %d×%d", join(b.name, name), x.H, x.W, y.H, y.W)
	}
	out := x
	out.C = Map(func(v ...int) int { return v[0] + v[1] }, x.C, y.C)
	return b.add(ChoiceNode{Op: OpConcat, Inputs: []int{x.id, y.id}, In: x.ChoiceShape, Out: out.ChoiceShape},
		name)
}

// Shuffle adds a channel shuffle between groups.
func (b *Builder) Shuffle(name string, x Ref, groups int) Ref {
	return b.add(ChoiceNode{Op: OpShuffle, Inputs: []int{x.id}, Groups: Const(groups), In: x.ChoiceShape,
		Out: x.ChoiceShape}, name)
}

// Slice adds the channels [from, from+count) of x.
func (b *Builder) Slice(name string, x Ref, from, count int) Ref {
	out := x
	out.C = Const(count)
	return b.add(ChoiceNode{Op: OpSlice, Inputs: []int{x.id}, Offset: from, In: x.ChoiceShape,
		Out: out.ChoiceShape}, name)
}

// SqueezeExcite adds squeeze-and-excitation: pool, 1×1 convolution with bias to hidden channels,
// ReLU, 1×1 with bias back, gate, multiply. Its weights are NAME.fc.reduce and NAME.fc.expand.
func (b *Builder) SqueezeExcite(name string, x Ref, hidden Int, inner, gate Act) Ref {
	s := b.GlobalAvgPool(name+".pool", x)
	s = b.Conv(name+".fc.reduce", s, Conv{Out: hidden, Bias: true})
	s = b.Act(name+".fc.act", s, inner)
	s = b.Conv(name+".fc.expand", s, Conv{Out: x.C, Bias: true})
	s = b.Act(name+".fc.gate", s, gate)
	return b.Mul(name, x, s)
}

// Mul adds x scaled channel by channel by s, a tensor of as many channels and one pixel.
func (b *Builder) Mul(name string, x, s Ref) Ref {
	if s.H != 1 || s.W != 1 {
		b.fail("%s scales by a %d×%d tensor, expected 1×1", join(b.name, name), s.H, s.W)
	}
	return b.add(ChoiceNode{Op: OpMul, Inputs: []int{x.id, s.id}, In: x.ChoiceShape, Out: x.ChoiceShape,
		sum: s.C}, name)
}

// Linear adds a matrix product with bias on the channels of a 1×1 tensor.
func (b *Builder) Linear(name string, x Ref, out Int) Ref {
	if x.H != 1 || x.W != 1 {
		b.fail("%s is linear on a %d×%d tensor, expected 1×1", join(b.name, name), x.H, x.W)
	}
	return b.add(ChoiceNode{Op: OpLinear, Inputs: []int{x.id}, Bias: true, In: x.ChoiceShape,
		Out: ChoiceShape{out, 1, 1}}, name)
}

// Dropout adds dropout; nothing when rate is 0 or less.
func (b *Builder) Dropout(name string, x Ref, rate float64) Ref {
	if rate <= 0 {
		return x
	}
	return b.add(ChoiceNode{Op: OpDropout, Inputs: []int{x.id}, Rate: rate, In: x.ChoiceShape,
		Out: x.ChoiceShape}, name)
}

// Classifier marks x (C×1×1) as the embedding and adds dropout and the linear layer NAME from it to
// the classes.
func (b *Builder) Classifier(name string, x Ref, dropout float64) Ref {
	b.feature = x.id
	x = b.Dropout(name+".dropout", x, dropout)
	return b.Linear(name, x, Const(b.fam.Classes))
}

// add appends a node in the current scope.
func (b *Builder) add(n ChoiceNode, name string) Ref {
	if b.err != nil {
		return Ref{}
	}
	if n.Out.H < 1 || n.Out.W < 1 {
		b.fail("%s has no output at input size %d", join(b.name, name), b.fam.InputSize)
		return Ref{}
	}
	n.ID = len(b.nodes)
	n.Name, n.Site, n.Block, n.Stage = join(b.name, name), join(b.site, name), b.block, b.stage
	n.When, n.variant = b.when, b.variant
	b.nodes = append(b.nodes, n)
	return Ref{id: n.ID, ChoiceShape: n.Out}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
