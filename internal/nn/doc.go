// Package nn is reverse-mode differentiation over the tensor layer: parameters, a tape of layers,
// losses and optimisers.
//
// Parameters live in a [ParamSet] and are shared by as many networks as like; a layer call names a
// [Weight] or [Vector], a view into a parameter: its first channels, the centre of its kernel. A
// [Tape] runs layers at once and remembers them when gradients are wanted:
//
//	ps := nn.NewParamSet(backend)
//	w := ps.Add("conv.weight", 3, 3, 3, 16)
//	tape := nn.NewTape(backend.NewStream())
//	opt := &nn.SGD{Momentum: 0.9}
//	for step := range steps {
//		ps.BeginStep()
//		tape.Begin(nn.Training(seed))
//		x := tape.Input(shape, pixels)
//		y := tape.Conv(x, w.Weight(), nn.Vector{}, tensor.ConvSpec{Stride: 1, Pad: 1, Groups: 1})
//		goal := tape.Goal(16, nn.Labels(labels))
//		loss := tape.Mean(tape.CrossEntropy(tape.GlobalAvgPool(y), goal))
//		tape.Backward(loss)
//		opt.Step(tape.Stream(), ps, lr)
//	}
//
// A step may consist of several passes, forward and backward one after the other ([Tape.Next]),
// whose gradients add up until the update. What they compare their outputs with is uploaded once
// ([Tape.Goal]).
//
// Only parameters that a step touches have gradients in it: they are zero-filled as a whole when
// first used, and the optimiser updates exactly these, momentum and weight decay acting on the
// whole tensor. All others keep their bits.
//
// # Errors
//
// Operands that do not fit are programming mistakes: layer calls panic with a *tensor.Error that
// says what was got and what was expected. Public packages defer tensor.Recover at their boundary.
// Nothing here panics otherwise.
//
// # Memory
//
// Values belong to the pass that made them, pinned ones to the step: Next recycles the others,
// Begin all. Backward releases activations as soon as they are not needed; Pin those that are read
// afterwards (losses and inputs always stay). In steady state a step allocates next to nothing.
//
// # Concurrency and determinism
//
// A Tape is for one goroutine. Several Tapes on streams of one backend may run forward on the same
// parameters at the same time, as long as none trains them and none recalibrates the same [Stats].
// Seeds are arguments; results do not depend on GOMAXPROCS.
package nn
