//go:build amd64 && !noasm && !purego

package kernel

func (p Path) axpy(alpha float32, x, y []float32) { axpyGo(alpha, x, y) }

func (p Path) scale(alpha float32, x []float32) { scaleGo(alpha, x) }

func (p Path) sgd(param, grad, momentum []float32, o *SGD) { sgdGo(param, grad, momentum, o) }

func (p Path) adam(param, grad, m, v []float32, o *Adam) { adamGo(param, grad, m, v, o) }
