//go:build !amd64 || noasm || purego

package kernel

import "unsafe"

func (p Path) tile(t *Tile, rows, blocks int) { tileGo(t, rows, blocks) }

func (p Path) stats(x unsafe.Pointer, n int, c *Chan) { statsGo(x, n, c) }

func (p Path) apply(dst, x, r unsafe.Pointer, n int, act Act, c *Chan) {
	applyGo(dst, x, r, n, act, c)
}

func (p Path) sumAct(x unsafe.Pointer, n int, act Act, c *Chan) { sumActGo(x, n, act, c) }

func (p Path) dotAct(d, x unsafe.Pointer, n int, act Act, c *Chan) { dotActGo(d, x, n, act, c) }

func (p Path) gradSums(d, x unsafe.Pointer, n int, act Act, c *Chan) { gradSumsGo(d, x, n, act, c) }

func (p Path) gradApply(dst, d, x unsafe.Pointer, n int, act Act, c *Chan) {
	gradApplyGo(dst, d, x, n, act, c)
}

func (p Path) depthwise(a *Depthwise) { depthwiseGo(a) }

func (p Path) depthwiseGrad(a *DepthwiseGrad) { depthwiseGradGo(a) }

func (p Path) axpy(alpha float32, x, y []float32) { axpyGo(alpha, x, y) }

func (p Path) scale(alpha float32, x []float32) { scaleGo(alpha, x) }

func (p Path) sgd(param, grad, momentum []float32, o *SGD) { sgdGo(param, grad, momentum, o) }

func (p Path) adam(param, grad, m, v []float32, o *Adam) { adamGo(param, grad, m, v, o) }

func (p Path) sumSquares(x []float32) float64 { return sumSquaresGo(x) }

func (p Path) packBlock(dst, b []float32, k, cols, ld int) { packBlockGo(dst, b, k, cols, ld) }

func (p Path) packBlockT(dst, b []float32, k, cols, ld int) { packBlockTGo(dst, b, k, cols, ld) }

func (p Path) maxPool(w *Window) { maxPoolGo(w) }

func (p Path) avgPool(w *Window) { avgPoolGo(w) }

func (p Path) maxPoolGrad(w *Window) { maxPoolGradGo(w) }

func (p Path) avgPoolGrad(w *Window) { avgPoolGradGo(w) }

func (p Path) softmaxMax(s *Softmax) { softmaxMaxGo(s) }

func (p Path) softmaxSums(s *Softmax) { softmaxSumsGo(s) }

func (p Path) softmaxGrad(s *Softmax) { softmaxGradGo(s) }

func (p Path) sigmoid(x []float32) { sigmoidGo(x) }

func (p Path) lstm(gates, row, step, c, h []float32) { lstmGo(gates, row, step, c, h) }
