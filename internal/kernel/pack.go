package kernel

import "unsafe"

// PackB copies the k×n row-major matrix b (row stride ld) into ⌈n/16⌉ column blocks, block j
// holding k rows of 16 columns: dst[(j·k+i)·16+c] = b[i·ld+16j+c]. Columns beyond n become zero.
// len(dst) ≥ ⌈n/16⌉·k·16.
func (p Path) PackB(dst, b []float32, k, n, ld int) {
	reads(unsafe.Pointer(unsafe.SliceData(b)), k, n, ld)
	writeAll(dst[:PackedSize(k, n)])
	for j := 0; j < n; j += Block {
		p.packBlock(dst[j*k:], b[j:], k, min(Block, n-j), ld)
	}
}

// PackBT is PackB of the transpose: b is n×k row-major with row stride ld.
func (p Path) PackBT(dst, b []float32, k, n, ld int) {
	reads(unsafe.Pointer(unsafe.SliceData(b)), n, k, ld)
	writeAll(dst[:PackedSize(k, n)])
	for j := 0; j < n; j += Block {
		p.packBlockT(dst[j*k:], b[j*ld:], k, min(Block, n-j), ld)
	}
}

// PackedSize is the length that PackB and PackBT need.
func PackedSize(k, n int) int { return (n + Block - 1) / Block * Block * k }

// packBlockGo packs one block of cols columns.
func packBlockGo(dst, b []float32, k, cols, ld int) {
	for i := range k {
		row := dst[i*Block:][:Block]
		clear(row[copy(row, b[i*ld:][:cols]):])
	}
}

// packBlockTGo packs one block whose columns are rows of b.
func packBlockTGo(dst, b []float32, k, cols, ld int) {
	if cols < Block {
		clear(dst[:k*Block])
	}
	for c := range cols {
		for i, v := range b[c*ld:][:k] {
			dst[i*Block+c] = v
		}
	}
}
