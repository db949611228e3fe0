package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.Tile.
const (
	tB                  = 8
	tARow, tAStep       = 24, 32
	tAJump, tKIn, tKOut = 40, 48, 56
	tKTail              = 64
	tBStep, tBNext      = 72, 80
	tCRow, tCNext       = 88, 96
	tCols, tAcc         = 104, 112
	tTiles, tMask       = 120, 128
	tA, tC              = 136, 144 // the cursors, not the pointers
)

func tiles() {
	for v := 1; v <= 2; v++ {
		for r := 1; r <= 14; r++ {
			tile512(r, v)
		}
	}
	masks := GLOBL("tileMask", RODATA|NOPTR)
	for i := range 32 {
		DATA(i*4, U32(0xffffffff*uint64(1-i/16)))
	}
	for r := 1; r <= 6; r++ {
		tile256(r, masks)
	}
}

// rowsOf addresses row i of A. Two pointers (row 0, row 1) and the strides of one, three and five
// rows reach rows 0…13 with the factors 1, 2, 4 and 8.
type rowsOf struct {
	b0, b1, s1, s3, s5 reg.GPVirtual
}

func (a rowsOf) at(i int) Mem {
	scaled := func(b, s reg.GPVirtual, k uint8) Mem { return Mem{Base: b, Index: s, Scale: k} }
	switch i {
	case 0:
		return Mem{Base: a.b0}
	case 1, 2, 4, 8:
		return scaled(a.b0, a.s1, uint8(i))
	case 3, 6, 12:
		return scaled(a.b0, a.s3, uint8(i/3))
	case 5, 10:
		return scaled(a.b0, a.s5, uint8(i/5))
	case 9:
		return scaled(a.b1, a.s1, 8)
	case 7, 13:
		return scaled(a.b1, a.s3, uint8((i-1)/3))
	case 11:
		return scaled(a.b1, a.s5, 2)
	}
	panic("row out of reach")
}

// tileLoops emits what both vector widths share: the loop over tiles, over runs and over steps.
// zero clears the accumulators, step does one step with A's rows and the address of B's row, end
// stores the tile.
func tileLoops(name string, rows int, doc string, zero func(), step func(a rowsOf, b, next reg.GPVirtual), end func(t reg.Register)) {
	TEXT(name, NOSPLIT, "func(t *byte)")
	Doc(doc)
	Pragma("noescape")
	t := Load(Param("t"), GP64()).(reg.GPVirtual)
	a := rowsOf{GP64(), GP64(), GP64(), GP64(), GP64()}
	field := func(off int) Mem { return Mem{Base: t, Disp: off} }
	bytes := func(off int) reg.GPVirtual {
		r := GP64()
		MOVQ(field(off), r)
		SHLQ(U8(2), r)
		return r
	}
	MOVQ(field(tARow), a.s1)
	SHLQ(U8(2), a.s1)
	LEAQ(Mem{Base: a.s1, Index: a.s1, Scale: 2}, a.s3)
	LEAQ(Mem{Base: a.s1, Index: a.s1, Scale: 4}, a.s5)
	astep, bstep, bnext := bytes(tAStep), bytes(tBStep), bytes(tBNext)
	// From the end of one run to the start of the next.
	delta := GP64()
	MOVQ(field(tKIn), delta)
	IMULQ(field(tAStep), delta)
	NEGQ(delta)
	ADDQ(field(tAJump), delta)
	SHLQ(U8(2), delta)

	b, n, out := GP64(), GP64(), GP64()
	Label("tile")
	zero()
	MOVQ(field(tA), a.b0)
	LEAQ(Mem{Base: a.b0, Index: a.s1, Scale: 1}, a.b1)
	MOVQ(field(tB), b)
	MOVQ(field(tKOut), out)
	TESTQ(out, out)
	JE(LabelRef("tail"))
	Label("run")
	MOVQ(field(tKIn), n)
	Label("step")
	step(a, b, bnext)
	ADDQ(astep, a.b0)
	if rows > 1 {
		ADDQ(astep, a.b1)
	}
	ADDQ(bstep, b)
	DECQ(n)
	JNE(LabelRef("step"))
	ADDQ(delta, a.b0)
	ADDQ(delta, a.b1)
	DECQ(out)
	JNE(LabelRef("run"))
	Label("tail")
	MOVQ(field(tKTail), n)
	TESTQ(n, n)
	JE(LabelRef("end"))
	Label("last")
	step(a, b, bnext)
	ADDQ(astep, a.b0)
	if rows > 1 {
		ADDQ(astep, a.b1)
	}
	ADDQ(bstep, b)
	DECQ(n)
	JNE(LabelRef("last"))
	Label("end")
	end(t)
	// The next tile is rows further down in A and C.
	next := GP64()
	IMUL3Q(U8(rows), a.s1, next)
	ADDQ(next, field(tA))
	next = GP64()
	MOVQ(field(tCRow), next)
	IMUL3Q(U8(4*rows), next, next)
	ADDQ(next, field(tC))
	DECQ(field(tTiles))
	JNE(LabelRef("tile"))
}

func tile512(rows, vecs int) {
	acc := make([][2]reg.VecVirtual, rows)
	for i := range acc {
		for v := range vecs {
			acc[i][v] = ZMM()
		}
	}
	name := fmt.Sprintf("tile512x%dx%d", rows, vecs)
	tileLoops(name, rows, fmt.Sprintf("%s multiplies tiles of %d rows by %d blocks of 16 columns.", name, rows, vecs), func() {
		for _, r := range acc {
			for v := range vecs {
				VPXORD(r[v], r[v], r[v])
			}
		}
	}, func(a rowsOf, b, next reg.GPVirtual) {
		b0 := ZMM()
		VMOVUPS(Mem{Base: b}, b0)
		if vecs == 1 {
			for i, r := range acc {
				VFMADD231PS_BCST(a.at(i), b0, r[0])
			}
			return
		}
		b1 := ZMM()
		VMOVUPS(Mem{Base: b, Index: next, Scale: 1}, b1)
		for i, r := range acc {
			x := ZMM()
			VBROADCASTSS(a.at(i), x)
			VFMADD231PS(x, b0, r[0])
			VFMADD231PS(x, b1, r[1])
		}
	}, func(t reg.Register) {
		c, crow, cnext, m := GP64(), GP64(), GP64(), GP64()
		MOVQ(Mem{Base: t, Disp: tC}, c)
		MOVQ(Mem{Base: t, Disp: tCRow}, crow)
		SHLQ(U8(2), crow)
		MOVQ(Mem{Base: t, Disp: tCNext}, cnext)
		SHLQ(U8(2), cnext)
		MOVQ(Mem{Base: t, Disp: tMask}, m)
		k := K()
		KMOVW(m.As32(), k)
		CMPB(Mem{Base: t, Disp: tAcc}, U8(0))
		JE(LabelRef("store"))
		p := GP64()
		MOVQ(c, p)
		for _, r := range acc {
			if vecs == 2 {
				VADDPS(Mem{Base: p}, r[0], r[0])
				VADDPS(Mem{Base: p, Index: cnext, Scale: 1}, r[1], k, r[1])
			} else {
				VADDPS(Mem{Base: p}, r[0], k, r[0])
			}
			ADDQ(crow, p)
		}
		Label("store")
		for _, r := range acc {
			if vecs == 2 {
				VMOVUPS(r[0], Mem{Base: c})
				VMOVUPS(r[1], k, Mem{Base: c, Index: cnext, Scale: 1})
			} else {
				VMOVUPS(r[0], k, Mem{Base: c})
			}
			ADDQ(crow, c)
		}
	})
	VZEROUPPER()
	RET()
}

func tile256(rows int, masks Mem) {
	acc := make([][2]reg.VecVirtual, rows)
	for i := range acc {
		acc[i] = [2]reg.VecVirtual{YMM(), YMM()}
	}
	name := fmt.Sprintf("tile256x%d", rows)
	tileLoops(name, rows, fmt.Sprintf("%s multiplies tiles of %d rows by one block of 16 columns.", name, rows), func() {
		for _, r := range acc {
			VXORPS(r[0], r[0], r[0])
			VXORPS(r[1], r[1], r[1])
		}
	}, func(a rowsOf, b, _ reg.GPVirtual) {
		b0, b1 := YMM(), YMM()
		VMOVUPS(Mem{Base: b}, b0)
		VMOVUPS(Mem{Base: b, Disp: 32}, b1)
		for i, r := range acc {
			x := YMM()
			VBROADCASTSS(a.at(i), x)
			VFMADD231PS(x, b0, r[0])
			VFMADD231PS(x, b1, r[1])
		}
	}, func(t reg.Register) {
		c, crow, m := GP64(), GP64(), GP64()
		MOVQ(Mem{Base: t, Disp: tC}, c)
		MOVQ(Mem{Base: t, Disp: tCRow}, crow)
		SHLQ(U8(2), crow)
		// The mask of n columns starts 16−n lanes into the table.
		MOVQ(U32(16), m)
		SUBQ(Mem{Base: t, Disp: tCols}, m)
		table := GP64()
		LEAQ(masks, table)
		m0, m1 := YMM(), YMM()
		VMOVUPS(Mem{Base: table, Index: m, Scale: 4}, m0)
		VMOVUPS(Mem{Base: table, Index: m, Scale: 4, Disp: 32}, m1)
		CMPB(Mem{Base: t, Disp: tAcc}, U8(0))
		JE(LabelRef("store"))
		p := GP64()
		MOVQ(c, p)
		for _, r := range acc {
			for v, m := range []reg.VecVirtual{m0, m1} {
				x := YMM()
				VMASKMOVPS(Mem{Base: p, Disp: 32 * v}, m, x)
				VADDPS(x, r[v], r[v])
			}
			ADDQ(crow, p)
		}
		Label("store")
		for _, r := range acc {
			VMASKMOVPS(r[0], m0, Mem{Base: c})
			VMASKMOVPS(r[1], m1, Mem{Base: c, Disp: 32})
			ADDQ(crow, c)
		}
	})
	VZEROUPPER()
	RET()
}
