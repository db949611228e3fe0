package searchspace_test

import (
	"fmt"
	"strconv"

	"github.com/tendril-nas/tendril/searchspace"
)

// plainNet writes a family of one's own: two stages of plain or depthwise layers with a choice of
// depth and width, and a residual around each layer that keeps its shape.
func plainNet(b *searchspace.Builder) {
	x := b.ConvBN("stem", b.Input(), searchspace.Conv{Out: searchspace.Const(8), Kernel: searchspace.Const(3), Stride: 2}, searchspace.ActReLU)
	for stage := range 2 {
		b.Stage("stages."+strconv.Itoa(stage), func() {
			width := b.OneOf("width", searchspace.KindWidth, 8<<stage, 16<<stage)
			x = b.ConvBN("down", x, searchspace.Conv{Out: width, Kernel: searchspace.Const(3), Stride: 2}, searchspace.ActReLU)
			depth := b.OneOf("depth", searchspace.KindDepth, 0, 1, 2)
			x = b.Repeat(depth, x, func(i int, x searchspace.Ref) searchspace.Ref {
				b.Block("layers", i, func() { x = plainLayer(b, x) })
				return x
			})
		})
	}
	b.Classifier("classifier", b.GlobalAvgPool("pool", x), 0)
}

// plainLayer is one layer with a choice of operation and kernel.
func plainLayer(b *searchspace.Builder, x searchspace.Ref) searchspace.Ref {
	op := b.Symbol("op", searchspace.KindOp, "dense", "separable")
	kernel := b.OneOf("kernel", searchspace.KindKernel, 3, 5)
	y := b.Switch(op, func(v int) searchspace.Ref {
		if v == 0 {
			return b.ConvBN("dense", x, searchspace.Conv{Out: x.C, Kernel: kernel}, searchspace.ActReLU)
		}
		y := b.ConvBN("depthwise", x, searchspace.Conv{Kernel: kernel, Depthwise: true}, searchspace.ActReLU)
		return b.ConvBN("pointwise", y, searchspace.Conv{Out: x.C}, searchspace.ActNone)
	})
	return b.Add("add", y, x)
}

// A family of one's own is a build function; everything else follows from it.
func ExampleNewSpace() {
	space, err := searchspace.NewSpace(searchspace.Family{Name: "plain", InputSize: 32, Classes: 10, Build: plainNet})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("networks:", space.Size())
	for _, a := range []searchspace.Arch{space.Smallest(), space.Largest()} {
		cost, err := space.Cost(a)
		fmt.Println(space.Format(a), cost.MAdds, cost.Params, err)
	}
	// Output:
	// networks: 1764
	// 8,0,dense,3,dense,3,16,0,dense,3,dense,3 110752 2178 <nil>
	// 16,2,dense,5,dense,5,32,2,dense,5,dense,5 1841472 70610 <nil>
}
