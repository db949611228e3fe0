package kernel

import (
	"math"
	"unsafe"
)

// SGD is the update of [Path.SGD] with its constants in float32.
type SGD struct {
	LR, Momentum, Decay, GradScale float32
	Nesterov, First                bool
}

// Adam is the update of [Path.Adam]; Rate is LR/(1−Beta1^t) and Root is 1/√(1−Beta2^t), so that p
// −= Rate·m/(√v·Root + Eps). Gain1 and Gain2 are 1−Beta1 and 1−Beta2, rounded once: 1−0.999 in
// float32 is off by 5e-5.
type Adam struct {
	Rate, Root, Beta1, Beta2, Gain1, Gain2, Eps, Decay, GradScale float32
}

func axpyGo(alpha float32, x, y []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}

func scaleGo(alpha float32, x []float32) {
	for i := range x {
		x[i] *= alpha
	}
}

func sgdGo(p, g, m []float32, o *SGD) {
	g = g[:len(p)]
	if m == nil {
		for i := range p {
			p[i] -= o.LR * (o.GradScale*g[i] + o.Decay*p[i])
		}
		return
	}
	m = m[:len(p)]
	for i := range p {
		d := o.GradScale*g[i] + o.Decay*p[i]
		b := d
		if !o.First {
			b = o.Momentum*m[i] + d
		}
		m[i] = b
		if o.Nesterov {
			b = d + o.Momentum*b
		}
		p[i] -= o.LR * b
	}
}

func adamGo(p, g, m, v []float32, o *Adam) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	for i := range p {
		d := o.GradScale*g[i] + o.Decay*p[i]
		m[i] = o.Beta1*m[i] + o.Gain1*d
		v[i] = o.Beta2*v[i] + o.Gain2*d*d
		p[i] -= o.Rate * m[i] / (float32(math.Sqrt(float64(v[i])))*o.Root + o.Eps)
	}
}

func sumSquaresGo(x []float32) float64 {
	var s [4]float64
	for ; len(x) >= 4; x = x[4:] {
		for i := range s {
			v := float64(x[i])
			s[i] += v * v
		}
	}
	for i, v := range x {
		s[i] += float64(v) * float64(v)
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

// readAll and writeAll tell the race detector of whole slices.
func readAll(x []float32) { reads(unsafe.Pointer(unsafe.SliceData(x)), 1, len(x), 0) }

func writeAll(x []float32) { writes(unsafe.Pointer(unsafe.SliceData(x)), 1, len(x), 0) }

// Axpy adds alpha·x to y; both have the same length.
func (p Path) Axpy(alpha float32, x, y []float32) {
	readAll(x)
	writeAll(y)
	p.axpy(alpha, x, y)
}

// Scale multiplies x by alpha.
func (p Path) Scale(alpha float32, x []float32) {
	writeAll(x)
	p.scale(alpha, x)
}

// SumSquares is the sum of squares, accumulated in float64.
func (p Path) SumSquares(x []float32) float64 {
	readAll(x)
	return p.sumSquares(x)
}

// SGD updates param and momentum (nil: none) in place: d = GradScale·grad + Decay·param; m =
// Momentum·m + d, or d when First; param −= LR·m, or LR·(d + Momentum·m) with Nesterov. Equal
// lengths.
func (p Path) SGD(param, grad, momentum []float32, o *SGD) {
	readAll(grad)
	writeAll(param)
	writeAll(momentum)
	p.sgd(param, grad, momentum, o)
}

// Adam updates param and both moments in place. Equal lengths.
func (p Path) Adam(param, grad, m, v []float32, o *Adam) {
	readAll(grad)
	writeAll(param)
	writeAll(m)
	writeAll(v)
	p.adam(param, grad, m, v, o)
}
