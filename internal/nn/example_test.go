package nn_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
)

// A network with one hidden layer learns exclusive or.
func Example() {
	backend := cpu.New(cpu.Options{})
	stream := backend.NewStream()
	ps := nn.NewParamSet(backend)
	rng := rand.New(rand.NewPCG(1, 1))
	hidden, out := ps.Add("hidden.weight", 2, 8), ps.Add("out.weight", 8, 2)
	bias := ps.Add("hidden.bias", 8)
	hidden.InitUniform(stream, rng, 1)
	out.InitUniform(stream, rng, 0.35)

	inputs, labels := []float32{0, 0, 0, 1, 1, 0, 1, 1}, []int{0, 1, 1, 0}
	tape, opt := nn.NewTape(stream), &nn.Adam{}
	predict := func() nn.Value {
		x := tape.Input(tensor.Vector(4, 2), inputs)
		h := tape.Act(tape.Linear(x, hidden.Weight(), bias.Vector()), tensor.ActTanh)
		return tape.Linear(h, out.Weight(), nn.Vector{})
	}
	for step := range 300 {
		ps.BeginStep()
		tape.Begin(nn.Training(uint64(step)))
		tape.Backward(tape.Mean(tape.CrossEntropy(predict(), tape.Goal(2, nn.Labels(labels)))))
		opt.Step(stream, ps, 0.05)
	}

	tape.Begin(nn.Step{}) // inference
	logits := tape.Read(predict(), nil)
	for i := range labels {
		class := 0
		if logits[2*i+1] > logits[2*i] {
			class = 1
		}
		fmt.Printf("%g xor %g = %d\n", inputs[2*i], inputs[2*i+1], class)
	}
	// Output:
	// 0 xor 0 = 0
	// 0 xor 1 = 1
	// 1 xor 0 = 1
	// 1 xor 1 = 0
}
