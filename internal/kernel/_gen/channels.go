package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.Chan.
const (
	cScale = 64 * iota
	cShift
	cMul
	cAdd
	cA
	cB
	cC
	cMean
	cSum
	cSum2
	cRuns
	cSkip = cRuns + 8
)

var actNames = []string{"None", "ReLU", "ReLU6", "HSwish", "HSigmoid", "Swish", "Sigmoid"}

// plane is one function that streams over the rows of a plane.
type plane struct {
	isa
	consts    *constants
	act       int
	ch        reg.Register
	off       int // byte offset of the half of the block
	vals      map[string]Op
	dst, d, x reg.GPVirtual
}

func channels() {
	consts := newConstants("channelConst", append([]float64{0, 3, -3, 6, 1.0 / 6}, logisticConstants()...)...)
	for _, s := range []isa{avx512, avx2} {
		p := &plane{isa: s, consts: consts}
		p.function("stats", "", "sums the deviations from Mean and their squares", 2, p.stats)
		for p.act = range actNames {
			p.function("apply", actNames[p.act], "writes the activated values", 0, func(m rowOf, _ []reg.VecVirtual) { p.apply(m, false) })
			p.function("applyAdd", actNames[p.act], "writes the activated values plus those of d", 0, func(m rowOf, _ []reg.VecVirtual) { p.apply(m, true) })
			p.function("sumAct", actNames[p.act], "sums the activated values", 1, p.sumAct)
			p.function("dotAct", actNames[p.act], "sums the products of d and the activated values", 1, p.dotAct)
			p.function("gradSums", actNames[p.act], "sums the masked gradient", 2, p.gradSums)
			p.function("gradApply", actNames[p.act], "writes the affine map of the masked gradient", 0, p.gradApply)
		}
	}
}

// rowOf is the addresses of one row of the operands.
type rowOf struct{ dst, d, x Mem }

// function emits the loop: four rows at a time with sums of their own, then one at a time; one at a
// time only where the work on a row is long enough to hide everything else.
func (p *plane) function(kind, act, doc string, sums int, body func(m rowOf, sums []reg.VecVirtual)) {
	full := fmt.Sprintf("%s%s%d", kind, act, p.bits)
	TEXT(full, NOSPLIT, "func(dst, d, x *byte, n int, c *byte)")
	Doc(full + " " + doc + ", see Path.")
	Pragma("noescape")
	p.ch = Load(Param("c"), GP64())
	for half := 0; half < 64/p.bytes; half++ {
		p.off = half * p.bytes
		p.vals = map[string]Op{}
		label := func(s string) string { return fmt.Sprintf("%s%d", s, half) }
		p.dst = Load(Param("dst"), GP64()).(reg.GPVirtual)
		p.d = Load(Param("d"), GP64()).(reg.GPVirtual)
		p.x = Load(Param("x"), GP64()).(reg.GPVirtual)
		n, runs := GP64(), GP64()
		p.preload(kind)
		unroll := 4
		if act == "Swish" || act == "Sigmoid" {
			unroll = 1
		}
		acc := make([][]reg.VecVirtual, unroll)
		for u := range acc {
			for range sums {
				acc[u] = append(acc[u], p.zero())
			}
		}
		step := func(rows int) {
			for u := range rows {
				at := func(b reg.GPVirtual) Mem { return Mem{Base: b, Disp: u*64 + p.off} }
				body(rowOf{at(p.dst), at(p.d), at(p.x)}, acc[u])
			}
			for _, r := range []reg.GPVirtual{p.dst, p.d, p.x} {
				ADDQ(U32(uint32(rows*64)), r)
			}
		}
		if sums == 0 {
			MOVQ(Mem{Base: p.ch, Disp: cRuns}, runs)
			Label(label("run"))
		}
		Load(Param("n"), n)
		if unroll > 1 {
			SUBQ(U8(unroll), n)
			JL(LabelRef(label("rest")))
			Label(label("four"))
			step(unroll)
			SUBQ(U8(unroll), n)
			JGE(LabelRef(label("four")))
			Label(label("rest"))
			ADDQ(U8(unroll), n)
		} else {
			TESTQ(n, n)
		}
		JE(LabelRef(label("done")))
		Label(label("one"))
		step(1)
		DECQ(n)
		JNE(LabelRef(label("one")))
		Label(label("done"))
		if sums == 0 {
			ADDQ(Mem{Base: p.ch, Disp: cSkip}, p.dst)
			DECQ(runs)
			JNE(LabelRef(label("run")))
		}
		for i := range sums {
			if unroll > 1 {
				VADDPS(acc[1][i], acc[0][i], acc[0][i])
				VADDPS(acc[3][i], acc[2][i], acc[2][i])
				VADDPS(acc[2][i], acc[0][i], acc[0][i])
			}
			VMOVUPS(acc[0][i], Mem{Base: p.ch, Disp: cSum + i*64 + p.off})
		}
	}
	VZEROUPPER()
	RET()
}

// uses lists the parameters of each kernel; needs the constants of each activation.
var (
	uses = map[string][]int{
		"stats": {cMean}, "apply": {cScale, cShift, cMul}, "applyAdd": {cScale, cShift, cMul},
		"sumAct": {cScale, cShift}, "dotAct": {cScale, cShift},
		"gradSums":  {cScale, cShift, cMul, cAdd, cMean},
		"gradApply": {cScale, cShift, cMul, cAdd, cMean, cA, cB, cC},
	}
	needs = map[string][]float64{
		"ReLU": {0}, "ReLU6": {0, 6}, "HSwish": {0, 3, -3, 6, 1.0 / 6}, "HSigmoid": {0, 3, -3, 6, 1.0 / 6},
	}
)

// preload puts parameters and constants in registers before the loop.
func (p *plane) preload(kind string) {
	if p.bits != 512 {
		return
	}
	for _, c := range needs[actNames[p.act]] {
		p.constant(c)
	}
	for _, off := range uses[kind] {
		p.param(off)
	}
}

func (p *plane) named(key string, m Mem) Op {
	if v, ok := p.vals[key]; ok {
		return v
	}
	p.vals[key] = p.value(m)
	return p.vals[key]
}

func (p *plane) param(off int) Op {
	return p.named(fmt.Sprint("param", off), Mem{Base: p.ch, Disp: off + p.off})
}

func (p *plane) constant(v float64) Op {
	return p.named(fmt.Sprint("const", v), p.consts.vec(v))
}

// z is x·Scale + Shift.
func (p *plane) z(x Mem) reg.VecVirtual {
	z := p.load(x)
	if p.bits == 512 {
		VFMADD213PS(p.param(cShift), p.param(cScale), z)
		return z
	}
	VMULPS(p.param(cScale), z, z)
	VADDPS(p.param(cShift), z, z)
	return z
}

// atLeast and atMost bound z. Where one operand is no number the instructions give the second,
// which is the first that they are written with: z, so that a broken number does not become a
// bound.
func (p *plane) atLeast(v float64, z reg.VecVirtual) { VMAXPS(z, p.bound(v), z) }

func (p *plane) atMost(v float64, z reg.VecVirtual) { VMINPS(z, p.bound(v), z) }

// bound is a constant in a register.
func (p *plane) bound(v float64) reg.VecVirtual {
	if r, ok := p.constant(v).(reg.VecVirtual); ok {
		return r
	}
	return p.load(p.consts.vec(v))
}

// gate is relu6(z+3)/6.
func (p *plane) gate(z reg.VecVirtual) reg.VecVirtual {
	h := p.vec()
	VADDPS(p.constant(3), z, h)
	p.atLeast(0, h)
	p.atMost(6, h)
	VMULPS(p.constant(1.0/6), h, h)
	return h
}

// logistic is 1/(1 + e^−z).
func (p *plane) logistic(z reg.VecVirtual) reg.VecVirtual {
	e := p.plusOne(p.consts, p.quickExpMinus(p.consts, z, 0))
	y := p.load(p.consts.vec(1))
	VDIVPS(e, y, y)
	return y
}

// activate is act(z), possibly in z's register.
func (p *plane) activate(z reg.VecVirtual) reg.VecVirtual {
	switch actNames[p.act] {
	case "ReLU":
		p.atLeast(0, z)
	case "ReLU6":
		p.atLeast(0, z)
		p.atMost(6, z)
	case "HSwish":
		h := p.gate(z)
		VMULPS(h, z, z)
	case "HSigmoid":
		return p.gate(z)
	case "Swish":
		VMULPS(p.logistic(z), z, z)
	case "Sigmoid":
		return p.logistic(z)
	}
	return z
}

// masked is g = (d·Mul + Add)·act'(z).
func (p *plane) masked(m rowOf) reg.VecVirtual {
	g := p.load(m.d)
	if p.bits == 512 {
		VFMADD213PS(p.param(cAdd), p.param(cMul), g)
	} else {
		VMULPS(p.param(cMul), g, g)
		VADDPS(p.param(cAdd), g, g)
	}
	if p.act == 0 {
		return g
	}
	z := p.z(m.x)
	switch actNames[p.act] {
	case "ReLU":
		p.keepWhere(g, z, p.constant(0), nil)
	case "ReLU6":
		p.keepWhere(g, z, p.constant(0), p.constant(6))
	case "HSwish":
		h := p.gate(z)
		t := p.vec()
		VMULPS(p.constant(1.0/6), z, t)
		p.keepWhere(t, z, p.constant(-3), p.constant(3))
		VADDPS(t, h, h)
		VMULPS(h, g, g)
	case "HSigmoid":
		VMULPS(p.constant(1.0/6), g, g)
		p.keepWhere(g, z, p.constant(-3), p.constant(3))
	case "Swish": // s·(1 + z·(1−s)) with s the logistic function
		s := p.logistic(z)
		VMULPS(p.minusOne(p.consts, s), z, z)
		VMULPS(p.plusOne(p.consts, z), s, s)
		VMULPS(s, g, g)
	case "Sigmoid":
		s := p.logistic(z)
		VMULPS(p.minusOne(p.consts, s), s, s)
		VMULPS(s, g, g)
	}
	return g
}

// deviation is x − Mean.
func (p *plane) deviation(x Mem) reg.VecVirtual {
	d := p.load(x)
	VSUBPS(p.param(cMean), d, d)
	return d
}

func (p *plane) stats(m rowOf, sums []reg.VecVirtual) {
	d := p.deviation(m.x)
	VADDPS(d, sums[0], sums[0])
	VFMADD231PS(d, d, sums[1])
}

func (p *plane) apply(m rowOf, add bool) {
	y := p.activate(p.z(m.x))
	VMULPS(p.param(cMul), y, y)
	if add {
		VADDPS(m.d, y, y)
	}
	VMOVUPS(y, m.dst)
}

func (p *plane) sumAct(m rowOf, sums []reg.VecVirtual) {
	y := p.activate(p.z(m.x))
	VADDPS(y, sums[0], sums[0])
}

func (p *plane) dotAct(m rowOf, sums []reg.VecVirtual) {
	y := p.activate(p.z(m.x))
	VFMADD231PS(m.d, y, sums[0])
}

func (p *plane) gradSums(m rowOf, sums []reg.VecVirtual) {
	g := p.masked(m)
	VADDPS(g, sums[0], sums[0])
	d := p.deviation(m.x)
	VFMADD231PS(g, d, sums[1])
}

func (p *plane) gradApply(m rowOf, _ []reg.VecVirtual) {
	g := p.masked(m)
	d := p.deviation(m.x)
	if p.bits == 512 {
		VFMADD213PS(p.param(cC), p.param(cB), d)
		VFMADD231PS(p.param(cA), g, d)
	} else {
		VMULPS(p.param(cB), d, d)
		VADDPS(p.param(cC), d, d)
		VFMADD231PS(p.param(cA), g, d)
	}
	VMOVUPS(d, m.dst)
}
