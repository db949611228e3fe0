//go:build amd64 && !noasm && !purego

package kernel

import "unsafe"

// planeFunc streams over n rows; see the methods of Path for the operands.
type planeFunc = func(dst, d, x *byte, n int, c *byte)

// planeTable is one kernel for each activation up to Sigmoid; Tanh runs in plain Go.
type planeTable [Sigmoid + 1]planeFunc

// Indexed by path − AVX2.
var (
	statsTable = [2]planeFunc{stats256, stats512}
	applyTable = [2]planeTable{
		{
			applyNone256, applyReLU256, applyReLU6256, applyHSwish256, applyHSigmoid256,
			applySwish256, applySigmoid256,
		},
		{
			applyNone512, applyReLU512, applyReLU6512, applyHSwish512, applyHSigmoid512,
			applySwish512, applySigmoid512,
		},
	}
	applyAddTable = [2]planeTable{
		{
			applyAddNone256, applyAddReLU256, applyAddReLU6256, applyAddHSwish256, applyAddHSigmoid256,
			applyAddSwish256, applyAddSigmoid256,
		},
		{
			applyAddNone512, applyAddReLU512, applyAddReLU6512, applyAddHSwish512, applyAddHSigmoid512,
			applyAddSwish512, applyAddSigmoid512,
		},
	}
	sumActTable = [2]planeTable{
		{
			sumActNone256, sumActReLU256, sumActReLU6256, sumActHSwish256, sumActHSigmoid256,
			sumActSwish256, sumActSigmoid256,
		},
		{
			sumActNone512, sumActReLU512, sumActReLU6512, sumActHSwish512, sumActHSigmoid512,
			sumActSwish512, sumActSigmoid512,
		},
	}
	dotActTable = [2]planeTable{
		{
			dotActNone256, dotActReLU256, dotActReLU6256, dotActHSwish256, dotActHSigmoid256,
			dotActSwish256, dotActSigmoid256,
		},
		{
			dotActNone512, dotActReLU512, dotActReLU6512, dotActHSwish512, dotActHSigmoid512,
			dotActSwish512, dotActSigmoid512,
		},
	}
	gradSumsTable = [2]planeTable{
		{
			gradSumsNone256, gradSumsReLU256, gradSumsReLU6256, gradSumsHSwish256, gradSumsHSigmoid256,
			gradSumsSwish256, gradSumsSigmoid256,
		},
		{
			gradSumsNone512, gradSumsReLU512, gradSumsReLU6512, gradSumsHSwish512, gradSumsHSigmoid512,
			gradSumsSwish512, gradSumsSigmoid512,
		},
	}
	gradApplyTable = [2]planeTable{
		{
			gradApplyNone256, gradApplyReLU256, gradApplyReLU6256, gradApplyHSwish256, gradApplyHSigmoid256,
			gradApplySwish256, gradApplySigmoid256,
		},
		{
			gradApplyNone512, gradApplyReLU512, gradApplyReLU6512, gradApplyHSwish512, gradApplyHSigmoid512,
			gradApplySwish512, gradApplySigmoid512,
		},
	}
)

func call(f planeFunc, dst, d, x unsafe.Pointer, n int, c *Chan) {
	if n > 0 {
		f((*byte)(dst), (*byte)(d), (*byte)(x), n, (*byte)(unsafe.Pointer(c)))
	}
}

// vector reports whether the path has assembly for the activation.
func (p Path) vector(act Act) bool { return p != Go && act <= Sigmoid }

func (p Path) stats(x unsafe.Pointer, n int, c *Chan) {
	if p == Go || n == 0 {
		statsGo(x, n, c)
		return
	}
	call(statsTable[p-AVX2], nil, nil, x, n, c)
}

func (p Path) apply(dst, x, r unsafe.Pointer, n int, act Act, c *Chan) {
	switch {
	case !p.vector(act):
		applyGo(dst, x, r, n, act, c)
	case r == nil:
		call(applyTable[p-AVX2][act], dst, nil, x, n, c)
	default:
		call(applyAddTable[p-AVX2][act], dst, r, x, n, c)
	}
}

func (p Path) sumAct(x unsafe.Pointer, n int, act Act, c *Chan) {
	if !p.vector(act) || n == 0 {
		sumActGo(x, n, act, c)
		return
	}
	call(sumActTable[p-AVX2][act], nil, nil, x, n, c)
}

func (p Path) dotAct(d, x unsafe.Pointer, n int, act Act, c *Chan) {
	if !p.vector(act) || n == 0 {
		dotActGo(d, x, n, act, c)
		return
	}
	call(dotActTable[p-AVX2][act], nil, d, x, n, c)
}

func (p Path) gradSums(d, x unsafe.Pointer, n int, act Act, c *Chan) {
	if !p.vector(act) || n == 0 {
		gradSumsGo(d, x, n, act, c)
		return
	}
	call(gradSumsTable[p-AVX2][act], nil, d, x, n, c)
}

func (p Path) gradApply(dst, d, x unsafe.Pointer, n int, act Act, c *Chan) {
	if !p.vector(act) {
		gradApplyGo(dst, d, x, n, act, c)
		return
	}
	call(gradApplyTable[p-AVX2][act], dst, d, x, n, c)
}
