//go:build amd64 && !noasm && !purego

package kernel

import "unsafe"

// lanes is the floats of one vector of the path.
func (p Path) lanes() int {
	if p == AVX512 {
		return 16
	}
	return 8
}

func bytePtr(x []float32) *byte { return (*byte)(unsafe.Pointer(unsafe.SliceData(x))) }

// vectors splits a length into whole vectors and the elements that they cover; 0 where there is no
// assembly.
func (p Path) vectors(n int) (vecs, covered int) {
	if p == Go {
		return 0, 0
	}
	vecs = n / p.lanes()
	return vecs, vecs * p.lanes()
}

func (p Path) axpy(alpha float32, x, y []float32) {
	n, k := p.vectors(len(x))
	switch {
	case n == 0:
	case p == AVX512:
		axpy512(bytePtr(x), bytePtr(y[:k]), n, &alpha)
	default:
		axpy256(bytePtr(x), bytePtr(y[:k]), n, &alpha)
	}
	axpyGo(alpha, x[k:], y[k:len(x)])
}

func (p Path) scale(alpha float32, x []float32) {
	n, k := p.vectors(len(x))
	switch {
	case n == 0:
	case p == AVX512:
		scale512(bytePtr(x), n, &alpha)
	default:
		scale256(bytePtr(x), n, &alpha)
	}
	scaleGo(alpha, x[k:])
}

// sgd runs the assembly for the steady case: a momentum that already holds one.
func (p Path) sgd(param, grad, m []float32, o *SGD) {
	n, k := p.vectors(len(param))
	if n == 0 || m == nil || o.First {
		sgdGo(param, grad, m, o)
		return
	}
	c := [5]float32{o.GradScale, o.Decay, o.Momentum, o.LR, 0}
	if o.Nesterov {
		c[3], c[4] = o.LR*o.Momentum, o.LR
	}
	if p == AVX512 {
		sgd512(bytePtr(param), bytePtr(grad[:k]), bytePtr(m[:k]), n, &c[0])
	} else {
		sgd256(bytePtr(param), bytePtr(grad[:k]), bytePtr(m[:k]), n, &c[0])
	}
	sgdGo(param[k:], grad[k:], m[k:], o)
}

func (p Path) adam(param, grad, m, v []float32, o *Adam) {
	n, k := p.vectors(len(param))
	if n > 0 {
		c := [9]float32{o.GradScale, o.Decay, o.Beta1, o.Gain1, o.Beta2, o.Gain2, o.Rate, o.Root, o.Eps}
		if p == AVX512 {
			adam512(bytePtr(param), bytePtr(grad[:k]), bytePtr(m[:k]), bytePtr(v[:k]), n, &c[0])
		} else {
			adam256(bytePtr(param), bytePtr(grad[:k]), bytePtr(m[:k]), bytePtr(v[:k]), n, &c[0])
		}
	}
	adamGo(param[k:], grad[k:], m[k:], v[k:], o)
}

func (p Path) sumSquares(x []float32) float64 {
	n, k := p.vectors(len(x))
	var lanes [8]float64
	switch {
	case n == 0:
	case p == AVX512:
		squares512(bytePtr(x), n, &lanes[0])
	default:
		squares256(bytePtr(x), n, &lanes[0])
	}
	sum := sumSquaresGo(x[k:])
	for _, v := range lanes {
		sum += v
	}
	return sum
}

func (p Path) packBlock(dst, b []float32, k, cols, ld int) {
	if p == Go || k == 0 || cols < Block {
		packBlockGo(dst, b, k, cols, ld)
		return
	}
	_, _ = dst[k*Block-1], b[(k-1)*ld+Block-1]
	packRows(bytePtr(dst), bytePtr(b), k, ld*4)
}

func (p Path) packBlockT(dst, b []float32, k, cols, ld int) {
	if p == Go || k < 8 {
		packBlockTGo(dst, b, k, cols, ld)
		return
	}
	_, _ = dst[k*Block-1], b[(cols-1)*ld+k-1]
	if cols < Block {
		clear(dst[:k*Block])
	}
	whole := cols &^ 7
	for c := 0; c < whole; c += 8 {
		packColumns(bytePtr(dst[c:]), bytePtr(b[c*ld:]), k/8, ld*4)
	}
	for c := range cols {
		from := 0
		if c < whole {
			from = k &^ 7
		}
		for i := from; i < k; i++ {
			dst[i*Block+c] = b[c*ld+i]
		}
	}
}
