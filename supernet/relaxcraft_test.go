package supernet

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// craft makes a space of a family that a test writes.
func craft(t testing.TB, size, classes int, build func(b *searchspace.Builder)) *searchspace.Space {
	t.Helper()
	s, err := searchspace.NewSpace(searchspace.Family{Name: "crafted", InputSize: size, Classes: classes, Build: build})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// smoothSpace has every kind of decision, smooth activation functions and little else: its loss has
// the derivatives that finite differences need.
func smoothSpace(t testing.TB) *searchspace.Space {
	const act = searchspace.ActSwish
	three, six := searchspace.Const(3), searchspace.Const(6)
	return craft(t, 8, 4, func(b *searchspace.Builder) {
		x := b.ConvBN("stem", b.Input(), searchspace.Conv{Out: six, Kernel: three}, act)
		b.Stage("", func() {
			depth := b.OneOf("depth", searchspace.KindDepth, 0, 1, 3)
			x = b.Repeat(depth, x, func(i int, x searchspace.Ref) searchspace.Ref {
				b.Block("blocks", i, func() {
					in := x
					expand := b.OneOf("expand", searchspace.KindExpand, 1, 2, 3)
					kernel := b.OneOf("kernel", searchspace.KindKernel, 3, 5)
					b.Variant("k", kernel)
					b.Variant("e", expand)
					wide := x.C.Times(expand)
					x = b.ConvBN("widen", x, searchspace.Conv{Out: wide}, act)
					x = b.ConvBN("depth", x, searchspace.Conv{Kernel: kernel, Depthwise: true}, act)
					hidden := searchspace.Map(func(v ...int) int { return v[0]/4 + 1 }, wide)
					x = b.SqueezeExcite("se", x, hidden, act, searchspace.ActSigmoid)
					x = b.ConvBN("narrow", x, searchspace.Conv{Out: six}, searchspace.ActNone)
					x = b.Add("add", x, in)
				})
				return x
			})
		})
		b.Stage("", func() {
			width := b.OneOf("width", searchspace.KindWidth, 4, 7, 10)
			kernel := b.OneOf("kernel", searchspace.KindKernel, 1, 3)
			op := b.Symbol("op", searchspace.KindOp, "dense", "grouped", "pool")
			x = b.Switch(op, func(v int) searchspace.Ref {
				var y searchspace.Ref
				b.Scope([]string{"dense", "grouped", "pool"}[v], func() {
					switch v {
					case 0:
						y = b.ConvBN("conv", x, searchspace.Conv{Out: width, Kernel: kernel, Stride: 2}, act)
					case 1:
						y = b.Conv("groups", x, searchspace.Conv{Out: x.C, Kernel: kernel, Stride: 2, Groups: three})
						y = b.ConvBN("conv", y, searchspace.Conv{Out: width}, act)
					default:
						y = b.ConvBN("conv", b.AvgPool("pool", x, 2, 2), searchspace.Conv{Out: width}, act)
					}
				})
				return y
			})
			skip := b.OneOf("skip", searchspace.KindSkip, 0, 1)
			x = b.If(skip, x, func(x searchspace.Ref) searchspace.Ref {
				y := b.ConvBN("more", x, searchspace.Conv{Out: x.C, Kernel: kernel}, act)
				return b.Add("sum", y, x)
			})
		})
		x = b.GlobalAvgPool("gap", x)
		b.Classifier("linear", x, 0)
	})
}

// TestRelaxedDefinition compares the relaxed network off 0 and 1 with an ordinary one whose weights
// are what the definition says: kernels mixed, inputs of the layers that mix channels scaled.
func TestRelaxedDefinition(t *testing.T) {
	space := craft(t, 8, 4, func(b *searchspace.Builder) {
		kernel := b.OneOf("kernel", searchspace.KindKernel, 1, 3, 5)
		width := b.OneOf("width", searchspace.KindWidth, 3, 5, 8)
		x := b.ConvBN("first", b.Input(), searchspace.Conv{Out: width, Kernel: kernel}, searchspace.ActHSwish)
		x = b.ConvBN("depthwise", x, searchspace.Conv{Kernel: searchspace.Const(3), Depthwise: true}, searchspace.ActReLU)
		x = b.ConvBN("second", x, searchspace.Conv{Out: searchspace.Const(6)}, searchspace.ActReLU)
		b.Classifier("linear", b.GlobalAvgPool("gap", x), 0)
	})
	n, err := New(space, &Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, n.network, 2)
	relax, err := n.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := randomRows(space, rand.New(rand.NewPCG(1, 2)))
	relax.prog.coef.write(n.runner.tape.Stream(), rows, false)
	b := firstBatch(t, stripes(t, 5, 8, 1), 5)
	got := [2][]float32{}
	for k, batch := range []bool{false, true} {
		got[k] = logitsOf(t, n.network, relax.prog.program, b, batch)
	}

	values := n.values()
	first := values["first.conv.weight"] // [5][5][3][8]
	for y := range 5 {
		for x := range 5 {
			ring := max(y-2, 2-y, x-2, 2-x)
			p := 0.0
			for c := range 3 {
				if ring <= c {
					p += rows[0][c]
				}
			}
			for i := range 3 * 8 {
				first[(y*5+x)*3*8+i] *= float32(p)
			}
		}
	}
	second := values["second.conv.weight"] // [1][1][8][6]
	for c := range 8 {
		m := rows[1][2]
		if c < 5 {
			m += rows[1][1]
		}
		if c < 3 {
			m += rows[1][0]
		}
		for o := range 6 {
			second[c*6+o] *= float32(m)
		}
	}
	if err := n.setValues(values); err != nil {
		t.Fatal(err)
	}
	largest, err := space.New([]int{2, 2})
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.program(largest)
	if err != nil {
		t.Fatal(err)
	}
	for k, batch := range []bool{false, true} {
		if want := logitsOf(t, n.network, p, b, batch); !close32(got[k], want, 1e-4) {
			t.Errorf("batch statistics %v: relaxed %v, by hand %v", batch, got[k], want)
		}
	}
}

// countingSpace is networks whose first logit is their cost, the sum of a price per channel and
// layer: the images are one pixel, so that kernels only have a middle, and all that is computed is
// linear.
func countingSpace(t testing.TB) *searchspace.Space {
	return craft(t, 1, 2, func(b *searchspace.Builder) {
		one := searchspace.Const(1)
		image := b.Input()
		x := b.Conv("start", image, searchspace.Conv{Out: one})
		priced := func(name string, width, kernel searchspace.Int) searchspace.Ref {
			y := b.Conv(name+".priced", image, searchspace.Conv{Out: width, Kernel: kernel})
			y = b.Conv(name+".depthwise", y, searchspace.Conv{Kernel: searchspace.Const(3), Depthwise: true})
			return b.Conv(name+".sum", y, searchspace.Conv{Out: one})
		}
		b.Stage("", func() {
			depth := b.OneOf("depth", searchspace.KindDepth, 1, 2, 4)
			x = b.Repeat(depth, x, func(i int, x searchspace.Ref) searchspace.Ref {
				var y searchspace.Ref
				b.Block("blocks", i, func() {
					kernel := b.OneOf("kernel", searchspace.KindKernel, 1, 3, 5)
					expand := b.OneOf("expand", searchspace.KindExpand, 2, 3, 5)
					b.Variant("k", kernel)
					b.Variant("e", expand)
					y = priced("layer", expand, kernel)
				})
				return b.Add("add"+strconv.Itoa(i), y, x)
			})
		})
		b.Stage("", func() {
			y := b.Switch(b.Symbol("op", searchspace.KindOp, "a", "b", "c"), func(v int) (y searchspace.Ref) {
				b.Scope(string(rune('a'+v)), func() {
					y = priced("branch", b.OneOf("width", searchspace.KindWidth, 1, 4), one)
				})
				return y
			})
			x = b.Add("add", x, y)
		})
		b.Classifier("linear", x, 0)
	})
}

// price is what a channel of a layer costs.
func price(n *searchspace.Node) float64 {
	if !strings.HasSuffix(n.Site, ".priced") {
		return 0
	}
	return 0.02 * float64(1+len(n.Site)%5) * float64(n.Out.C)
}

// TestRelaxedSeesCost holds the relaxed network to searchspace.CostModel.Expected: both, and their
// gradients, have the same coefficients at any rows.
func TestRelaxedSeesCost(t *testing.T) {
	space := countingSpace(t)
	g, err := space.LowerChoices()
	if err != nil {
		t.Fatal(err)
	}
	model, err := g.Model(price)
	if err != nil {
		t.Fatal(err)
	}
	ds, err := dataset.FromPixels(1, []string{"a", "b"}, []int{0, 1}, []uint8{255, 255, 255, 255, 255, 255})
	if err != nil {
		t.Fatal(err)
	}
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n, err := New(space, &Options{Sharing: sharing, Normalization: dataset.Normalization{Std: [3]float32{1, 1, 1}}})
		if err != nil {
			t.Fatal(err)
		}
		values := n.values()
		for key, v := range values {
			site, _, _ := strings.Cut(strings.TrimSuffix(key, ".weight"), "@")
			one := price(&searchspace.Node{Site: site, Out: searchspace.Shape{C: 1}}) / 3 // three channels of the image
			switch {
			case strings.HasSuffix(site, ".depthwise") || strings.HasSuffix(site, ".sum"):
				one = 1
			case key == "linear.weight":
				v[0], v[1] = 1, 0
				continue
			}
			for i := range v {
				v[i] = float32(one)
			}
		}
		if err := n.setValues(values); err != nil {
			t.Fatal(err)
		}
		l := lossOn(t, n, ds, nil)
		r := rand.New(rand.NewPCG(5, 6))
		for range 5 {
			rows := randomRows(space, r)
			depth := space.DecisionIndex("stage1.depth")
			rows[depth][2] = 1 - rows[depth][0] - rows[depth][1] // what passes layers by is one
			cost, slopes, err := model.Expected(rows)
			if err != nil {
				t.Fatal(err)
			}
			loss, grad, err := l.Gradient(t.Context(), rows, []int{0})
			if err != nil {
				t.Fatal(err)
			}
			if want := math.Log1p(math.Exp(-cost)); math.Abs(loss-want) > 1e-5 {
				t.Errorf("%v: loss %v, expected %v for a cost of %v", sharing, loss, want, cost)
			}
			outer := -1 / (1 + math.Exp(cost))
			for d := range grad {
				for c := range grad[d] {
					got, want := grad[d][c], outer*slopes[d][c]
					if d == depth { // and so is the sum: the gradient along it is left out
						got, want = got-grad[d][0], want-outer*slopes[d][0]
					}
					if math.Abs(got-want) > 1e-5 {
						t.Errorf("%v: gradient of choice %d of decision %d is %v, expected %v", sharing, c, d, got, want)
					}
				}
			}
		}
	}
}
