package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tanhRange is where 1 − tanh(x/2) is far below the precision of a float32, and e^x small enough to
// be multiplied.
const tanhRange = 30

// exp2Terms is 2^f for f from 0 to 1, the highest power first, to a relative error of 2e-9: the
// polynomial whose largest error is the least.
var exp2Terms = []float64{2.17022549e-4, 1.24396873e-3, 9.67884064e-3, 5.54833412e-2, 2.40229830e-1,
	6.93147004e-1, 1}

// recurrent emits the elementwise part of an LSTM and the logistic function.
func recurrent() {
	values := append([]float64{-tanhRange, tanhRange, tanhRange * log2e}, logisticConstants()...)
	consts := newConstants("recurrentConst", values...)
	for _, s := range []isa{avx512, avx2} {
		sigmoid(s, consts)
		lstm(s, consts)
	}
}

// logisticConstants are those of e^−x and what is around it.
func logisticConstants() []float64 {
	values := append([]float64{0, 1, expLowest, -expLowest, log2e, -log2e, roundInt, ln2High, ln2Low},
		expTerms...)
	return append(values, exp2Terms[:len(exp2Terms)-1]...)
}

// expMinus is e^−x, x being clamped to ±limit; NaN stays NaN.
func (s isa) expMinus(consts *constants, x reg.VecVirtual, limit float64) reg.VecVirtual {
	y, high := s.zero(), s.load(consts.vec(limit))
	VSUBPS(x, y, y)
	low := s.load(consts.vec(-limit))
	VMAXPS(y, low, low)
	VMINPS(low, high, high)
	return s.exp(consts, high)
}

// plusOne is 1 + x.
func (s isa) plusOne(consts *constants, x reg.VecVirtual) reg.VecVirtual {
	r := s.load(consts.vec(1))
	VADDPS(x, r, r)
	return r
}

// underSigmoid is 1 + e^−x, x being clamped to where that is a normal number.
func (s isa) underSigmoid(consts *constants, x reg.VecVirtual) reg.VecVirtual {
	return s.plusOne(consts, s.expMinus(consts, x, -expLowest))
}

// minusOne is 1 − x.
func (s isa) minusOne(consts *constants, x reg.VecVirtual) reg.VecVirtual {
	r := s.load(consts.vec(1))
	VSUBPS(x, r, r)
	return r
}

func sigmoid(s isa, consts *constants) {
	name := fmt.Sprint("sigmoid", s.bits)
	TEXT(name, NOSPLIT, "func(x *byte, n int)")
	Doc(name + " replaces n vectors x by 1/(1 + e^−x).")
	Pragma("noescape")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	flatLoop(s, n, []reg.GPVirtual{x}, func() {
		e := s.underSigmoid(consts, s.load(Mem{Base: x}))
		y := s.load(consts.vec(1))
		VDIVPS(e, y, y)
		VMOVUPS(y, Mem{Base: x})
	})
}

// quickExpMinus is e^−x where x is not below −limit, otherwise, if limit is not 0, e^limit; NaN
// stays NaN. AVX-512 has instructions that take the whole part of an exponent off and put it on
// again, and need no bounds for that: what is too large for a float32 becomes infinite, what is too
// small 0. Errors are 1e-7·(1 + |x|) of the value.
func (s isa) quickExpMinus(consts *constants, x reg.VecVirtual, limit float64) reg.VecVirtual {
	if s.bits != 512 {
		if limit == 0 {
			limit = -expLowest
		}
		return s.expMinus(consts, x, limit)
	}
	t, f := s.vec(), s.vec()
	VMULPS(consts.vec(-log2e), x, t)
	if limit != 0 {
		high := s.load(consts.vec(limit * log2e))
		VMINPS(t, high, t) // of these two NaN, t
	}
	const down = 1 // rounding that leaves f from 0 to 1
	VREDUCEPS(U8(down), t, f)
	e := s.load(consts.vec(exp2Terms[0]))
	for _, c := range exp2Terms[1:] {
		VFMADD213PS(consts.vec(c), f, e)
	}
	VSCALEFPS(t, e, e)
	return e
}

// lstm works on n vectors of one row. Blocks of the gates are size bytes apart. With e(x) = e^−x it
// writes σ(i)·tanh(g) as (1 − e(2g)) / ((1 + e(i))·(1 + e(2g))), and so on: three divisions instead
// of five.
func lstm(s isa, consts *constants) {
	name := fmt.Sprint("lstm", s.bits)
	TEXT(name, NOSPLIT, "func(gates, row, step, c, h *byte, n, size int)")
	Doc(name + " is an LSTM cell of n vectors of units, see Path.LSTM; blocks of gates are size bytes apart.")
	Pragma("noescape")
	var p []reg.GPVirtual
	for _, arg := range []string{"gates", "row", "step", "c", "h", "n", "size"} {
		p = append(p, Load(Param(arg), GP64()).(reg.GPVirtual))
	}
	gates, row, step, c, h, n, size := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	triple := GP64()
	LEAQ(Mem{Base: size, Index: size, Scale: 2}, triple)
	// pre is the sum of the three parts of gate k.
	pre := func(k int) reg.VecVirtual {
		at := func(base reg.GPVirtual) Mem {
			switch k {
			case 0:
				return Mem{Base: base}
			case 3:
				return Mem{Base: base, Index: triple, Scale: 1}
			}
			return Mem{Base: base, Index: size, Scale: uint8(k)}
		}
		x := s.load(at(gates))
		VADDPS(at(row), x, x)
		VADDPS(at(step), x, x)
		return x
	}
	// product is a·tanh(x), the denominator of a being given.
	product := func(below, x reg.VecVirtual) reg.VecVirtual {
		VADDPS(x, x, x)
		e := s.quickExpMinus(consts, x, tanhRange)
		up := s.minusOne(consts, e)
		VMULPS(s.plusOne(consts, e), below, below)
		VDIVPS(below, up, up)
		return up
	}
	// under is 1 + e^−x.
	under := func(x reg.VecVirtual) reg.VecVirtual {
		return s.plusOne(consts, s.quickExpMinus(consts, x, 0))
	}
	flatLoop(s, n, []reg.GPVirtual{gates, row, step, c, h}, func() {
		in := product(under(pre(0)), pre(2))
		cell := s.load(Mem{Base: c})
		VDIVPS(under(pre(1)), cell, cell)
		VADDPS(in, cell, cell)
		VMOVUPS(cell, Mem{Base: c})
		out := product(under(pre(3)), cell)
		VMOVUPS(out, Mem{Base: h})
	})
}
