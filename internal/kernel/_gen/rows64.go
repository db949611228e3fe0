package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rows64 emits the float64 kernels of small networks: a vector times a matrix, and the same matrix
// times a vector with a rank-one update behind it, a wide or a narrow strip of columns at a time.
// The strip of what all rows share stays in registers; rows whose factor is 0 are passed over.
func rows64() {
	for _, w := range []struct {
		bits, vecs int
		vec        func() reg.VecVirtual
	}{{512, 8, ZMM}, {512, 1, ZMM}, {256, 4, YMM}, {256, 1, YMM}} {
		cols := w.vecs * w.bits / 64
		sumRows64(fmt.Sprintf("sumRows64x%dx%d", cols, w.bits), w.vec, w.bits/8, w.vecs)
		stepRows64(fmt.Sprintf("stepRows64x%dx%d", cols, w.bits), w.vec, w.bits/8, w.vecs)
	}
}

// rowLoop64 emits the loop over rows (at least 1) of a: x points to the factor of the row, and body
// runs where that is not 0. Pointers of per are moved by one float64 a row.
func rowLoop64(rows, a, lda, x reg.Register, per []reg.Register, body func()) {
	SHLQ(U8(3), lda)
	bits := GP64()
	Label("loop")
	MOVQ(Mem{Base: x}, bits)
	SHLQ(U8(1), bits) // 0 for 0 and for −0
	JE(LabelRef("next"))
	body()
	Label("next")
	ADDQ(lda, a)
	ADDQ(Imm(8), x)
	for _, p := range per {
		ADDQ(Imm(8), p)
	}
	DECQ(rows)
	JNE(LabelRef("loop"))
}

func sumRows64(name string, vec func() reg.VecVirtual, bytes, vecs int) {
	TEXT(name, NOSPLIT, "func(rows int, a *float64, lda int, x, y *float64)")
	Doc(name + " adds rows times their factors to a strip of y; see Path.SumRows64.")
	Pragma("noescape")
	rows, a := Load(Param("rows"), GP64()), Load(Param("a"), GP64())
	lda, x := Load(Param("lda"), GP64()), Load(Param("x"), GP64())
	y := Load(Param("y"), GP64())
	acc := make([]reg.VecVirtual, vecs)
	for v := range acc {
		acc[v] = vec()
		VMOVUPD(Mem{Base: y, Disp: v * bytes}, acc[v])
	}
	rowLoop64(rows, a, lda, x, nil, func() {
		f := vec()
		VBROADCASTSD(Mem{Base: x}, f)
		for v := range acc {
			VFMADD231PD(Mem{Base: a, Disp: v * bytes}, f, acc[v])
		}
	})
	for v := range acc {
		VMOVUPD(acc[v], Mem{Base: y, Disp: v * bytes})
	}
	VZEROUPPER()
	RET()
}

func stepRows64(name string, vec func() reg.VecVirtual, bytes, vecs int) {
	TEXT(name, NOSPLIT, "func(rows int, a *float64, lda int, x, scale, d, out *float64)")
	Doc(name + " sweeps over a strip of rows; see Path.StepRows64.")
	Pragma("noescape")
	rows, a := Load(Param("rows"), GP64()), Load(Param("a"), GP64())
	lda, x := Load(Param("lda"), GP64()), Load(Param("x"), GP64())
	by := vec()
	scale := Load(Param("scale"), GP64())
	VBROADCASTSD(Mem{Base: scale}, by)
	d, out := Load(Param("d"), GP64()), Load(Param("out"), GP64())
	shared := make([]reg.VecVirtual, vecs)
	for v := range shared {
		shared[v] = vec()
		VMOVUPD(Mem{Base: d, Disp: v * bytes}, shared[v])
	}
	rowLoop64(rows, a, lda, x, []reg.Register{out}, func() {
		f := vec()
		VBROADCASTSD(Mem{Base: x}, f)
		VMULPD(by, f, f)
		// Two sums, so that additions do not wait for one another.
		var sums [2]reg.VecVirtual
		for v := range shared {
			w := vec()
			VMOVUPD(Mem{Base: a, Disp: v * bytes}, w)
			if v < 2 {
				sums[v] = vec()
				VMULPD(shared[v], w, sums[v])
			} else {
				VFMADD231PD(shared[v], w, sums[v%2])
			}
			VFMADD231PD(shared[v], f, w)
			VMOVUPD(w, Mem{Base: a, Disp: v * bytes})
		}
		if vecs > 1 {
			VADDPD(sums[1], sums[0], sums[0])
		}
		lo := reduce64(sums[0], bytes/8)
		VADDSD(Mem{Base: out}, lo, lo)
		VMOVSD(lo, Mem{Base: out})
	})
	VZEROUPPER()
	RET()
}
