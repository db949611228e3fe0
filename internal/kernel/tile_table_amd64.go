//go:build amd64 && !noasm && !purego

package kernel

import "unsafe"

// tiles512[v-1][r-1] does r rows by v blocks.
var tiles512 = [2][14]func(*byte){
	{
		tile512x1x1, tile512x2x1, tile512x3x1, tile512x4x1, tile512x5x1, tile512x6x1, tile512x7x1,
		tile512x8x1, tile512x9x1, tile512x10x1, tile512x11x1, tile512x12x1, tile512x13x1, tile512x14x1,
	},
	{
		tile512x1x2, tile512x2x2, tile512x3x2, tile512x4x2, tile512x5x2, tile512x6x2, tile512x7x2,
		tile512x8x2, tile512x9x2, tile512x10x2, tile512x11x2, tile512x12x2, tile512x13x2, tile512x14x2,
	},
}

var tiles256 = [6]func(*byte){tile256x1, tile256x2, tile256x3, tile256x4, tile256x5, tile256x6}

// tile cuts the rows into tiles of nearly equal height, so that at most two kernels of neighbouring
// heights run.
func (p Path) tile(t *Tile, rows, blocks int) {
	var table []func(*byte)
	switch p {
	case AVX512:
		table = tiles512[blocks-1][:]
	case AVX2:
		table = tiles256[:]
	default:
		tileGo(t, rows, blocks)
		return
	}
	t.mask, t.a, t.c = 1<<t.Cols-1, uintptr(t.A), uintptr(t.C)
	n := (rows + len(table) - 1) / len(table)
	height, taller := rows/n, rows%n
	arg := (*byte)(unsafe.Pointer(t))
	if taller > 0 {
		t.tiles = taller
		table[height](arg)
	}
	if n > taller {
		t.tiles = n - taller
		table[height-1](arg)
	}
}
