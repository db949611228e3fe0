package searchspace

import (
	"slices"
	"strconv"
)

// etOps are the operations of a block layer, by digit.
var etOps = [...]string{"conv3", "conv1", "conv3 in 2 groups", "conv3 in 4 groups",
	"conv3 with 1 channel a group", "conv3 with 32 channels a group", "separable conv3"}

// etBlock is a block design: its decisions, constants once they are resolved.
type etBlock struct {
	layers   Int
	ops      []Int
	channels []Int // digit k: block channels·2^k/4; the last layer's is 2
	skips    []Int // 0 = none, i = etSkipChoices()[i-1]
}

// etDecisions declares the decisions of the block design.
func etDecisions(b *Builder) etBlock {
	digits := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = strconv.Itoa(i)
		}
		return out
	}
	e := etBlock{layers: b.OneOf("layers", KindDepth, 1, 2, 3)}
	for i := range etLayers {
		restore := b.guard(e.layers.above(i), i == 0)
		if !e.layers.Constant() || e.layers.at(nil) > i {
			e.ops = append(e.ops, b.Symbol("op"+strconv.Itoa(i), KindOp, digits(len(etOps))...))
		}
		restore()
		if i+1 < etLayers { // the channels of layer i are free unless it is the last
			restore = b.guard(e.layers.above(i+1), false)
			if !e.layers.Constant() || e.layers.at(nil) > i+1 {
				e.channels = append(e.channels, b.Symbol("channels"+strconv.Itoa(i), KindExpand,
					digits(5)...))
			}
			restore()
		}
	}
	labels := []string{"none"}
	for _, s := range etSkipChoices() {
		labels = append(labels, s.String())
	}
	before := Const(1)
	for i := range etSkips {
		restore := b.guard(before.above(0), i == 0)
		if !before.Constant() || before.at(nil) > 0 {
			before = b.Symbol("skip"+strconv.Itoa(i), KindSkip, labels...)
			e.skips = append(e.skips, before)
		}
		restore()
	}
	return e
}

// write writes one block to out channels with its stride. Places are the block's input and the
// outputs of its layers; skips arrive at a place in the order of the encoding, the residual from
// the input to the end last, then comes a ReLU.
func (e *etBlock) write(b *Builder, x Ref, out, stride int) Ref {
	layers := e.layers.at(nil)
	var skips []etSkip
	for _, s := range e.skips {
		if v := s.at(nil); v > 0 {
			skips = append(skips, etSkipChoices()[v-1])
		}
	}
	slices.SortStableFunc(skips, func(a, b etSkip) int { return a.to - b.to })
	skips = append(skips, etSkip{from: 0, to: layers})
	down := e.strideAt()
	places := []Ref{x}
	for i := range layers {
		digit := 2
		if i < layers-1 {
			digit = e.channels[i].at(nil)
		}
		s := 1
		if i == down {
			s = stride
		}
		module := "module_list." + strconv.Itoa(i)
		y := etConv(b, module+".0", places[i], e.ops[i].at(nil), out<<digit/4, s)
		k := 0
		for _, skip := range skips {
			if skip.to == i+1 {
				k++
				y = etMerge(b, module+"."+strconv.Itoa(k), places[skip.from], y, skip.concat)
			}
		}
		places = append(places, b.Act(module+".relu", y, ActReLU))
	}
	return places[layers]
}

// strideAt is the layer that a block's stride sits on: the first that is not a 1×1 convolution, the
// last if all are.
func (e *etBlock) strideAt() int {
	for i, op := range e.ops {
		if op.at(nil) != 1 {
			return i
		}
	}
	return len(e.ops) - 1
}

// etConv writes an operation and its batch norm, NAME.0 to NAME.1 (or .2).
func etConv(b *Builder, name string, x Ref, op, out, stride int) Ref {
	in := x.C.at(nil)
	defer etVariant(b, op, in, out)()
	c := Conv{Out: Const(out), Kernel: Const(3), Stride: stride}
	switch op {
	case 1:
		c.Kernel = Const(1)
	case 2, 3:
		c.Groups = Const(gcd(gcd(in, out), 2*(op-1)))
	case 4:
		c.Groups = Const(gcd(in, out))
	case 5:
		c.Groups = Const(gcd(gcd(in, out), max(1, min(in, out)/32)))
	case 6:
		x = b.Conv(name+".0", x, Conv{Kernel: Const(3), Stride: stride, Depthwise: true})
		return b.BatchNorm(name+".2", b.Conv(name+".1", x, Conv{Out: Const(out)}))
	}
	return b.BatchNorm(name+".1", b.Conv(name+".0", x, c))
}

// etMerge brings the source of a skip to its target. A source of another resolution, or for a sum
// of other channels, passes a 1×1 convolution and a batch norm.
func etMerge(b *Builder, name string, source, target Ref, concat bool) Ref {
	stride := source.H / target.H
	if source.H != target.H {
		stride = ceilDiv(source.H, target.H)
	}
	out := target.C
	if concat {
		out = source.C
	}
	if source.H != target.H || source.C.at(nil) != out.at(nil) {
		defer etVariant(b, 1, source.C.at(nil), out.at(nil))()
		source = b.Conv(name+".conv.0", source, Conv{Out: out, Stride: stride})
		source = b.BatchNorm(name+".conv.1", source)
	}
	if concat {
		return b.Concat(name, source, target)
	}
	return b.Add(name, target, source)
}

// etVariant names the candidate, operation and channels, until the returned function is called:
// blocks of this space share weights only where all agree.
func etVariant(b *Builder, op, in, out int) (restore func()) {
	old := b.variant
	b.Variant("op", Const(op))
	b.Variant("i", Const(in))
	b.Variant("o", Const(out))
	return func() { b.variant = old }
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
