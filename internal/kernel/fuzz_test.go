package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// FuzzTile compares the tile kernels with the plain one on any geometry that fits its operands:
// padded and transposed rows, runs with gaps, both column blocks.
func FuzzTile(f *testing.F) {
	f.Add(uint64(1), uint8(14), uint8(2), uint8(16), uint8(16), uint8(3), uint8(5), false, false)
	f.Add(uint64(2), uint8(1), uint8(1), uint8(1), uint8(0), uint8(0), uint8(1), true, true)
	f.Add(uint64(3), uint8(31), uint8(2), uint8(7), uint8(9), uint8(2), uint8(0), true, false)
	f.Fuzz(func(t *testing.T, seed uint64, rows, blocks, cols, kin, kout, ktail uint8, trans, acc bool) {
		r := rand.New(rand.NewPCG(seed, 1))
		n, b := int(rows)%40+1, int(blocks)%2+1
		in, out, tail := int(kin)%40, int(kout)%5, int(ktail)%20
		if in == 0 {
			out = 0
		}
		k := in*out + tail
		tl := Tile{ARow: k + r.IntN(5), AStep: 1, AJump: in + r.IntN(3), KIn: in, KOut: out, KTail: tail, BStep: Block + r.IntN(3), Cols: int(cols)%Block + 1, Acc: acc}
		tl.ARow += out * 3
		span := (n-1)*tl.ARow + out*tl.AJump + max(in, tail) + 1
		if trans {
			tl.ARow, tl.AStep = 1, n+r.IntN(3)
			tl.AJump = in*tl.AStep + r.IntN(9)
			span = n + out*tl.AJump + max(in, tail)*tl.AStep + 1
		}
		tl.BNext = max(k, 1)*tl.BStep + r.IntN(7)
		tl.CRow, tl.CNext = 2*Block+r.IntN(5), Block
		a, bm := newGuarded(r, span, r.IntN(5)), newGuarded(r, 2*tl.BNext+Block, r.IntN(5))
		for _, p := range Available() {
			if b > p.MaxBlocks() {
				continue
			}
			got := newGuarded(r, n*tl.CRow, r.IntN(5))
			want := newGuarded(r, n*tl.CRow, 0)
			copy(want.x, got.x)
			x, y := tl, tl
			x.A, x.B, x.C = a.ptr(), bm.ptr(), got.ptr()
			y.A, y.B, y.C = a.ptr(), bm.ptr(), want.ptr()
			p.Tile(&x, n, b)
			tileGo(&y, n, b)
			near(t, p.String(), got.x, want.x, 2e-6*math.Sqrt(float64(k+1))*8)
			if !got.intact() || !a.intact() || !bm.intact() {
				t.Fatal("write outside")
			}
		}
	})
}

// FuzzChannels compares all channel kernels on any length and alignment.
func FuzzChannels(f *testing.F) {
	f.Add(uint64(1), uint16(5), uint8(0), uint8(3))
	f.Add(uint64(2), uint16(257), uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, off, act uint8) {
		for _, p := range Available() {
			checkChannels(t, p, Act(act)%(Tanh+1), int(n)%300, int(off)%16, rand.New(rand.NewPCG(seed, 2)))
		}
	})
}

// FuzzDepthwise compares both depthwise kernels on any form.
func FuzzDepthwise(f *testing.F) {
	f.Add(uint8(7), uint8(7), uint8(1), uint8(13), uint8(3))
	f.Add(uint8(3), uint8(5), uint8(2), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, kh, kw, step, cols, rows uint8) {
		for _, p := range Available() {
			checkDepthwise(t, p, int(kh)%8+1, int(kw)%8+1, int(step)%3+1, int(cols)%40+1, int(rows)%6+1)
		}
	})
}

// FuzzMatMul compares the row-major product with sums in float64.
func FuzzMatMul(f *testing.F) {
	f.Add(uint64(1), uint8(17), uint8(33), uint16(400), uint8(5))
	f.Fuzz(func(t *testing.T, seed uint64, m, n uint8, k uint16, mode uint8) {
		for _, p := range Available() {
			checkMatMul(t, p, rand.New(rand.NewPCG(seed, 3)), int(m)%64+1, int(n)%64+1, int(k)%500, mode&1 != 0, mode&2 != 0, mode&4 != 0)
		}
	})
}
