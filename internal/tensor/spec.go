package tensor

// ConvSpec says how a convolution runs; kernel size and channels come from the weight view. Input
// channels are Weight.In·Groups; a depthwise convolution has Groups = C, Weight.In = 1 and
// Weight.Out = C.
type ConvSpec struct {
	Stride int // both directions, at least 1
	Pad    int // zeros on every side
	// PadExtra is the zeros after the last row and column beyond Pad. Padding "same" of a strided
	// convolution may have one more there than before the first.
	PadExtra int
	Groups   int // at least 1
	// WantStats says that a batch normalisation with batch statistics reads the output next: sums
	// per channel may be collected on the way.
	WantStats bool
	// Constant says that the weight is read often between two changes, as when a trained network
	// answers: a device may keep a copy of it in the order that its kernels read. Results have the
	// same bits.
	Constant bool
}

// Depthwise reports whether the convolution treats every channel alone.
func (s ConvSpec) Depthwise(w Weight) bool { return s.Groups > 1 && w.In == 1 && w.Out == s.Groups }

// Out is the output shape for input x.
func (s ConvSpec) Out(x Shape, w Weight) Shape {
	return Shape{N: x.N, H: OutExtent(x.H+s.PadExtra, w.KH, s.Stride, s.Pad),
		W: OutExtent(x.W+s.PadExtra, w.KW, s.Stride, s.Pad), C: w.Out}
}

// ConvGrads says where a convolution's backward pass adds its gradients. A zero Weight or Vec is
// not wanted.
type ConvGrads struct {
	W     Weight // laid out as the forward weight view, inside a gradient buffer shaped as the master
	B     Vec
	NeedX bool // return the input's gradient
}

// BatchNorm is the operands of a batch normalisation over C channels; all four vectors have length
// C.
type BatchNorm struct {
	Gamma, Beta Vec
	Mean, Var   Vec // running statistics: read in eval mode, updated in train mode when Momentum is not 0
}

// BatchNormSpec says how batch normalisation runs.
type BatchNormSpec struct {
	Train bool // normalise with the batch's mean and biased variance, else with the running statistics
	Keep  bool // a backward pass follows
	Act   Act  // applied to the normalised values

	Eps float64
	// Momentum m updates the running statistics to (1−m)·old + m·batch, the variance being the
	// unbiased one (divided by n−1, n = N·H·W; by 1 when n = 1). 1 overwrites, 0 leaves them alone.
	// A cumulative average passes 1/k at the k-th batch.
	Momentum float64
}

// BatchNormGrads says where gradients of gamma and beta are added. A zero Vec is not wanted.
type BatchNormGrads struct {
	Gamma, Beta Vec
	NeedX       bool
}

// PoolSpec is a pooling window.
type PoolSpec struct {
	Kernel, Stride, Pad int
	Ceil                bool // round the output extent up; a last window may hang over the edge
	CountPad            bool // average pooling: padding (not the overhang) counts in the divisor
}

// Out is the output shape for input x.
func (s PoolSpec) Out(x Shape) Shape {
	f := OutExtent
	if s.Ceil {
		f = CeilExtent
	}
	return Shape{N: x.N, H: f(x.H, s.Kernel, s.Stride, s.Pad), W: f(x.W, s.Kernel, s.Stride, s.Pad), C: x.C}
}

// Window is the part [lo, hi) of an input extent n that output position o covers, and the number of
// positions that CountPad counts.
func (s PoolSpec) Window(o, n int) (lo, hi, padded int) {
	lo = o*s.Stride - s.Pad
	hi = min(lo+s.Kernel, n+s.Pad)
	padded = hi - lo
	return max(lo, 0), min(hi, n), padded
}

// SGDSpec is one step of stochastic gradient descent on a whole tensor:
//
//	d = GradScale·grad + WeightDecay·p
//	m = Momentum·m + d        (m = d when First)
//	p −= LR·m                 (Nesterov: p −= LR·(d + Momentum·m))
//
// With Momentum 0 the momentum buffer may be nil and m = d.
type SGDSpec struct {
	LR, Momentum, WeightDecay, GradScale float64
	Nesterov, First                      bool
}

// AdamSpec is one Adam step on a whole tensor; weight decay is added to the gradient, not
// decoupled:
//
//	d = GradScale·grad + WeightDecay·p
//	m = Beta1·m + (1−Beta1)·d,  v = Beta2·v + (1−Beta2)·d²
//	p −= LR·m̂/(√v̂ + Eps),  m̂ = m/(1−Beta1^Step), v̂ = v/(1−Beta2^Step)
//
// Step counts from 1.
type AdamSpec struct {
	LR, Beta1, Beta2, Eps, WeightDecay, GradScale float64
	Step                                          int
}

// DropoutSpec is a seeded dropout: element i in N×H×W×C order is kept if [DropoutKeep] says so and
// then divided by 1−Rate.
type DropoutSpec struct {
	Rate float64 // in [0, 1)
	Seed uint64
}

// DropoutKeep decides about element i, the same on every backend. It is a counter-based generator
// (SplitMix64's output function over the seed and the position), so no state is shared between
// workers.
func DropoutKeep(seed uint64, i int, rate float64) bool {
	z := seed + (uint64(i)+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) >= rate*(1<<53)
}
