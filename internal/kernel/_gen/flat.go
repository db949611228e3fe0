package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func flat() {
	for _, s := range []isa{avx512, avx2} {
		axpyFlat(s)
		scaleFlat(s)
		sgdFlat(s)
		adamFlat(s)
		squares(s)
	}
	packRows()
	packColumns()
}

// flatLoop emits a loop over n vectors of the pointers' memory.
func flatLoop(s isa, n reg.GPVirtual, pointers []reg.GPVirtual, body func()) {
	Label("loop")
	body()
	for _, p := range pointers {
		ADDQ(U8(s.bytes), p)
	}
	DECQ(n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// flatFunction starts a function over pointers, the number of vectors n (at least 1) and constants
// o, which it loads or broadcasts.
func flatFunction(s isa, name, doc string, names ...string) (n reg.GPVirtual, o reg.Register, ptrs []reg.GPVirtual, mems []Mem) {
	full := fmt.Sprintf("%s%d", name, s.bits)
	sig := "func("
	for _, p := range names {
		sig += p + ", "
	}
	TEXT(full, NOSPLIT, sig[:len(sig)-2]+" *byte, n int, o *float32)")
	Doc(full + " " + doc)
	Pragma("noescape")
	for _, p := range names {
		r := Load(Param(p), GP64()).(reg.GPVirtual)
		ptrs = append(ptrs, r)
		mems = append(mems, Mem{Base: r})
	}
	n = Load(Param("n"), GP64()).(reg.GPVirtual)
	o = Load(Param("o"), GP64())
	return n, o, ptrs, mems
}

// spread broadcasts constant i.
func spread(s isa, o reg.Register, i int) reg.VecVirtual {
	r := s.vec()
	VBROADCASTSS(Mem{Base: o, Disp: 4 * i}, r)
	return r
}

func axpyFlat(s isa) {
	n, o, p, m := flatFunction(s, "axpy", "adds o[0]·x to y.", "x", "y")
	a := spread(s, o, 0)
	flatLoop(s, n, p, func() {
		y := s.load(m[1])
		VFMADD231PS(m[0], a, y)
		VMOVUPS(y, m[1])
	})
}

func scaleFlat(s isa) {
	n, o, p, m := flatFunction(s, "scale", "multiplies x by o[0].", "x")
	a := spread(s, o, 0)
	flatLoop(s, n, p, func() {
		x := s.vec()
		VMULPS(m[0], a, x)
		VMOVUPS(x, m[0])
	})
}

// sgdFlat is d = o0·g + o1·p; m = o2·m + d; p −= o3·m + o4·d.
func sgdFlat(s isa) {
	n, o, p, m := flatFunction(s, "sgd", "is d = o[0]·g + o[1]·p, m = o[2]·m + d, p −= o[3]·m + o[4]·d.", "p", "grad", "m")
	var c []reg.VecVirtual
	for i := range 5 {
		c = append(c, spread(s, o, i))
	}
	flatLoop(s, n, p, func() {
		w, d, b := s.load(m[0]), s.vec(), s.load(m[2])
		VMULPS(m[1], c[0], d)
		VFMADD231PS(w, c[1], d)
		VFMADD213PS(d, c[2], b)
		VMOVUPS(b, m[2])
		VFNMADD231PS(b, c[3], w)
		VFNMADD231PS(d, c[4], w)
		VMOVUPS(w, m[0])
	})
}

// adamFlat is d = o0·g + o1·p; m = o2·m + o3·d; v = o4·v + o5·d²; p −= o6·m/(√v·o7 + o8).
func adamFlat(s isa) {
	n, o, p, m := flatFunction(s, "adam", "is d = o[0]·g + o[1]·p, m = o[2]·m + o[3]·d, v = o[4]·v + o[5]·d², p −= o[6]·m/(√v·o[7] + o[8]).", "p", "grad", "m", "v")
	var c []reg.VecVirtual
	for i := range 9 {
		c = append(c, spread(s, o, i))
	}
	flatLoop(s, n, p, func() {
		w, d := s.load(m[0]), s.vec()
		VMULPS(m[1], c[0], d)
		VFMADD231PS(w, c[1], d)
		b := s.vec()
		VMULPS(m[2], c[2], b)
		VFMADD231PS(d, c[3], b)
		VMOVUPS(b, m[2])
		v := s.vec()
		VMULPS(m[3], c[4], v)
		VMULPS(d, d, d)
		VFMADD231PS(d, c[5], v)
		VMOVUPS(v, m[3])
		VSQRTPS(v, v)
		VFMADD213PS(c[8], c[7], v)
		VMULPS(c[6], b, b)
		VDIVPS(v, b, b)
		VSUBPS(b, w, w)
		VMOVUPS(w, m[0])
	})
}

// squares adds Σx² in float64; two accumulators per half vector.
func squares(s isa) {
	name := fmt.Sprintf("squares%d", s.bits)
	TEXT(name, NOSPLIT, "func(x *byte, n int, sum *float64)")
	Doc(name + " stores the sums of squares of every eighth or fourth element of n pairs of half vectors.")
	Pragma("noescape")
	x := Load(Param("x"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	sum := Load(Param("sum"), GP64())
	a, b := s.zero(), s.zero()
	Label("loop")
	for i, acc := range []reg.VecVirtual{a, b} {
		v := s.vec()
		VCVTPS2PD(Mem{Base: x, Disp: i * s.bytes / 2}, v)
		VFMADD231PD(v, v, acc)
	}
	ADDQ(U8(s.bytes), x)
	DECQ(n)
	JNE(LabelRef("loop"))
	VADDPD(b, a, a)
	VMOVUPD(a, Mem{Base: sum})
	VZEROUPPER()
	RET()
}

// packRows copies rows of 16 floats that are ld bytes apart.
func packRows() {
	TEXT("packRows", NOSPLIT, "func(dst, src *byte, rows, ld int)")
	Doc("packRows copies rows of 16 floats, ld bytes apart, to consecutive memory.")
	Pragma("noescape")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	src := Load(Param("src"), GP64()).(reg.GPVirtual)
	n := Load(Param("rows"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	Label("loop")
	a, b := YMM(), YMM()
	VMOVUPS(Mem{Base: src}, a)
	VMOVUPS(Mem{Base: src, Disp: 32}, b)
	VMOVUPS(a, Mem{Base: dst})
	VMOVUPS(b, Mem{Base: dst, Disp: 32})
	ADDQ(ld, src)
	ADDQ(U8(64), dst)
	DECQ(n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// packColumns transposes eight rows into columns, eight by eight.
func packColumns() {
	TEXT("packColumns", NOSPLIT, "func(dst, src *byte, groups, ld int)")
	Doc("packColumns writes the transpose of 8 rows of 8·groups floats, ld bytes apart: each 8 consecutive floats, rows of dst 64 bytes apart.")
	Pragma("noescape")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	src := Load(Param("src"), GP64()).(reg.GPVirtual)
	n := Load(Param("groups"), GP64()).(reg.GPVirtual)
	ld := Load(Param("ld"), GP64()).(reg.GPVirtual)
	ld3, half := GP64(), GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	Label("loop")
	LEAQ(Mem{Base: src, Index: ld, Scale: 4}, half)
	var r [8]reg.VecVirtual
	for i := range r {
		r[i] = YMM()
		base := []reg.GPVirtual{src, half}[i/4]
		m := Mem{Base: base}
		switch i % 4 {
		case 1, 2:
			m = Mem{Base: base, Index: ld, Scale: uint8(i % 4)}
		case 3:
			m = Mem{Base: base, Index: ld3, Scale: 1}
		}
		VMOVUPS(m, r[i])
	}
	// Pairs of rows, then fours, then halves.
	var t [8]reg.VecVirtual
	for i := 0; i < 8; i += 2 {
		t[i], t[i+1] = YMM(), YMM()
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	var q [8]reg.VecVirtual
	for i := 0; i < 8; i += 4 {
		for j := range 4 {
			q[i+j] = YMM()
		}
		VSHUFPS(U8(0x44), t[i+2], t[i], q[i])
		VSHUFPS(U8(0xee), t[i+2], t[i], q[i+1])
		VSHUFPS(U8(0x44), t[i+3], t[i+1], q[i+2])
		VSHUFPS(U8(0xee), t[i+3], t[i+1], q[i+3])
	}
	for j := range 4 {
		lo, hi := YMM(), YMM()
		VPERM2F128(U8(0x20), q[j+4], q[j], lo)
		VPERM2F128(U8(0x31), q[j+4], q[j], hi)
		VMOVUPS(lo, Mem{Base: dst, Disp: 64 * j})
		VMOVUPS(hi, Mem{Base: dst, Disp: 64 * (j + 4)})
	}
	ADDQ(U8(32), src)
	ADDQ(U32(512), dst)
	DECQ(n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
