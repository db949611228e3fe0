package kernel

// PackB copies the k×n row-major matrix b (row stride ld) into ⌈n/16⌉ column
// blocks, block j holding k rows of 16 columns: dst[(j·k+i)·16+c] =
// b[i·ld+16j+c]. Columns beyond n become zero. len(dst) ≥ ⌈n/16⌉·k·16.
func PackB(dst, b []float32, k, n, ld int) {
	for j := 0; j < n; j += Block {
		d := dst[j*k:]
		if n-j >= Block {
			for i := range k {
				*(*[Block]float32)(d[i*Block:]) = *(*[Block]float32)(b[i*ld+j:])
			}
			continue
		}
		for i := range k {
			row := d[i*Block : i*Block+Block]
			clear(row[copy(row, b[i*ld+j:i*ld+n]):])
		}
	}
}

// PackBT is PackB of the transpose: b is n×k row-major with row stride ld.
func PackBT(dst, b []float32, k, n, ld int) {
	for j := 0; j < n; j += Block {
		d := dst[j*k:]
		cols := min(Block, n-j)
		if cols < Block {
			clear(d[:k*Block])
		}
		for c := range cols {
			row := b[(j+c)*ld : (j+c)*ld+k]
			for i, v := range row {
				d[i*Block+c] = v
			}
		}
	}
}

// PackedSize is the length that PackB and PackBT need.
func PackedSize(k, n int) int { return (n + Block - 1) / Block * Block * k }
