package searchspace

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// EATNASOptions sets up the seven-block space of EAT-NAS. The zero value is the ImageNet layout
// with the base widths of the published code.
type EATNASOptions struct {
	// CIFAR selects the layout for small images: stem without stride (see StemStride),
	// down-sampling in blocks 3 and 5, total expansion 4 to 10.
	CIFAR bool `json:"cifar,omitempty"`
	// Chain multiplies the previous block's width by the width factor, the paper's definition,
	// instead of a base width per block.
	Chain bool `json:"chain,omitempty"`
	// Unlimited drops the limits on layers and total expansion.
	Unlimited bool    `json:"unlimited,omitempty"`
	InputSize int     `json:"input_size,omitempty"` // pixels; 0 = 224, or 32 for CIFAR
	Classes   int     `json:"classes,omitempty"`    // 0 = 1000, or 10 for CIFAR
	Dropout   float64 `json:"dropout,omitempty"`    // before pooling; 0 = none (published code: 0.2 if large)
	// StemChannels is the stem's width, the unit of the total expansion, a multiple of 8 up to 256;
	// 0 = 32. Base widths scale with it.
	StemChannels int `json:"stem_channels,omitempty"`
	// StemStride is 1 or 2; 0 = 2, or 1 for CIFAR. Small images in the ImageNet layout need 1.
	StemStride int `json:"stem_stride,omitempty"`
}

// eatStem is the published stem's width, which the base widths go with.
const eatStem = 32

// stem is the stem's width and stride.
func (o *EATNASOptions) stem() (channels, stride int) {
	if o.CIFAR {
		return or(o.StemChannels, eatStem), or(o.StemStride, 1)
	}
	return or(o.StemChannels, eatStem), or(o.StemStride, 2)
}

func (o *EATNASOptions) check() error {
	channels, stride := o.stem()
	if channels < 8 || channels > 256 || channels%8 != 0 {
		return fmt.Errorf("searchspace: eatnas: %d stem channels, expected a multiple of 8 from 8 to 256",
			channels)
	}
	return checkCommon("eatnas", 1, stride, o.Dropout)
}

var (
	eatBase         = [...]int{16, 24, 32, 64, 96, 160, 320}
	eatStrides      = [...]int{1, 2, 2, 2, 1, 2, 1}
	eatStridesCIFAR = [...]int{1, 1, 2, 1, 2, 1, 1}
	eatFactors      = [...]float64{0.5, 1, 1.5, 2}
)

// EATNAS is the space of EAT-NAS (section 3.2): seven blocks, each with an operation (separable
// convolution, or inverted residual with expansion 3 or 6), a kernel size, skip connections or
// none, 1 to 4 layers and a width factor.
//
// The text form is seven lists "op,kernel,skip,layers,width" separated by colons, in the codes of
// the published programs: op 0 to 2, kernel 0 to 2 for 3, 5, 7, skip 0 or 1, layers 0 to 3 for 1 to
// 4, width 0 to 3 for the factors 0.5, 1, 1.5, 2. A separable convolution has no skip; its entry is
// ignored.
//
// Architectures must keep the limits of the paper: on ImageNet 16 to 18 layers and a last width of
// 8 to 16 times the stem's, on CIFAR 4 to 10 times.
func EATNAS(o EATNASOptions) (*Space, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("searchspace: eatnas options: %w", err)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	size, classes := 224, 1000
	if o.CIFAR {
		size, classes = 32, 10
	}
	f := Family{Name: "eatnas", InputSize: or(o.InputSize, size), Classes: or(o.Classes, classes),
		Options: options,
		Build:   func(b *Builder) { buildEATNAS(b, &o) }}
	var depths, widths []string
	for i := range eatBase {
		stage := "stage" + strconv.Itoa(i+1) + "."
		f.Text = append(f.Text, TextList{"codes of block " + strconv.Itoa(i+1),
			[]string{stage + "op", stage + "kernel", stage + "skip", stage + "depth", stage + "width"}})
		depths, widths = append(depths, stage+"depth"), append(widths, stage+"width")
	}
	if !o.Unlimited {
		f.Limits = eatLimits(&o, depths, widths)
	}
	return NewSpace(f)
}

// eatLimits states the paper's limits.
func eatLimits(o *EATNASOptions, depths, widths []string) []Limit {
	low, high := 8, 16
	if o.CIFAR {
		low, high = 4, 10
	}
	stem, _ := o.stem()
	first := len(widths) - 1 // the last block's width stands alone
	if o.Chain {
		first = 0
	}
	expansion := Limit{Decisions: widths[first:], Min: low, Max: high, What: "total expansion",
		Measure: func(v []int) float64 {
			width := stem
			for i, f := range v {
				width = o.width(first+i, width, f)
			}
			return float64(width) / float64(stem)
		}}
	if o.CIFAR {
		return []Limit{expansion}
	}
	return []Limit{expansion, {Decisions: depths, Add: func(_, layers int) int { return layers }, Min: 16,
		Max: 18, What: "layers"}}
}

// width is the width of block i after one of width before.
func (o *EATNASOptions) width(i, before, factor int) int {
	w := float64(before)
	if !o.Chain {
		stem, _ := o.stem()
		w = float64(eatBase[i]*stem) / eatStem
	}
	return round8(w * eatFactors[factor])
}

// buildEATNAS writes the network.
func buildEATNAS(b *Builder, o *EATNASOptions) {
	strides := eatStrides
	if o.CIFAR {
		strides = eatStridesCIFAR
	}
	stem, stride := o.stem()
	width := Const(stem)
	x := b.ConvBN("first_conv", b.Input(), Conv{Out: width, Kernel: Const(3), Stride: stride}, ActReLU)
	codes := func(n int) (labels []string, index []int) {
		for i := range n {
			labels, index = append(labels, strconv.Itoa(i)), append(index, i)
		}
		return labels, index
	}
	three, _ := codes(3)
	four, index := codes(4)
	for i := range strides {
		b.Stage("", func() {
			block := eatBlock{stride: strides[i]}
			block.op = b.Labelled("op", KindOp, three, []int{0, 1, 2})
			block.kernel = b.Labelled("kernel", KindKernel, three, []int{3, 5, 7})
			restore := b.guard(block.op.above(0), false)
			if !block.op.Constant() || block.op.at(nil) > 0 {
				block.skip = b.OneOf("skip", KindSkip, 0, 1)
			}
			restore()
			depth := b.Labelled("depth", KindDepth, four, []int{1, 2, 3, 4})
			factor := b.Labelled("width", KindWidth, four, index)
			if !o.Chain {
				width = Const(0) // the width before has no say
			}
			width = Map(func(v ...int) int { return o.width(i, v[0], v[1]) }, width, factor)
			block.out = width
			x = b.Repeat(depth, x, func(l int, x Ref) Ref {
				b.Block("blocks", l, func() { x = block.layer(b, x, l) })
				return x
			})
		})
	}
	x = b.ConvBN("feature_mix_layer", x, Conv{Out: Const(1280)}, ActReLU)
	x = b.Dropout("dropout", x, o.Dropout)
	x = b.GlobalAvgPool("global_avg_pool", x)
	b.Scope("classifier", func() { b.Classifier("linear", x, 0) })
}

// eatBlock is one block of the space.
type eatBlock struct {
	op, kernel, skip, out Int
	stride                int
}

// layer writes layer l of the block; the first one has the block's stride.
func (e *eatBlock) layer(b *Builder, x Ref, l int) Ref {
	stride := 1
	if l == 0 {
		stride = e.stride
	}
	b.Variant("k", e.kernel)
	return b.Switch(e.op.is(0), func(v int) Ref {
		if v == 1 {
			var y Ref
			b.Scope("sep", func() {
				y = b.ConvBN("depth_conv", x, Conv{Kernel: e.kernel, Stride: stride, Depthwise: true},
					ActReLU)
				y = b.ConvBN("point_conv", y, Conv{Out: e.out}, ActReLU)
			})
			return y
		}
		expand := e.op.Times(Const(3))
		b.Variant("e", expand)
		return e.inverted(b, x, expand, stride)
	})
}

// inverted writes an inverted residual, with a skip connection where the block has them: the
// identity if shapes agree, else a strided 1×1 convolution.
func (e *eatBlock) inverted(b *Builder, x Ref, expand Int, stride int) Ref {
	in := x
	b.ScopeAs("conv", "mb", func() {
		x = b.ConvBN("inverted_bottleneck", x, Conv{Out: in.C.Times(expand)}, ActReLU)
		x = b.ConvBN("depth_conv", x, Conv{Kernel: e.kernel, Stride: stride, Depthwise: true}, ActReLU)
		x = b.ConvBN("point_linear", x, Conv{Out: e.out}, ActNone)
	})
	return b.If(e.skip, x, func(x Ref) Ref {
		same := Const(flag(stride == 1))
		if stride == 1 && !in.C.Same(e.out) {
			same = Map(func(v ...int) int { return flag(v[0] == v[1]) }, in.C, e.out)
		}
		shortcut := b.Switch(same, func(v int) Ref {
			if v == 1 {
				return in
			}
			return b.ConvBN("shortcut", in, Conv{Out: e.out, Stride: stride}, ActNone)
		})
		return b.Add("add", x, shortcut)
	})
}
