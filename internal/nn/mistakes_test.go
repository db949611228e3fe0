package nn_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// TestMistakes: operands that do not fit fail with a text that says what was got and what was
// expected.
func TestMistakes(t *testing.T) {
	r := fakeRig(t)
	w := r.param("w", 3, 3, 4, 6).Weight()
	bn := r.norm("bn", 4)
	spec := tensor.ConvSpec{Stride: 1, Pad: 1, Groups: 1}
	none := nn.Vector{}
	var x, y, row nn.Value // 1×4×4×4, 1×4×4×6, 2×1×1×3
	goal := func(g nn.Targets) nn.Goal { return r.tape.Goal(3, g) }
	for _, c := range []struct {
		want string
		call func()
	}{
		{"conv: input has 6 channels, the weight expects 4 in 1 groups", func() { r.tape.Conv(y, w, none, spec) }},
		{"conv: 6 output channels in 4 groups", func() { r.tape.Conv(x, w.Crop(3, 1, 6), none, tensor.ConvSpec{Stride: 1, Groups: 4}) }},
		{"conv: stride 0, padding 0, groups 1", func() { r.tape.Conv(x, w, none, tensor.ConvSpec{Groups: 1}) }},
		{"conv: a 3×3 kernel with padding 0 does not fit input 1×1×1×4", func() { r.tape.Conv(r.tape.GlobalAvgPool(x), w, none, tensor.ConvSpec{Stride: 1, Groups: 1}) }},
		{"conv: bias has 4 elements, expected 6", func() { r.tape.Conv(x, w, bn.Beta, spec) }},
		{"conv: no weight", func() { r.tape.Conv(x, nn.Weight{}, none, spec) }},
		{"first: cannot take 6 of 4 elements", func() { r.tape.BatchNormAct(y, bn, tensor.ActNone) }},
		{"batch norm: no statistics", func() { r.tape.BatchNormAct(x, nn.BatchNorm{Gamma: bn.Gamma, Beta: bn.Beta}, tensor.ActNone) }},
		{"add: second operand has shape 1×4×4×6, expected 1×4×4×4", func() { r.tape.Add(x, y, tensor.ActNone) }},
		{"scale channels: scale has shape 2×1×1×3, expected 1×1×1×4", func() { r.tape.ScaleChannels(x, row) }},
		{"concat: operand has shape 2×1×1×3, expected 1×4×4×3", func() { r.tape.Concat(x, row) }},
		{"concat: no operands", func() { r.tape.Concat() }},
		{"slice: channels [3, 5) of 4", func() { r.tape.Slice(x, 3, 2) }},
		{"shuffle: 4 channels in 3 groups", func() { r.tape.Shuffle(x, 3) }},
		{"linear: input has shape 1×4×4×4, expected N×1×1×C", func() { r.tape.Linear(x, w, none) }},
		{"pool: window 9 with padding 0 does not fit input 1×4×4×4", func() { r.tape.MaxPool(x, tensor.PoolSpec{Kernel: 9, Stride: 1}) }},
		{"pool: kernel 2, stride 0, padding 0", func() { r.tape.AvgPool(x, tensor.PoolSpec{Kernel: 2}) }},
		{"cross entropy: logits have shape 1×4×4×4, expected N×1×1×K", func() { r.tape.CrossEntropy(x, goal(nn.Labels([]int{1}))) }},
		{"cross entropy: targets has shape 1×1×1×3, expected 2×1×1×3", func() { r.tape.CrossEntropy(row, goal(nn.Labels([]int{1}))) }},
		{"cross entropy: value 0 does not belong to this step", func() { r.tape.CrossEntropy(row, nn.Goal{}) }},
		{"correct: targets has shape 1×1×1×3, expected 2×1×1×3", func() { r.tape.Correct(row, goal(nn.Labels([]int{1}))) }},
		{"targets: no rows", func() { goal(nn.Targets{}) }},
		{"targets: 0 classes", func() { r.tape.Goal(0, nn.Labels([]int{1})) }},
		{"targets: label 3 of row 1, expected [0, 3)", func() { goal(nn.Labels([]int{1, 3})) }},
		{"targets: label 1 of row 0 is masked", func() {
			goal(nn.Targets{Labels: []int{1, 1}, Mask: []bool{true, false, true, true, true, true}})
		}},
		{"targets: mask of 3 entries for 2×1×1×3 logits", func() { goal(nn.Targets{Labels: []int{1, 1}, Mask: []bool{true, true, true}}) }},
		{"mask: row 1 has no unmasked class", func() { r.tape.Mask(3, []bool{true, false, true, false, false, false}) }},
		{"mask: 1 entries for 3 classes", func() { r.tape.Mask(3, []bool{true}) }},
		{"targets: smoothing is 2, expected [0, 1]", func() { goal(nn.Targets{Labels: []int{0, 1}, Smoothing: 2}) }},
		{"targets: 4 soft weights for 1×1×1×3 logits; labels or smoothing do not go with them", func() { goal(nn.Targets{Soft: []float32{0, 1, 0, 0}}) }},
		{"distill: temperature is 0, expected a finite number above 0", func() { r.tape.Distill(row, row, 0, nn.Mask{}) }},
		{"distill: teacher has shape 1×1×1×4, expected 2×1×1×3", func() { r.tape.Distill(row, r.tape.GlobalAvgPool(x), 1, nn.Mask{}) }},
		{"distill: mask has shape 1×1×1×3, expected 2×1×1×3", func() { r.tape.Distill(row, row, 1, r.tape.Mask(3, []bool{true, true, true})) }},
		{"mix: no operands", func() { r.tape.Mix(nil, bn.Beta) }},
		{"mix: no coefficients", func() { r.tape.Mix([]nn.Value{x}, nn.Vector{}) }},
		{"mix: coefficients has 4 elements, expected 2", func() { r.tape.Mix([]nn.Value{x, x}, bn.Beta) }},
		{"mix: operand has shape 1×4×4×6, expected 1×4×4×4", func() { r.tape.Mix([]nn.Value{x, y}, bn.Beta.First(2)) }},
		{"lstm: gates has shape 2×1×1×3, expected 2×1×1×12", func() { r.tape.LSTMCell(row, row) }},
		{"embedding: row 4, expected [0, 4)", func() { r.tape.Embedding(w.Crop(1, 4, 6), 4) }},
		{"embedding: no rows", func() { r.tape.Embedding(w.Crop(1, 4, 6)) }},
		{"input: 1 numbers for shape 1×1×1×2", func() { r.tape.Input(tensor.Vector(1, 2), []float32{1}) }},
		{"seed: 1 numbers for shape 2×1×1×3", func() { r.tape.Seed(row, []float32{1}) }},
		{"backward: loss has shape 2×1×1×3, expected 1×1×1×1", func() { r.tape.Backward(row) }},
		{"backward: the step does not record gradients or Backward ran already", func() {
			r.tape.Backward()
			r.tape.Backward()
		}},
		{"read: value has shape 2×1×1×3, expected 1×1×1×1", func() { r.tape.Item(row) }},
		{"read: destination of 1 numbers for 2 scalars", func() { r.tape.ReadScalars(make([]float64, 1), r.tape.Mean(x), r.tape.Mean(y)) }},
		{"read: destination of 1 numbers for shape 2×1×1×3", func() { r.tape.Read(row, make([]float32, 1)) }},
		{"activation: value 0 does not belong to this step", func() { r.tape.Act(0, tensor.ActReLU) }},
		{"read: value 3 was released; Pin values that are read after Backward", func() {
			r.tape.Backward(r.tape.Mean(y))
			r.tape.Read(y, nil)
		}},
		{"pin: value 999 does not belong to this step", func() { r.tape.Pin(999) }},
	} {
		r.ps.BeginStep()
		r.tape.Begin(nn.Training(1))
		x = r.tape.Input(tensor.Shape{N: 1, H: 4, W: 4, C: 4}, make([]float32, 64))
		row = r.tape.Input(tensor.Vector(2, 3), make([]float32, 6))
		y = r.tape.Conv(x, w, none, spec)
		mustPanic(t, c.want, c.call)
	}
}

// TestPin keeps a value readable after Backward.
func TestPin(t *testing.T) {
	r := fakeRig(t)
	w := r.param("w", 2, 2).Weight()
	r.tape.Begin(nn.Training(1))
	y := r.tape.Linear(r.tape.Input(tensor.Vector(1, 2), []float32{1, 2}), w, nn.Vector{})
	r.tape.Pin(y)
	want := r.tape.Read(y, nil)
	r.tape.Backward(r.tape.Mean(y))
	same(t, "pinned value", r.tape.Read(y, nil), want)
}

// TestRelease frees values of an inference pass, and those below the first layer that trains, but
// none that a remembered layer reads.
func TestRelease(t *testing.T) {
	r := fakeRig(t)
	w := r.param("w", 2, 2)
	for _, c := range []struct{ grad, trains, stays bool }{
		{}, {grad: true}, {trains: true}, {grad: true, trains: true, stays: true},
	} {
		w.SetFrozen(!c.trains)
		r.tape.Begin(nn.Step{Grad: c.grad})
		x := r.tape.Input(tensor.Vector(1, 2), []float32{1, 2})
		y := r.tape.Act(x, tensor.ActReLU)
		r.tape.Linear(y, w.Weight(), nn.Vector{})
		r.tape.Release(x) // inputs stay
		r.tape.Release(y)
		r.tape.Read(x, nil)
		if c.stays {
			r.tape.Read(y, nil)
		} else {
			mustPanic(t, "read: value 2 was released; Pin values that are read after Backward", func() { r.tape.Read(y, nil) })
		}
	}
}
