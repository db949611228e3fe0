package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.Window.
const (
	wOut, wIn, wGrad = 0, 8, 16
	wInCol, wInRow   = 24, 32
	wCols, wKW, wKH  = 40, 48, 56
	wScale           = 64
)

// pool is one pooling function while it is emitted: registers and the byte offset of the half of
// the block.
type pool struct {
	isa
	a             reg.Register
	off           int
	out, in, grad reg.GPVirtual // grad is relative to the window's inputs
	inRow         reg.GPVirtual
	loops         int
}

func pooling() {
	for _, s := range []isa{avx512, avx2} {
		p := &pool{isa: s}
		p.function("maxPool", "writes the largest values of windows", func() {
			best := p.largest()
			VMOVUPS(best, p.output())
		})
		p.function("avgPool", "writes the scaled sums of windows", func() {
			sum := p.zero()
			p.window(func(in, _ Mem) { VADDPS(in, sum, sum) })
			VMULPS(p.scale(), sum, sum)
			VMOVUPS(sum, p.output())
		})
		p.function("maxPoolGrad", "adds each output's gradient to that of the first largest value of its window", p.maxGrad)
		p.function("avgPoolGrad", "adds each output's scaled gradient to those of its window", func() {
			d := p.scale()
			VMULPS(p.output(), d, d)
			p.window(func(_, grad Mem) {
				g := p.vec()
				VADDPS(grad, d, g)
				VMOVUPS(g, grad)
			})
		})
	}
}

// function emits the loop over the outputs of a row.
func (p *pool) function(kind, doc string, body func()) {
	name := fmt.Sprintf("%s%d", kind, p.bits)
	TEXT(name, NOSPLIT, "func(a *byte)")
	Doc(name + " " + doc + ", see Path.")
	Pragma("noescape")
	p.a, p.loops = Load(Param("a"), GP64()), 0
	for half := 0; half < 64/p.bytes; half++ {
		p.off = half * p.bytes
		p.out, p.in, p.grad = field(p.a, wOut), field(p.a, wIn), field(p.a, wGrad)
		SUBQ(p.in, p.grad)
		p.inRow = fieldBytes(p.a, wInRow)
		inCol, cols := fieldBytes(p.a, wInCol), field(p.a, wCols)
		next := fmt.Sprint("output", half)
		Label(next)
		body()
		ADDQ(U8(64), p.out)
		ADDQ(inCol, p.in)
		DECQ(cols)
		JNE(LabelRef(next))
	}
	VZEROUPPER()
	RET()
}

func (p *pool) output() Mem { return Mem{Base: p.out, Disp: p.off} }

func (p *pool) scale() reg.VecVirtual {
	v := p.vec()
	VBROADCASTSS(Mem{Base: p.a, Disp: wScale}, v)
	return v
}

// window emits the loop over the inputs of a window, and the places of their gradients.
func (p *pool) window(body func(in, grad Mem)) {
	p.loops++
	label := func(l string) string { return fmt.Sprint(l, p.loops) }
	line, at, rows, cols := GP64(), GP64(), field(p.a, wKH), GP64()
	MOVQ(p.in, line)
	Label(label("row"))
	MOVQ(line, at)
	MOVQ(Mem{Base: p.a, Disp: wKW}, cols)
	Label(label("column"))
	body(Mem{Base: at, Disp: p.off}, Mem{Base: at, Index: p.grad, Scale: 1, Disp: p.off})
	ADDQ(U8(64), at)
	DECQ(cols)
	JNE(LabelRef(label("column")))
	ADDQ(p.inRow, line)
	DECQ(rows)
	JNE(LabelRef(label("row")))
}

func (p *pool) largest() reg.VecVirtual {
	best := p.load(Mem{Base: p.in, Disp: p.off})
	p.window(func(in, _ Mem) { VMAXPS(in, best, best) })
	return best
}

// maxGrad keeps in open the lanes whose largest value has not come yet.
func (p *pool) maxGrad() {
	best, d := p.largest(), p.load(p.output())
	if p.bits == 512 {
		open, hit := K(), K()
		KXNORW(open, open, open)
		p.window(func(in, grad Mem) {
			VCMPPS(U8(0), in, best, open, hit)
			g := p.load(grad)
			VADDPS(d, g, hit, g)
			VMOVUPS(g, grad)
			KANDNW(open, hit, open)
		})
		return
	}
	open := YMM()
	VPCMPEQD(open, open, open)
	p.window(func(in, grad Mem) {
		hit, g := YMM(), YMM()
		VCMPPS(U8(0), in, best, hit)
		VANDPS(open, hit, hit)
		VANDPS(d, hit, g)
		VADDPS(grad, g, g)
		VMOVUPS(g, grad)
		VANDNPS(open, hit, open)
	})
}
