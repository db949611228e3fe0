package searchspace

import "strconv"

// shuffle writes a shuffle block: half the channels pass a branch of convolutions, the other half
// goes by (or, with stride 2, both halves come from a branch of their own); then channels are
// shuffled. The branch with a single convolution is that of ShuffleNetV2, the one with three
// repeats convolution and 1×1 convolution three times.
func (c daCandidate) shuffle(b *Builder, x Ref, out, stride int) Ref {
	half := Const(out / 2)
	side, main := x, x
	if stride > 1 {
		side = c.operator(b, "branch_proj.0", x, stride)
		side = b.ConvBN("branch_proj.1", side, Conv{Out: half}, ActReLU)
	} else {
		n := x.C.at(nil) / 2
		side = b.Slice("branch_proj", x, 0, n)
		main = b.Slice("branch_split", x, n, n)
	}
	if c.count == 1 {
		main = b.ConvBN("branch_main.0", main, Conv{Out: half}, ActReLU)
		main = c.operator(b, "branch_main.1", main, stride)
		main = b.ConvBN("branch_main.2", main, Conv{Out: half}, ActReLU)
	} else {
		for i := range c.count {
			main = c.operator(b, "branch_main."+strconv.Itoa(2*i), main, stride)
			main = b.ConvBN("branch_main."+strconv.Itoa(2*i+1), main, Conv{Out: half}, ActReLU)
			stride = 1
		}
	}
	if c.se {
		hidden := Const(round8(float64(out / 2 / 4)))
		main = b.SqueezeExcite("branch_main.se", main, hidden, ActReLU, ActHSigmoid)
	}
	return b.Shuffle("shuffle", b.Concat("concat", side, main), 2)
}

// operator writes the candidate's depthwise or normal convolution.
func (c daCandidate) operator(b *Builder, name string, x Ref, stride int) Ref {
	return b.ConvBN(name, x, Conv{Out: x.C, Kernel: Const(c.kernel), Stride: stride, Depthwise: !c.normal},
		ActNone)
}
