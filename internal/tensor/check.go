package tensor

import (
	"fmt"
	"strconv"
)

// The Check functions panic with an *Error when operands do not fit. Package nn calls them before
// every operation, so that backends need not repeat them.

// CheckWeight checks that the view lies inside its buffer.
func CheckWeight(op string, w Weight) {
	if w.Buf == nil {
		Failf(op, "no weight")
	}
	if w.KH < 1 || w.KW < 1 || w.In < 1 || w.Out < 1 || w.Off < 0 || w.StrideIn < 0 || w.StrideKH < 0 ||
		w.StrideKW < 0 {
		Failf(op, "bad weight view %d×%d×%d×%d at %d", w.KH, w.KW, w.In, w.Out, w.Off)
	}
	if last := w.Index(w.KH-1, w.KW-1, w.In-1, w.Out-1); last >= w.Buf.Len() {
		Failf(op, "weight view %d×%d×%d×%d ends at element %d of %d", w.KH, w.KW, w.In, w.Out, last,
			w.Buf.Len())
	}
}

// CheckVec checks that the view has length n and lies inside its buffer.
func CheckVec(op, name string, v Vec, n int) {
	if v.Buf == nil {
		Failf(op, "no %s", name)
	}
	if v.Len != n {
		Failf(op, "%s has %d elements, expected %d", name, v.Len, n)
	}
	if v.Off < 0 || v.Off+v.Len > v.Buf.Len() {
		Failf(op, "%s [%d, %d) leaves its buffer of %d", name, v.Off, v.Off+v.Len, v.Buf.Len())
	}
}

// CheckShape checks that t has the shape.
func CheckShape(op, name string, t Tensor, want Shape) {
	if t == nil {
		Failf(op, "no %s", name)
	}
	if got := t.Shape(); got != want {
		Failf(op, "%s has shape %v, expected %v", name, got, want)
	}
}

// CheckConv checks a convolution and returns its output shape.
func CheckConv(x Shape, w Weight, bias Vec, spec ConvSpec) Shape {
	const op = "conv"
	CheckWeight(op, w)
	if spec.Stride < 1 || spec.Pad < 0 || spec.PadExtra < 0 || spec.Groups < 1 {
		Failf(op, "stride %d, padding %s, groups %d", spec.Stride, spec.padding(), spec.Groups)
	}
	if w.In*spec.Groups != x.C {
		Failf(op, "input has %d channels, the weight expects %d in %d groups", x.C, w.In*spec.Groups,
			spec.Groups)
	}
	if w.Out%spec.Groups != 0 {
		Failf(op, "%d output channels in %d groups", w.Out, spec.Groups)
	}
	if bias.Buf != nil {
		CheckVec(op, "bias", bias, w.Out)
	}
	out := spec.Out(x, w)
	if !out.Valid() {
		Failf(op, "a %d×%d kernel with padding %s does not fit input %v", w.KH, w.KW, spec.padding(), x)
	}
	return out
}

// padding is "Pad", or "Pad+PadExtra".
func (s ConvSpec) padding() string {
	if s.PadExtra == 0 {
		return strconv.Itoa(s.Pad)
	}
	return fmt.Sprintf("%d%+d", s.Pad, s.PadExtra)
}

// CheckBatchNorm checks a batch normalisation of x.
func CheckBatchNorm(x Shape, p BatchNorm) {
	const op = "batch norm"
	CheckVec(op, "gamma", p.Gamma, x.C)
	CheckVec(op, "beta", p.Beta, x.C)
	CheckVec(op, "running mean", p.Mean, x.C)
	CheckVec(op, "running variance", p.Var, x.C)
}

// CheckPool checks a pooling window and returns its output shape.
func CheckPool(x Shape, spec PoolSpec) Shape {
	const op = "pool"
	if spec.Kernel < 1 || spec.Stride < 1 || spec.Pad < 0 || 2*spec.Pad > spec.Kernel {
		Failf(op, "kernel %d, stride %d, padding %d", spec.Kernel, spec.Stride, spec.Pad)
	}
	out := spec.Out(x)
	if !out.Valid() {
		Failf(op, "window %d with padding %d does not fit input %v", spec.Kernel, spec.Pad, x)
	}
	return out
}
