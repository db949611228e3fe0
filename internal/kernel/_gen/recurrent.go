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

// recurrent emits the elementwise part of an LSTM and the logistic function.
func recurrent() {
	values := append([]float64{0, 1, expLowest, -expLowest, -tanhRange, tanhRange, log2e, roundInt, ln2High,
		ln2Low}, expTerms...)
	consts := newConstants("recurrentConst", values...)
	for _, s := range []isa{avx512, avx2} {
		sigmoid(s, consts)
		lstm(s, consts)
	}
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
	product := func(under, x reg.VecVirtual) reg.VecVirtual {
		VADDPS(x, x, x)
		e := s.expMinus(consts, x, tanhRange)
		up := s.minusOne(consts, e)
		VMULPS(s.plusOne(consts, e), under, under)
		VDIVPS(under, up, up)
		return up
	}
	flatLoop(s, n, []reg.GPVirtual{gates, row, step, c, h}, func() {
		in := product(s.underSigmoid(consts, pre(0)), pre(2))
		cell := s.load(Mem{Base: c})
		VDIVPS(s.underSigmoid(consts, pre(1)), cell, cell)
		VADDPS(in, cell, cell)
		VMOVUPS(cell, Mem{Base: c})
		out := product(s.underSigmoid(consts, pre(3)), cell)
		VMOVUPS(out, Mem{Base: h})
	})
}
