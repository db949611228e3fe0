package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.Softmax.
const (
	xLogits, xTargets, xMask, xDst = 0, 8, 16, 24
	xNext, xPlanes                 = 32, 40
	xTop, xShare, xGain            = 48, 52, 56
	xMax                           = 64
	xSum, xTotal, xDot             = 128, 192, 256
)

// The constants of expOf: e^x = 2^n·e^r with n the integer nearest to x/ln 2, which adding and
// taking away roundInt gives, and a polynomial in r after Cephes.
const (
	expLowest = -87 // e^x is a normal number from here on
	log2e     = 1.44269504088896341
	roundInt  = 3 << 22
	ln2High   = 0.693359375
	ln2Low    = -2.12194440e-4
)

var expTerms = []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

// softmaxRow is one function over a row of logits while it is emitted.
type softmaxRow struct {
	isa
	consts               *constants
	a                    reg.Register
	off                  int
	logits, mask         reg.GPVirtual
	toTargets, toResults reg.GPVirtual // from the logits
}

func softmax() {
	values := append([]float64{0, 1, expLowest, log2e, roundInt, ln2High, ln2Low, math.Inf(-1)}, expTerms...)
	consts := newConstants("softmaxConst", values...)
	for _, s := range []isa{avx512, avx2} {
		p := &softmaxRow{isa: s, consts: consts}
		p.function("softmaxMax", "finds the largest unmasked logit of each lane", []int{xMax}, p.max)
		p.function("softmaxSums", "sums e^(x−Top), targets and their products with x−Top over unmasked classes", []int{xSum, xTotal, xDot}, p.sums)
		p.function("softmaxGrad", "writes (e^(x−Top)·Share − target)·Gain for unmasked classes", nil, p.grad)
	}
}

// function emits the loop over the planes of a row and stores the results.
func (p *softmaxRow) function(kind, doc string, results []int, body func(acc []reg.VecVirtual)) {
	name := fmt.Sprintf("%s%d", kind, p.bits)
	TEXT(name, NOSPLIT, "func(a *byte)")
	Doc(name + " " + doc + ", see Path.")
	Pragma("noescape")
	p.a = Load(Param("a"), GP64())
	for half := 0; half < 64/p.bytes; half++ {
		p.off = half * p.bytes
		p.logits, p.mask = field(p.a, xLogits), field(p.a, xMask)
		p.toTargets, p.toResults = field(p.a, xTargets), field(p.a, xDst)
		SUBQ(p.logits, p.toTargets)
		SUBQ(p.logits, p.toResults)
		next, planes := fieldBytes(p.a, xNext), field(p.a, xPlanes)
		var acc []reg.VecVirtual
		for _, off := range results {
			start := p.zero()
			if off == xMax {
				start = p.load(p.consts.vec(math.Inf(-1)))
			}
			acc = append(acc, start)
		}
		loop := fmt.Sprint("plane", half)
		Label(loop)
		body(acc)
		ADDQ(next, p.logits)
		ADDQ(U8(64), p.mask)
		DECQ(planes)
		JNE(LabelRef(loop))
		for i, off := range results {
			VMOVUPS(acc[i], Mem{Base: p.a, Disp: off + p.off})
		}
	}
	VZEROUPPER()
	RET()
}

func (p *softmaxRow) at(index reg.GPVirtual) Mem {
	if index == nil {
		return Mem{Base: p.logits, Disp: p.off}
	}
	return Mem{Base: p.logits, Index: index, Scale: 1, Disp: p.off}
}

func (p *softmaxRow) scalar(off int) reg.VecVirtual {
	v := p.vec()
	VBROADCASTSS(Mem{Base: p.a, Disp: off}, v)
	return v
}

// keep zeroes v where the mask is 0.
func (p *softmaxRow) keep(v reg.VecVirtual) {
	m := p.load(Mem{Base: p.mask, Disp: p.off})
	p.keepWhere(v, m, p.zero(), nil)
}

func (p *softmaxRow) max(acc []reg.VecVirtual) {
	// A masked logit counts as −Inf.
	m, x := p.load(Mem{Base: p.mask, Disp: p.off}), p.load(p.at(nil))
	low := p.load(p.consts.vec(math.Inf(-1)))
	if p.bits == 512 {
		k := K()
		VCMPPS(U8(14), p.zero(), m, k)
		VMAXPS(x, acc[0], k, acc[0])
		return
	}
	hit := YMM()
	VCMPPS(U8(14), p.zero(), m, hit)
	VBLENDVPS(hit, x, low, x)
	VMAXPS(x, acc[0], acc[0])
}

// shifted is x − Top.
func (p *softmaxRow) shifted() reg.VecVirtual {
	x := p.load(p.at(nil))
	VSUBPS(p.scalar(xTop), x, x)
	return x
}

// expOf is e^x for x ≤ 0, to a relative error of 2e-7; NaN stays NaN. x is kept.
func (p *softmaxRow) expOf(x reg.VecVirtual) reg.VecVirtual {
	r := p.load(p.consts.vec(expLowest))
	VMAXPS(x, r, r)
	return p.exp(p.consts, r)
}

// exp is e^r, to a relative error of 2e-7, for r from expLowest to −expLowest. It overwrites r. Its
// constants are expConstants.
func (s isa) exp(consts *constants, r reg.VecVirtual) reg.VecVirtual {
	c := func(v float64) reg.VecVirtual { return s.load(consts.vec(v)) }
	n, magic := c(log2e), c(roundInt)
	VFMADD213PS(magic, r, n)
	whole := s.vec()
	VSUBPS(magic, n, whole)
	VFNMADD231PS(c(ln2High), whole, r)
	VFNMADD231PS(c(ln2Low), whole, r)
	e := c(expTerms[0])
	for _, t := range expTerms[1:] {
		VFMADD213PS(c(t), r, e)
	}
	square := s.vec()
	VMULPS(r, r, square)
	VFMADD213PS(r, square, e)
	VADDPS(c(1), e, e)
	// 2^n goes into the exponent.
	VPSLLD(U8(23), n, n)
	VPADDD(n, e, e)
	return e
}

func (p *softmaxRow) sums(acc []reg.VecVirtual) {
	x := p.shifted()
	e := p.expOf(x)
	p.keep(e)
	VADDPS(e, acc[0], acc[0])
	t := p.load(p.at(p.toTargets))
	p.keep(t)
	p.keep(x)
	VADDPS(t, acc[1], acc[1])
	VFMADD231PS(t, x, acc[2])
}

func (p *softmaxRow) grad([]reg.VecVirtual) {
	e := p.expOf(p.shifted())
	VMULPS(p.scalar(xShare), e, e)
	VSUBPS(p.at(p.toTargets), e, e)
	VMULPS(p.scalar(xGain), e, e)
	p.keep(e)
	VMOVUPS(e, p.at(p.toResults))
}
