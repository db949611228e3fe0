package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemm64 emits the float64 kernels: a register tile of the matrix product and the row sweeps that
// reductions to condensed form spend their time in.
func gemm64() {
	tile64("tile64x512", ZMM, 12, 2)
	tile64("tile64x256", YMM, 3, 4)
	for _, w := range []struct {
		suffix string
		vec    func() reg.VecVirtual
		lanes  int
	}{{"512", ZMM, 8}, {"256", YMM, 4}} {
		sweep64("dotAxpy64x"+w.suffix, w.vec, w.lanes, true, true)
		sweep64("dot64x"+w.suffix, w.vec, w.lanes, true, false)
		sweep64("axpy64x"+w.suffix, w.vec, w.lanes, false, true)
	}
}

// tile64 emits C += A·B for rows rows of a panel of A packed twelve to a step and a panel of B
// packed sixteen to a step, vecs vectors wide.
func tile64(name string, vec func() reg.VecVirtual, rows, vecs int) {
	TEXT(name, NOSPLIT, "func(k int, a, b, c *float64, ldc int)")
	Doc(fmt.Sprintf("%s adds the product of %d rows of a packed panel and a packed panel of 16 columns to c.", name, rows))
	Pragma("noescape")
	k := Load(Param("k"), GP64())
	a := Load(Param("a"), GP64())
	b := Load(Param("b"), GP64())
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	SHLQ(U8(3), ldc)
	acc := make([][]reg.VecVirtual, rows)
	for i := range acc {
		for range vecs {
			x := vec()
			VXORPD(x, x, x)
			acc[i] = append(acc[i], x)
		}
	}
	width := 128 / vecs // bytes per vector
	TESTQ(k, k)
	JE(LabelRef("store"))
	Label("step")
	// AVX2 has 16 registers: what no longer fits is read from memory each time.
	var bs []Op
	for v := range vecs {
		m := Mem{Base: b, Disp: v * width}
		if width == 32 && rows*vecs+v+1 >= 16 {
			bs = append(bs, m)
			continue
		}
		x := vec()
		VMOVUPD(m, x)
		bs = append(bs, x)
	}
	for i := range rows {
		x := vec()
		VBROADCASTSD(Mem{Base: a, Disp: 8 * i}, x)
		for v := range vecs {
			VFMADD231PD(bs[v], x, acc[i][v])
		}
	}
	ADDQ(Imm(96), a)
	ADDQ(Imm(128), b)
	DECQ(k)
	JNE(LabelRef("step"))
	Label("store")
	for i := range rows {
		for v := range vecs {
			VADDPD(Mem{Base: c, Disp: v * width}, acc[i][v], acc[i][v])
			VMOVUPD(acc[i][v], Mem{Base: c, Disp: v * width})
		}
		if i < rows-1 {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// sweep64 emits one pass over four rows of a matrix: dot products with x, or y plus a combination
// of the rows, or both while a row is at hand. n is a multiple of lanes; results of dot are added
// to dots[0:4].
func sweep64(name string, vec func() reg.VecVirtual, lanes int, dot, axpy bool) {
	sig := "func(n int, a *float64, lda int, "
	if dot {
		sig += "x, dots *float64"
	}
	if dot && axpy {
		sig += ", "
	}
	if axpy {
		sig += "y, alpha *float64"
	}
	TEXT(name, NOSPLIT, sig+")")
	Doc(name + " sweeps over four rows; see Path.DotAxpy64.")
	Pragma("noescape")
	n := Load(Param("n"), GP64())
	var row [4]reg.GPVirtual
	for i := range row {
		row[i] = GP64()
	}
	Load(Param("a"), row[0])
	lda := Load(Param("lda"), GP64())
	for i := 1; i < 4; i++ {
		LEAQ(Mem{Base: row[i-1], Index: lda, Scale: 8}, row[i])
	}
	var x, y, dots reg.Register
	var sums, alphas [4]reg.VecVirtual
	if dot {
		x = Load(Param("x"), GP64())
		dots = Load(Param("dots"), GP64())
		for i := range sums {
			sums[i] = vec()
			VXORPD(sums[i], sums[i], sums[i])
		}
	}
	if axpy {
		y = Load(Param("y"), GP64())
		p := Load(Param("alpha"), GP64())
		for i := range alphas {
			alphas[i] = vec()
			VBROADCASTSD(Mem{Base: p, Disp: 8 * i}, alphas[i])
		}
	}
	i := GP64()
	XORQ(i, i)
	CMPQ(i, n)
	JGE(LabelRef("end"))
	Label("loop")
	at := func(b reg.Register) Mem { return Mem{Base: b, Index: i, Scale: 8} }
	var xv, yv reg.VecVirtual
	if dot {
		xv = vec()
		VMOVUPD(at(x), xv)
	}
	if axpy {
		yv = vec()
		VMOVUPD(at(y), yv)
	}
	for r := range row {
		v := vec()
		VMOVUPD(at(row[r]), v)
		if dot {
			VFMADD231PD(xv, v, sums[r])
		}
		if axpy {
			VFMADD231PD(alphas[r], v, yv)
		}
	}
	if axpy {
		VMOVUPD(yv, at(y))
	}
	ADDQ(Imm(uint64(lanes)), i)
	CMPQ(i, n)
	JLT(LabelRef("loop"))
	Label("end")
	if dot {
		for r, s := range sums {
			lo := reduce64(s, lanes)
			VADDSD(Mem{Base: dots, Disp: 8 * r}, lo, lo)
			VMOVSD(lo, Mem{Base: dots, Disp: 8 * r})
		}
	}
	VZEROUPPER()
	RET()
}

// reduce64 adds up the lanes of a vector.
func reduce64(s reg.VecVirtual, lanes int) reg.VecVirtual {
	x := XMM()
	if lanes == 8 {
		h := YMM()
		VEXTRACTF64X4(Imm(1), s, h)
		VADDPD(h, s.AsY(), h)
		s = h
	}
	VEXTRACTF128(Imm(1), s.AsY(), x)
	VADDPD(s.AsX(), x, x)
	t := XMM()
	VPERMILPD(Imm(1), x, t)
	VADDSD(t, x, x)
	return x
}
