package nn_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
)

// TestSteadyStateAllocations: after the first steps a training step makes no garbage that grows
// with the network: a handful of allocations for some forty layers forward and backward.
func TestSteadyStateAllocations(t *testing.T) {
	r := newRig(t, cpu.New(cpu.Options{Workers: 1}))
	m := newNet(r)
	shape := tensor.Shape{N: 6, H: 13, W: 13, C: 3}
	x := r.normal(shape.Size())
	opt := &nn.SGD{Momentum: 0.9, ClipNorm: 5}
	step := 0
	run := func() {
		m.step(r, opt, step, shape, x)
		step++
	}
	for range 6 {
		run()
	}
	if n := testing.AllocsPerRun(20, run); n > 40 {
		t.Errorf("a training step allocates %g times, expected at most 40", n)
	}
}

// TestPassAllocations: so does a step of several passes with all that they share and read.
func TestPassAllocations(t *testing.T) {
	r := newRig(t, cpu.New(cpu.Options{Workers: 1}))
	m := newNet(r)
	shape := tensor.Shape{N: 6, H: 13, W: 13, C: 3}
	x, share := r.normal(shape.Size()), r.param("share", 2).Vector()
	opt := &nn.SGD{Momentum: 0.9}
	scalars := make([]float64, 3)
	run := func() {
		r.ps.BeginStep()
		r.tape.Begin(nn.Step{})
		image, goal := r.tape.Input(shape, x), r.tape.Goal(5, nn.Labels(netLabels))
		teacher := m.run(r.tape, image, 24, 5)
		r.tape.Pin(teacher)
		r.tape.Next(nn.Training(1))
		logits := r.tape.Mix([]nn.Value{m.run(r.tape, image, 16, 3), m.run(r.tape, image, 24, 3)}, share)
		loss := r.tape.Mean(r.tape.CrossEntropy(logits, goal))
		taught := r.tape.Mean(r.tape.Distill(logits, teacher, 4, goal.Mask))
		right := r.tape.Sum(r.tape.Correct(logits, goal), 1)
		r.tape.Backward(loss, taught)
		r.tape.ReadScalars(scalars, loss, taught, right)
		opt.Step(r.st, r.ps, 0.05)
	}
	for range 6 {
		run()
	}
	if n := testing.AllocsPerRun(20, run); n > 60 {
		t.Errorf("a step of passes allocates %g times, expected at most 60", n)
	}
}
