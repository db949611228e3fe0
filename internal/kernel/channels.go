package kernel

import (
	"math"
	"unsafe"
)

// Act is the activation that a channel kernel applies.
type Act uint8

// The activations, numbered as in package tensor.
const (
	None Act = iota
	ReLU
	ReLU6
	HSwish
	HSigmoid
	Swish
	Sigmoid
	Tanh
)

// Vec is one value per channel of a plane.
type Vec [Block]float32

// Chan holds the per-channel parameters and results of the kernels that stream over one plane. A
// kernel reads only the fields that its comment names. With z = x·Scale + Shift the forward value
// is act(z)·Mul and the masked gradient is g = (d·Mul + Add)·act'(z).
type Chan struct {
	Scale, Shift Vec
	Mul, Add     Vec
	A, B, C      Vec
	Mean         Vec
	Sum, Sum2    Vec // results

	// Runs and Skip serve Apply and GradApply: the n rows are repeated Runs times and Skip bytes
	// are left out in dst after each run, so that an image is written into the middle of a padded
	// frame. Operands are contiguous.
	Runs, Skip int
}

// Identity resets the parameters to "no change": Scale, Mul and A are 1, one run, the others 0.
func (c *Chan) Identity() {
	*c = Chan{Runs: 1}
	c.Scale = Vec{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	c.Mul, c.A = c.Scale, c.Scale
}

func row(p unsafe.Pointer, i int) *Vec { return (*Vec)(unsafe.Add(p, i*(Block*4))) }

// target is row i of dst when runs are n rows long.
func (c *Chan) target(dst unsafe.Pointer, i, n int) *Vec {
	return (*Vec)(unsafe.Add(dst, i*(Block*4)+i/n*c.Skip))
}

// statsGo sums in float64: the variance of few, far-off numbers suffers most from rounding.
func statsGo(x unsafe.Pointer, n int, c *Chan) {
	var s, q [Block]float64
	for i := range n {
		v := row(x, i)
		for l := range Block {
			d := float64(v[l]) - float64(c.Mean[l])
			s[l] += d
			q[l] += d * d
		}
	}
	for l := range Block {
		c.Sum[l], c.Sum2[l] = float32(s[l]), float32(q[l])
	}
}

func applyGo(dst, x, r unsafe.Pointer, n int, act Act, c *Chan) {
	for i := range n * c.Runs {
		v, d := row(x, i), c.target(dst, i, n)
		for l := range Block {
			y := act.apply(v[l]*c.Scale[l]+c.Shift[l]) * c.Mul[l]
			if r != nil {
				y += row(r, i)[l]
			}
			d[l] = y
		}
	}
}

func sumActGo(x unsafe.Pointer, n int, act Act, c *Chan) {
	var s Vec
	for i := range n {
		v := row(x, i)
		for l := range Block {
			s[l] += act.apply(v[l]*c.Scale[l] + c.Shift[l])
		}
	}
	c.Sum = s
}

func dotActGo(d, x unsafe.Pointer, n int, act Act, c *Chan) {
	var s Vec
	for i := range n {
		v, g := row(x, i), row(d, i)
		for l := range Block {
			s[l] += g[l] * act.apply(v[l]*c.Scale[l]+c.Shift[l])
		}
	}
	c.Sum = s
}

func gradSumsGo(d, x unsafe.Pointer, n int, act Act, c *Chan) {
	var s, q Vec
	for i := range n {
		v, g := row(x, i), row(d, i)
		for l := range Block {
			m := (g[l]*c.Mul[l] + c.Add[l]) * act.slope(v[l]*c.Scale[l]+c.Shift[l])
			s[l] += m
			q[l] += m * (v[l] - c.Mean[l])
		}
	}
	c.Sum, c.Sum2 = s, q
}

func gradApplyGo(dst, d, x unsafe.Pointer, n int, act Act, c *Chan) {
	for i := range n * c.Runs {
		v, g, o := row(x, i), row(d, i), c.target(dst, i, n)
		for l := range Block {
			m := (g[l]*c.Mul[l] + c.Add[l]) * act.slope(v[l]*c.Scale[l]+c.Shift[l])
			o[l] = c.A[l]*m + (c.B[l]*(v[l]-c.Mean[l]) + c.C[l])
		}
	}
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

func (a Act) apply(x float32) float32 {
	switch a {
	case ReLU:
		return max(x, 0)
	case ReLU6:
		return min(max(x, 0), 6)
	case HSwish:
		return x * (min(max(x+3, 0), 6) * (1.0 / 6))
	case HSigmoid:
		return min(max(x+3, 0), 6) * (1.0 / 6)
	case Swish:
		return x * sigmoid(x)
	case Sigmoid:
		return sigmoid(x)
	case Tanh:
		return float32(math.Tanh(float64(x)))
	}
	return x
}

// slope is the derivative; at the kinks it is the one that automatic differentiation of the
// composed function gives.
func (a Act) slope(x float32) float32 {
	switch a {
	case ReLU:
		if x > 0 {
			return 1
		}
		return 0
	case ReLU6:
		if x > 0 && x < 6 {
			return 1
		}
		return 0
	case HSwish:
		h := min(max(x+3, 0), 6) * (1.0 / 6)
		if x > -3 && x < 3 {
			h += x * (1.0 / 6)
		}
		return h
	case HSigmoid:
		if x > -3 && x < 3 {
			return 1.0 / 6
		}
		return 0
	case Swish:
		s := sigmoid(x)
		return s * (1 + x*(1-s))
	case Sigmoid:
		s := sigmoid(x)
		return s * (1 - s)
	case Tanh:
		t := float32(math.Tanh(float64(x)))
		return 1 - t*t
	}
	return 1
}

// Stats sums over n rows of a plane: Sum = Σ(x−Mean), Sum2 = Σ(x−Mean)². A Mean near the true one
// keeps the second sum free of cancellation.
func (p Path) Stats(x unsafe.Pointer, n int, c *Chan) {
	reads(x, 1, n*Block, 0)
	p.stats(x, n, c)
}

// Apply writes dst = act(x·Scale+Shift)·Mul for n rows, plus r unless r is nil. dst may be x or r.
// See Runs and Skip of Chan.
func (p Path) Apply(dst, x, r unsafe.Pointer, n int, act Act, c *Chan) {
	reads(x, c.Runs, n*Block, n*Block)
	reads(r, c.Runs, n*Block, n*Block)
	writes(dst, c.Runs, n*Block, n*Block+c.Skip/4)
	p.apply(dst, x, r, n, act, c)
}

// SumAct sums the activated values: Sum = Σ act(x·Scale+Shift).
func (p Path) SumAct(x unsafe.Pointer, n int, act Act, c *Chan) {
	reads(x, 1, n*Block, 0)
	p.sumAct(x, n, act, c)
}

// DotAct is Sum = Σ d·act(x·Scale+Shift).
func (p Path) DotAct(d, x unsafe.Pointer, n int, act Act, c *Chan) {
	reads(d, 1, n*Block, 0)
	reads(x, 1, n*Block, 0)
	p.dotAct(d, x, n, act, c)
}

// GradSums is Sum = Σg and Sum2 = Σg·(x−Mean) of the masked gradient g.
func (p Path) GradSums(d, x unsafe.Pointer, n int, act Act, c *Chan) {
	reads(d, 1, n*Block, 0)
	reads(x, 1, n*Block, 0)
	p.gradSums(d, x, n, act, c)
}

// GradApply writes dst = A·g + B·(x−Mean) + C. dst may be d or x. See Runs and Skip of Chan.
func (p Path) GradApply(dst, d, x unsafe.Pointer, n int, act Act, c *Chan) {
	reads(d, c.Runs, n*Block, n*Block)
	reads(x, c.Runs, n*Block, n*Block)
	writes(dst, c.Runs, n*Block, n*Block+c.Skip/4)
	p.gradApply(dst, d, x, n, act, c)
}
