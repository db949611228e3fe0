//go:build amd64 && !noasm && !purego

package kernel

func (p Path) sigmoid(x []float32) {
	n, k := p.vectors(len(x))
	switch {
	case n == 0:
	case p == AVX512:
		sigmoid512(bytePtr(x), n)
	default:
		sigmoid256(bytePtr(x), n)
	}
	sigmoidGo(x[k:])
}

// lstm is one row; the units are whole vectors.
func (p Path) lstm(gates, row, step, c, h []float32) {
	n, _ := p.vectors(len(c))
	switch {
	case n == 0:
		lstmGo(gates, row, step, c, h)
	case p == AVX512:
		lstm512(bytePtr(gates), bytePtr(row), bytePtr(step), bytePtr(c), bytePtr(h), n, 4*len(c))
	default:
		lstm256(bytePtr(gates), bytePtr(row), bytePtr(step), bytePtr(c), bytePtr(h), n, 4*len(c))
	}
}
