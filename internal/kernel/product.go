package kernel

import "unsafe"

// product is a matrix product cut into chunks.
//
// Without a transposed A, B is packed as a whole and the chunks are groups of rows, read in place.
// With it the inner dimension is usually the long one (a weight gradient): it is cut into groups
// with a partial result each, which are added in order.
type product struct {
	path           Path
	stage          productStage
	c, a, b        Matrix
	m, n, k        int
	transA, transB bool
	acc            bool

	packed, parts     []float32
	depth             int // steps between two visits of C
	rowsPer, rowParts int
	kPer, kParts      int
}

type productStage uint8

const (
	stagePack productStage = iota
	stageRows
	stageTransposed
	stageAdd
)

const (
	productDepth = 256 // steps whose packed columns stay in the first-level cache
	gradDepth    = 128
	packPer      = 4 // column blocks that a chunk packs
)

// Run does one chunk of the current stage.
func (o *product) Run(chunk int, w *Worker) {
	switch o.stage {
	case stagePack:
		o.pack(chunk)
	case stageRows:
		o.rows(chunk, &w.Tile)
	case stageTransposed:
		o.transposed(chunk, w)
	case stageAdd:
		o.add(chunk)
	}
}

// share runs n chunks of a stage, on the pool if there is one.
func (o *product) share(pool *Pool, ws *Workspace, stage productStage, n int) {
	o.stage = stage
	if pool != nil {
		pool.Run(n, o)
		return
	}
	if ws.worker == nil {
		ws.worker = &Worker{}
	}
	for i := range n {
		o.Run(i, ws.worker)
	}
}

func atLeast(x *[]float32, n int) []float32 {
	if len(*x) < n {
		*x = AlignedFloats(n)
	}
	return (*x)[:n]
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// runRows is the product with A's rows in place.
func (o *product) runRows(pool *Pool, ws *Workspace) {
	o.packed = atLeast(&ws.packed, PackedSize(o.k, o.n))
	o.share(pool, ws, stagePack, ceilDiv(ceilDiv(o.n, Block), packPer))
	o.depth = ceilDiv(o.k, ceilDiv(o.k, productDepth))
	const tall = 14 // the height of the largest tile
	per := min(max((1<<17)/(o.k+o.n), 4*tall), ceilDiv(o.m, 8))
	o.rowsPer = ceilDiv(per, tall) * tall
	o.share(pool, ws, stageRows, ceilDiv(o.m, o.rowsPer))
}

// pack packs some column blocks over the whole inner dimension.
func (o *product) pack(chunk int) {
	j := chunk * packPer * Block
	cols := min(o.n-j, packPer*Block)
	dst := o.packed[j*o.k:]
	if o.transB {
		o.path.PackBT(dst, o.b.Data[j*o.b.Stride:], o.k, cols, o.b.Stride)
	} else {
		o.path.PackB(dst, o.b.Data[j:], o.k, cols, o.b.Stride)
	}
}

// rows computes a group of rows.
func (o *product) rows(chunk int, t *Tile) {
	i := chunk * o.rowsPer
	rows := min(o.rowsPer, o.m-i)
	nb, step := ceilDiv(o.n, Block), o.path.MaxBlocks()
	for k := 0; k < o.k; k += o.depth {
		for j := 0; j < nb; j += step {
			blocks := min(step, nb-j)
			*t = Tile{
				A: PtrAt(o.a.Data, i*o.a.Stride+k), ARow: o.a.Stride, AStep: 1, KIn: min(o.depth, o.k-k),
				KOut: 1,
				B:    PtrAt(o.packed, (j*o.k+k)*Block), BStep: Block, BNext: o.k * Block,
				C: PtrAt(o.c.Data, i*o.c.Stride+j*Block), CRow: o.c.Stride, CNext: Block,
				Cols: min(Block, o.n-(j+blocks-1)*Block), Acc: o.acc || k > 0,
			}
			o.path.Tile(t, rows, blocks)
		}
	}
}

// runTransposed is the product with A's columns as rows.
func (o *product) runTransposed(pool *Pool, ws *Workspace) {
	o.kParts = min(max(o.k/4096, 1), 8)
	o.kPer = ceilDiv(o.k, o.kParts)
	o.kParts = ceilDiv(o.k, o.kPer)
	o.rowsPer = ceilDiv(max(2*Block, ceilDiv(o.m*o.kParts, 8)), Block) * Block
	o.rowParts = ceilDiv(o.m, o.rowsPer)
	if o.kParts > 1 {
		o.parts = atLeast(&ws.parts, o.kParts*o.m*o.n)
	}
	o.share(pool, ws, stageTransposed, o.kParts*o.rowParts)
	if o.kParts > 1 {
		o.share(pool, ws, stageAdd, ceilDiv(o.m, addRows))
	}
}

// transposed adds one group of steps to one group of rows.
func (o *product) transposed(chunk int, w *Worker) {
	g, i := chunk/o.rowParts, chunk%o.rowParts*o.rowsPer
	rows := min(o.rowsPer, o.m-i)
	c, acc := o.c, o.acc
	if o.kParts > 1 {
		c, acc = Matrix{Data: o.parts[g*o.m*o.n:][:o.m*o.n], Rows: o.m, Cols: o.n, Stride: o.n}, false
	}
	// Columns of A are rows of memory far apart: 16 at a time are copied together. B is read in
	// place unless its rows are short of whole blocks.
	direct := !o.transB && o.n%Block == 0
	colsSize := PackedSize(gradDepth, rows)
	scratch := w.Floats(colsSize + PackedSize(gradDepth, o.n))
	end := min((g+1)*o.kPer, o.k)
	for k := g * o.kPer; k < end; k += gradDepth {
		n := min(gradDepth, end-k)
		o.path.PackB(scratch, o.a.Data[k*o.a.Stride+i:], n, rows, o.a.Stride)
		t := Tile{
			ARow: 1, AStep: Block, KIn: n, KOut: 1, CRow: c.Stride, CNext: Block, Acc: acc || k > g*o.kPer,
			B: PtrAt(scratch, colsSize), BStep: Block, BNext: n * Block,
		}
		if direct {
			t.B, t.BStep, t.BNext = PtrAt(o.b.Data, k*o.b.Stride), o.b.Stride, Block
		} else {
			o.packSteps(scratch[colsSize:], k, n)
		}
		o.blocks(&w.Tile, t, c, scratch, i, rows)
	}
}

// blocks multiplies packed columns of A, 16 rows of C at a time.
func (o *product) blocks(t *Tile, base Tile, c Matrix, cols []float32, i, rows int) {
	nb, step := ceilDiv(o.n, Block), o.path.MaxBlocks()
	for r := 0; r < rows; r += Block {
		for j := 0; j < nb; j += step {
			blocks := min(step, nb-j)
			*t = base
			t.A = PtrAt(cols, r*base.KIn)
			t.B = unsafe.Add(base.B, j*base.BNext*4)
			t.C = PtrAt(c.Data, (i+r)*c.Stride+j*Block)
			t.Cols = min(Block, o.n-(j+blocks-1)*Block)
			o.path.Tile(t, min(Block, rows-r), blocks)
		}
	}
}

func (o *product) packSteps(dst []float32, k, n int) {
	if o.transB {
		o.path.PackBT(dst, o.b.Data[k:], n, o.n, o.b.Stride)
	} else {
		o.path.PackB(dst, o.b.Data[k*o.b.Stride:], n, o.n, o.b.Stride)
	}
}

// addRows is the rows of C that a chunk adds up.
const addRows = 16

// add sums the partial results of some rows in order.
func (o *product) add(chunk int) {
	for i := chunk * addRows; i < min((chunk+1)*addRows, o.m); i++ {
		row := o.c.Data[i*o.c.Stride:][:o.n]
		if !o.acc {
			clear(row)
		}
		for g := range o.kParts {
			o.path.Axpy(1, o.parts[(g*o.m+i)*o.n:][:o.n], row)
		}
	}
}
