//go:build amd64 && !noasm && !purego

package kernel

import "unsafe"

// Forward kernels by window distance − 1 and kernel width, [0] AVX2, [1] AVX-512.
var depthwiseTable = [2][2][8]func(*byte){
	{
		{1: depthwise256k1s1, 2: depthwise256k2s1, 3: depthwise256k3s1, 4: depthwise256k4s1, 5: depthwise256k5s1, 7: depthwise256k7s1},
		{3: depthwise256k3s2, 5: depthwise256k5s2, 7: depthwise256k7s2},
	},
	{
		{1: depthwise512k1s1, 2: depthwise512k2s1, 3: depthwise512k3s1, 4: depthwise512k4s1, 5: depthwise512k5s1, 7: depthwise512k7s1},
		{3: depthwise512k3s2, 5: depthwise512k5s2, 7: depthwise512k7s2},
	},
}

// gradTable is the weight gradient by window distance − 1, kernel width and kernel rows of one
// pass.
var gradTable = [2][2][8][4]func(*byte){
	{
		{3: {3: depthwiseGrad256k3s1r3}, 5: {2: depthwiseGrad256k5s1r2, 1: depthwiseGrad256k5s1r1}, 7: {1: depthwiseGrad256k7s1r1}},
		{3: {3: depthwiseGrad256k3s2r3}, 5: {2: depthwiseGrad256k5s2r2, 1: depthwiseGrad256k5s2r1}, 7: {1: depthwiseGrad256k7s2r1}},
	},
	{
		{3: {3: depthwiseGrad512k3s1r3}, 5: {3: depthwiseGrad512k5s1r3, 2: depthwiseGrad512k5s1r2}, 7: {3: depthwiseGrad512k7s1r3, 2: depthwiseGrad512k7s1r2}},
		{3: {3: depthwiseGrad512k3s2r3}, 5: {3: depthwiseGrad512k5s2r3, 2: depthwiseGrad512k5s2r2}, 7: {3: depthwiseGrad512k7s2r3, 2: depthwiseGrad512k7s2r2}},
	},
}

// gradRows is how the rows of a square kernel are shared out over passes.
var gradRows = [2][8][]int{
	{3: {3}, 5: {2, 2, 1}, 7: {1, 1, 1, 1, 1, 1, 1}},
	{3: {3}, 5: {3, 2}, 7: {3, 2, 2}},
}

func (p Path) depthwise(a *Depthwise) {
	if a.Rows <= 0 || a.Cols <= 0 {
		return
	}
	if f := p.depthwiseFunc(a); f != nil {
		f((*byte)(unsafe.Pointer(a)))
		return
	}
	depthwiseGo(a)
}

// depthwiseFunc is nil where there is no assembly for the form.
func (p Path) depthwiseFunc(a *Depthwise) func(*byte) {
	step := a.SrcCol / Block
	if p == Go || step < 1 || step > 2 || a.SrcCol%Block != 0 || a.KW > 7 || a.KH < 1 {
		return nil
	}
	return depthwiseTable[p-AVX2][step-1][a.KW]
}

func (p Path) depthwiseGrad(a *DepthwiseGrad) {
	step := a.SrcCol / Block
	if p == Go || a.Rows <= 0 || a.Cols <= 0 || a.KW != a.KH || a.KW > 7 || step < 1 || step > 2 || gradRows[p-AVX2][a.KW] == nil {
		depthwiseGradGo(a)
		return
	}
	table := &gradTable[p-AVX2][step-1][a.KW]
	whole := *a
	k0 := 0
	for _, rows := range gradRows[p-AVX2][a.KW] {
		y0, y1 := whole.rows(k0, k0+rows)
		if y0 < y1 {
			a.G, a.Rows = unsafe.Add(whole.G, y0*whole.GRow*4), y1-y0
			a.Src, a.W = unsafe.Add(whole.Src, (y0*whole.SrcNext+k0*whole.SrcRow)*4), unsafe.Add(whole.W, k0*whole.KW*Block*4)
			table[rows]((*byte)(unsafe.Pointer(a)))
		}
		k0 += rows
	}
	*a = whole
}
