package kernel

import "unsafe"

// Window describes pooling in one plane over the windows of some neighbouring outputs: the window
// of output i is KH rows of KW vectors of 16, InRow floats apart, the first one i·InCol floats past
// In. Windows may overlap.
type Window struct {
	Out          unsafe.Pointer // outputs, or their gradient
	In           unsafe.Pointer // inputs; for AvgPoolGrad the same as Grad
	Grad         unsafe.Pointer // gradient of the inputs, laid out like them
	InCol, InRow int
	Cols         int // outputs
	KW, KH       int
	Scale        float32 // of averages
	_            float32
}

// at is input (ky, kx) of window i.
func (w *Window) at(p unsafe.Pointer, i, ky, kx int) *Vec {
	return (*Vec)(unsafe.Add(p, (i*w.InCol+ky*w.InRow+kx*Block)*4))
}

// each calls f with every place of window i, in row order.
func (w *Window) each(i int, f func(ky, kx int)) {
	for ky := range w.KH {
		for kx := range w.KW {
			f(ky, kx)
		}
	}
}

// largest is the largest values of window i. Of a NaN and a number that follows, the number counts.
func (w *Window) largest(i int) Vec {
	best := *w.at(w.In, i, 0, 0)
	w.each(i, func(ky, kx int) {
		for l, v := range w.at(w.In, i, ky, kx) {
			if !(best[l] > v) {
				best[l] = v
			}
		}
	})
	return best
}

func maxPoolGo(w *Window) {
	for i := range w.Cols {
		*row(w.Out, i) = w.largest(i)
	}
}

func maxPoolGradGo(w *Window) {
	for i := range w.Cols {
		best, d := w.largest(i), row(w.Out, i)
		var found [Block]bool
		w.each(i, func(ky, kx int) {
			x, g := w.at(w.In, i, ky, kx), w.at(w.Grad, i, ky, kx)
			for l := range Block {
				if !found[l] && x[l] == best[l] {
					found[l] = true
					g[l] += d[l]
				}
			}
		})
	}
}

func avgPoolGo(w *Window) {
	for i := range w.Cols {
		var sum Vec
		w.each(i, func(ky, kx int) {
			for l, v := range w.at(w.In, i, ky, kx) {
				sum[l] += v
			}
		})
		for l := range sum {
			sum[l] *= w.Scale
		}
		*row(w.Out, i) = sum
	}
}

func avgPoolGradGo(w *Window) {
	for i := range w.Cols {
		d := *row(w.Out, i)
		for l := range d {
			d[l] *= w.Scale
		}
		w.each(i, func(ky, kx int) {
			g := w.at(w.Grad, i, ky, kx)
			for l, v := range d {
				g[l] += v
			}
		})
	}
}

// MaxPool writes the largest value of each window. Windows are not empty.
func (p Path) MaxPool(w *Window) {
	w.watch(true, false)
	p.maxPool(w)
}

// MaxPoolGrad adds each output's gradient to the gradient of the first of the largest values of its
// window, in row order.
func (p Path) MaxPoolGrad(w *Window) {
	w.watch(true, true)
	p.maxPoolGrad(w)
}

// AvgPool writes the sum of each window times Scale.
func (p Path) AvgPool(w *Window) {
	w.watch(true, false)
	p.avgPool(w)
}

// AvgPoolGrad adds each output's gradient times Scale to all of its window.
func (p Path) AvgPoolGrad(w *Window) {
	w.watch(false, true)
	p.avgPoolGrad(w)
}
