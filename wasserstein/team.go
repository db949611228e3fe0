package wasserstein

import (
	"runtime"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// team shares the tasks of one computation among up to GOMAXPROCS goroutines. What a task is
// depends on the size of the problem only, and tasks write to different places, so that the number
// of goroutines does not show in the result.
type team struct {
	path kernel.Path
	ws   []kernel.Workspace64 // one per worker
}

func newTeam() *team {
	return &team{path: kernel.Default(), ws: make([]kernel.Workspace64, runtime.GOMAXPROCS(0))}
}

// checkedTeam is newTeam where an error can be returned: of TENDRIL_KERNEL.
func checkedTeam() (*team, error) { return newTeam(), kernel.CheckDefault() }

// run calls task for 0 … n−1, with the number of the worker it runs on, and returns when all are
// done.
func (t *team) run(n int, task func(worker, i int)) { kernel.Share(n, len(t.ws), task) }

// shape of a product: which part of C is wanted and where the operands are known to be zero.
type shape struct {
	upper      bool // only C's upper triangle; blocks on the diagonal are computed whole
	triangular bool // a·bᵀ for upper triangular a and b: terms before the larger of row and column are zero
}

// product adds alpha·op(a)·op(b) to c, block by block.
func (t *team) product(c kernel.Matrix64, alpha float64, a, b kernel.Matrix64, transA, transB bool, s shape) {
	size := 128
	if max(c.Rows, c.Cols) > 1000 {
		size = 240 // a multiple of the tile's height
	}
	down, across := (c.Rows+size-1)/size, (c.Cols+size-1)/size
	inner := a.Cols
	if transA {
		inner = a.Rows
	}
	t.run(down*across, func(worker, task int) {
		i, j := task/across*size, task%across*size
		if s.upper && j+size <= i {
			return
		}
		h, w := min(size, c.Rows-i), min(size, c.Cols-j)
		from := 0
		if s.triangular {
			from = max(i, j)
		}
		part := func(m kernel.Matrix64, trans bool, first, count int) kernel.Matrix64 {
			if trans {
				return m.View(from, first, inner-from, count)
			}
			return m.View(first, from, count, inner-from)
		}
		err := t.path.MatMul64(&t.ws[worker], c.View(i, j, h, w), alpha, part(a, transA, i, h),
			part(b, !transB, j, w), transA, transB)
		if err != nil {
			panic(err) // shapes are this package's own
		}
	})
}
