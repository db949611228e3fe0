package searchspace

import (
	"fmt"
	"slices"
	"strconv"
)

// mobileSpace is what the families of mobile inverted residual blocks share: stages with a depth
// each, and a kernel and a ratio for each layer.
type mobileSpace struct {
	family           string
	depths           [][]int // of every stage
	kernels, expands []int
	perStage         bool   // a kernel and a ratio for each stage instead
	scope            string // of the blocks in weight names
	block            func(b *Builder, x Ref, m mbBlock) Ref
}

// lists checks and keeps the choices of the decisions; every one of the stages has the depths.
func (sp *mobileSpace) lists(depths, kernels, expands []int, stages int) (err error) {
	if depths, err = sp.list("depth", depths, []int{2, 3, 4}, 16, false); err != nil {
		return err
	}
	for range stages {
		sp.depths = append(sp.depths, depths)
	}
	if sp.kernels, err = sp.list("kernel", kernels, []int{3, 5, 7}, 15, true); err != nil {
		return err
	}
	sp.expands, err = sp.list("expansion ratio", expands, []int{3, 4, 6}, 16, false)
	return err
}

// list is the choices of a kind of decision, the standard ones where there are none.
func (sp *mobileSpace) list(what string, from, standard []int, most int, odd bool) ([]int, error) {
	if len(from) == 0 {
		return standard, nil
	}
	want := "1 to " + strconv.Itoa(most)
	if odd {
		want = "an odd number up to " + strconv.Itoa(most)
	}
	for i, v := range from {
		if v < 1 || v > most || odd && v%2 == 0 {
			return nil, fmt.Errorf("searchspace: %s: %s %d, expected %s", sp.family, what, v, want)
		}
		if i > 0 && v <= from[i-1] {
			return nil, fmt.Errorf("searchspace: %s: %ss %v, expected ascending numbers", sp.family, what, from)
		}
	}
	return slices.Clone(from), nil
}

// names lists the decisions for the text form and for the encoding.
func (sp *mobileSpace) names() (text []TextList, encoding []string) {
	var depths, kernels, expands []string
	for s := range sp.depths {
		stage := "stage" + strconv.Itoa(s+1)
		depths = append(depths, stage+".depth")
		if sp.perStage {
			kernels, expands = append(kernels, stage+".kernel"), append(expands, stage+".expand")
			continue
		}
		for l := range slices.Max(sp.depths[s]) {
			layer := stage + ".layer" + strconv.Itoa(l)
			kernels, expands = append(kernels, layer+".kernel"), append(expands, layer+".expand")
		}
	}
	text = []TextList{{"depths", depths}, {"kernels", kernels}, {"ratios", expands}}
	return text, append(slices.Clone(kernels), expands...)
}

// stage writes a searched stage of blocks like m.
func (sp *mobileSpace) stage(b *Builder, x Ref, m mbBlock) Ref {
	b.Stage("", func() {
		depth := b.OneOf("depth", KindDepth, sp.depths[b.stage-1]...)
		choose := func() {
			m.expand = b.OneOf("expand", KindExpand, sp.expands...)
			m.kernel = b.OneOf("kernel", KindKernel, sp.kernels...)
		}
		if sp.perStage {
			choose()
		}
		x = b.Repeat(depth, x, func(i int, x Ref) Ref {
			b.Block(sp.scope, i, func() {
				if !sp.perStage {
					choose()
				}
				b.Variant("k", m.kernel)
				b.Variant("e", m.expand)
				if i > 0 {
					m.stride = 1
				}
				x = sp.block(b, x, m)
			})
			return x
		})
	})
	return x
}

// mbBlock is a mobile inverted residual block.
type mbBlock struct {
	out, stride    int
	kernel, expand Int // no expansion convolution where expand is 1
	act            Act
	se             bool
	skip           bool // residual where shapes agree
	dense          bool // normal instead of depthwise convolution
	same           bool // Conv.Same of the middle convolution
}

// mbconv writes a block with the weight names of the published networks.
func mbconv(b *Builder, x Ref, m mbBlock) Ref {
	in := x
	b.ScopeAs("conv", "", func() {
		x = b.If(m.expand.isNot(1), x, func(x Ref) Ref {
			return b.ConvBN("inverted_bottleneck", x, Conv{Out: in.C.Times(m.expand)}, m.act)
		})
		x = b.ConvBN("depth_conv", x, Conv{Out: x.C, Kernel: m.kernel, Stride: m.stride, Depthwise: !m.dense,
			Same: m.same}, m.act)
		if m.se {
			hidden := Map(func(v ...int) int { return round8(float64(v[0] / 4)) }, x.C)
			x = b.SqueezeExcite("depth_conv.se", x, hidden, ActReLU, ActHSigmoid)
		}
		x = b.ConvBN("point_linear", x, Conv{Out: Const(m.out)}, ActNone)
	})
	return m.residual(b, x, in)
}

// residual adds the block's input to what it gives if the block skips and shapes agree.
func (m *mbBlock) residual(b *Builder, x, in Ref) Ref {
	if m.skip && m.stride == 1 && in.C.Constant() && in.C.at(nil) == m.out {
		return b.Add("add", x, in)
	}
	return x
}
