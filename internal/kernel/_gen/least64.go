package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// leastVectors is the number of vectors of one step, each with a minimum of its own, so that they
// do not wait for each other.
const leastVectors = 4

func least64() {
	least("least64x512", avx512)
	least("least64x256", avx2)
}

// least looks for the smallest c[i]−v[i] of every lane among n elements, which are whole steps of
// four vectors: low takes it, at the first element of its step.
func least(name string, s isa) {
	TEXT(name, NOSPLIT, "func(n int, c, v, low *float64, at *int64)")
	Doc(name + " stores for every lane of four vectors the smallest c[i]-v[i] " +
		"and the first element of its step.")
	Pragma("noescape")
	n := Load(Param("n"), GP64())
	c, v := Load(Param("c"), GP64()), Load(Param("v"), GP64())
	out, at := Load(Param("low"), GP64()), Load(Param("at"), GP64())
	i := GP64()
	XORQ(i, i)
	lanes := s.bytes / 8
	step, now := s.vec(), s.zero()
	var low, where [leastVectors]reg.VecVirtual
	t := GP64()
	broadcast := func(value uint64, to reg.VecVirtual) {
		MOVQ(U64(value), t)
		x := XMM()
		MOVQ(t, x)
		VPBROADCASTQ(x, to)
	}
	broadcast(uint64(leastVectors*lanes), step)
	infinity := s.vec()
	broadcast(0x7FF0000000000000, infinity)
	for k := range low {
		low[k], where[k] = s.vec(), s.zero()
		VMOVUPD(infinity, low[k])
	}
	CMPQ(i, n)
	JGE(LabelRef("end"))
	Label("loop")
	for k := range low {
		place := func(b reg.Register) Mem { return Mem{Base: b, Index: i, Scale: 8, Disp: k * s.bytes} }
		d := s.vec()
		VMOVUPD(place(c), d)
		VSUBPD(place(v), d, d)
		if s.bits == 512 {
			less := K()
			VCMPPD(U8(1), low[k], d, less)
			VMOVAPD(d, less, low[k])
			VMOVDQA64(now, less, where[k])
		} else {
			less := YMM()
			VCMPPD(U8(1), low[k], d, less)
			VBLENDVPD(less, d, low[k], low[k])
			VBLENDVPD(less, now, where[k], where[k])
		}
	}
	VPADDQ(step, now, now)
	ADDQ(Imm(uint64(leastVectors*lanes)), i)
	CMPQ(i, n)
	JLT(LabelRef("loop"))
	Label("end")
	for k := range low {
		VMOVUPD(low[k], Mem{Base: out, Disp: k * s.bytes})
		VMOVUPD(where[k], Mem{Base: at, Disp: k * s.bytes})
	}
	VZEROUPPER()
	RET()
}
