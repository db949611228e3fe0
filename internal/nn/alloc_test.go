package nn_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
)

// TestSteadyStateAllocations: after the first steps a training step makes no garbage that grows with the network: a handful of
// allocations for some forty layers forward and backward.
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
