package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.Depthwise.
const (
	dDst, dSrc, dW           = 0, 8, 16
	dDstCol, dDstRow         = 24, 32
	dSrcRow, dSrcNext        = 48, 56
	dCols, dRows, dKH        = 64, 72, 88
	gG, gSrc, gW, gGRow      = 0, 8, 16, 24 // of kernel.DepthwiseGrad
	gSrcRow, gSrcNext, gCols = 40, 48, 56
	gRows                    = 64
)

// Kernel widths and the columns between the windows of neighbouring outputs. Widths 1, 2 and 4
// occur in the input gradient of strided convolutions.
var depthwiseForms = [][2]int{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {7, 1}, {3, 2}, {5, 2}, {7, 2}}

// rowGroups is how many kernel rows of the weight gradient share a pass, as the registers allow.
func rowGroups(s isa, k int) []int {
	if s.bits == 512 {
		return map[int][]int{3: {3}, 5: {3, 2}, 7: {3, 2}}[k]
	}
	return map[int][]int{3: {3}, 5: {2, 1}, 7: {1}}[k]
}

func depthwise() {
	for _, s := range []isa{avx512, avx2} {
		for _, f := range depthwiseForms {
			depthwiseForward(s, f[0], f[1])
		}
		for _, k := range []int{3, 5, 7} {
			for _, step := range []int{1, 2} {
				for _, rows := range rowGroups(s, k) {
					depthwiseGrad(s, k, step, rows)
				}
			}
		}
	}
}

func fieldBytes(base reg.Register, off int) reg.GPVirtual {
	r := GP64()
	MOVQ(Mem{Base: base, Disp: off}, r)
	SHLQ(U8(2), r)
	return r
}

func field(base reg.Register, off int) reg.GPVirtual {
	r := GP64()
	MOVQ(Mem{Base: base, Disp: off}, r)
	return r
}

// columns emits the loops over a row: blocks of the largest width while they fit, then one of each
// smaller power of two.
func columns(widest int, cols reg.GPVirtual, label func(string) string, block func(width int)) {
	Label(label("wide"))
	CMPQ(cols, U8(widest))
	JL(LabelRef(label("narrow")))
	block(widest)
	SUBQ(U8(widest), cols)
	JMP(LabelRef(label("wide")))
	Label(label("narrow"))
	for w := widest / 2; w >= 1; w /= 2 {
		skip := label(fmt.Sprint("skip", w))
		TESTQ(U32(uint32(w)), cols)
		JE(LabelRef(skip))
		block(w)
		Label(skip)
	}
}

func depthwiseForward(s isa, kw, step int) {
	name := fmt.Sprintf("depthwise%dk%ds%d", s.bits, kw, step)
	TEXT(name, NOSPLIT, "func(a *byte)")
	Doc(fmt.Sprintf("%s convolves a padded plane with rows of %d taps, windows %d apart.", name, kw, step))
	Pragma("noescape")
	a := Load(Param("a"), GP64())
	for half := 0; half < 64/s.bytes; half++ {
		off := half * s.bytes
		label := func(l string) string { return fmt.Sprintf("%s%d", l, half) }
		dst, src, rows := field(a, dDst), field(a, dSrc), field(a, dRows)
		dcol, srow := fieldBytes(a, dDstCol), fieldBytes(a, dSrcRow)
		cols, d, p := GP64(), GP64(), GP64()
		Label(label("row"))
		MOVQ(Mem{Base: a, Disp: dCols}, cols)
		MOVQ(dst, d)
		MOVQ(src, p)
		columns(8, cols, label, func(width int) {
			depthwiseBlock(s, a, label(fmt.Sprint("tap", width)), kw, step, width, off, p, d, srow, dcol)
		})
		drow, snext := fieldBytes(a, dDstRow), fieldBytes(a, dSrcNext)
		ADDQ(drow, dst)
		ADDQ(snext, src)
		DECQ(rows)
		JNE(LabelRef(label("row")))
	}
	VZEROUPPER()
	RET()
}

// depthwiseBlock computes width neighbouring outputs.
func depthwiseBlock(s isa, a reg.Register, loop string, kw, step, width, off int, p, d, srow, dcol reg.GPVirtual) {
	// Few outputs leave the multipliers waiting for each other's sums; split them.
	split := min(max(1, 8/width), kw)
	acc := make([][]reg.VecVirtual, width)
	for i := range acc {
		for range split {
			acc[i] = append(acc[i], s.zero())
		}
	}
	q, w, ky := GP64(), field(a, dW), field(a, dKH)
	MOVQ(p, q)
	Label(loop)
	at := func(i int) Mem { return Mem{Base: q, Disp: i*64 + off} }
	if s.bits == 512 {
		var weights []reg.VecVirtual
		for kx := range kw {
			weights = append(weights, s.load(Mem{Base: w, Disp: kx * 64}))
		}
		for j := range (width-1)*step + kw {
			var x reg.VecVirtual
			for kx := range kw {
				if j < kx || (j-kx)%step != 0 || (j-kx)/step >= width {
					continue
				}
				if x == nil {
					x = s.load(at(j))
				}
				VFMADD231PS(x, weights[kx], acc[(j-kx)/step][kx%split])
			}
		}
	} else {
		for kx := range kw {
			t := s.load(Mem{Base: w, Disp: kx*64 + off})
			for i := range width {
				VFMADD231PS(at(i*step+kx), t, acc[i][kx%split])
			}
		}
	}
	ADDQ(srow, q)
	ADDQ(U32(uint32(kw*64)), w)
	DECQ(ky)
	JNE(LabelRef(loop))
	for i := range acc {
		for n := split; n > 1; n = (n + 1) / 2 {
			for j := range n / 2 {
				VADDPS(acc[i][(n+1)/2+j], acc[i][j], acc[i][j])
			}
		}
		VMOVUPS(acc[i][0], Mem{Base: d, Disp: off})
		ADDQ(dcol, d)
	}
	ADDQ(U32(uint32(width*step*64)), p)
}

func depthwiseGrad(s isa, kw, step, rows int) {
	name := fmt.Sprintf("depthwiseGrad%dk%ds%dr%d", s.bits, kw, step, rows)
	TEXT(name, NOSPLIT, "func(a *byte)")
	Doc(fmt.Sprintf("%s adds the gradient of %d rows of %d taps, windows %d apart.", name, rows, kw, step))
	Pragma("noescape")
	a := Load(Param("a"), GP64())
	widest := 4
	if s.bits == 512 {
		widest = 8
	}
	for half := 0; half < 64/s.bytes; half++ {
		off := half * s.bytes
		label := func(l string) string { return fmt.Sprintf("%s%d", l, half) }
		acc := make([][]reg.VecVirtual, rows)
		for r := range acc {
			for range kw {
				acc[r] = append(acc[r], s.zero())
			}
		}
		g, src, n := field(a, gG), field(a, gSrc), field(a, gRows)
		grow, srow, snext := fieldBytes(a, gGRow), fieldBytes(a, gSrcRow), fieldBytes(a, gSrcNext)
		cols, d, p := GP64(), GP64(), GP64()
		Label(label("row"))
		MOVQ(Mem{Base: a, Disp: gCols}, cols)
		MOVQ(g, d)
		MOVQ(src, p)
		columns(widest, cols, label, func(width int) {
			var gs []reg.VecVirtual
			for i := range width {
				gs = append(gs, s.load(Mem{Base: d, Disp: i*64 + off}))
			}
			q := GP64()
			MOVQ(p, q)
			for r := range rows {
				for j := range (width-1)*step + kw {
					var x reg.VecVirtual
					for kx := range kw {
						if j < kx || (j-kx)%step != 0 || (j-kx)/step >= width {
							continue
						}
						if x == nil {
							x = s.load(Mem{Base: q, Disp: j*64 + off})
						}
						VFMADD231PS(x, gs[(j-kx)/step], acc[r][kx])
					}
				}
				if r < rows-1 {
					ADDQ(srow, q)
				}
			}
			ADDQ(U32(uint32(width*64)), d)
			ADDQ(U32(uint32(width*step*64)), p)
		})
		ADDQ(grow, g)
		ADDQ(snext, src)
		DECQ(n)
		JNE(LabelRef(label("row")))
		w := field(a, gW)
		for r := range rows {
			for kx := range kw {
				m := Mem{Base: w, Disp: (r*kw+kx)*64 + off}
				VADDPS(m, acc[r][kx], acc[r][kx])
				VMOVUPS(acc[r][kx], m)
			}
		}
	}
	VZEROUPPER()
	RET()
}
