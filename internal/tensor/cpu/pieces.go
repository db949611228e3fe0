package cpu

import "iter"

// piece is neighbouring channels that lie in one plane.
type piece struct {
	plane, lane, n int
	off            int // of the first one, from the first of all pieces
	// cols is n or, where no channel of the tensor follows, the lanes that are left in the plane:
	// those are zeros.
	cols int
}

// pieceAt is the piece that begins off channels behind the first of channels [first, first+n) of a
// tensor of c channels.
func pieceAt(first, off, n, c int) piece {
	at := first + off
	p := piece{plane: at / block, lane: at % block, off: off}
	p.n = min(block-p.lane, n-off)
	p.cols = p.n
	if at+p.n == c {
		p.cols = block - p.lane
	}
	return p
}

// pieces cuts channels [first, first+n) of a tensor of c channels at the borders of planes.
func pieces(first, n, c int) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		for off := 0; off < n; {
			p := pieceAt(first, off, n, c)
			if !yield(p) {
				return
			}
			off += p.n
		}
	}
}

// mostPieces is a bound on the pieces of n channels, wherever they begin.
func mostPieces(n int) int {
	if n%block == 0 {
		return n/block + 1
	}
	return n/block + 2
}
