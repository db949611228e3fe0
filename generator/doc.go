// Package generator answers "which architecture for these classes within this budget" in one pass
// of a small network, without a search. It is the architecture generator, section 3.2, of
//
//	Liu et al.: Rapid Elastic Architecture Search under Specialized Classes and Resource
//	Constraints (EAS).
//
// Classes are grouped into superclasses. A [Generator] is made for a search space, the names of the
// superclasses and a cost; it learns from a supernet with trained weights, one [Learner] for each
// superclass, and then answers any [Scenario], a superclass and a budget:
//
//	g, err := generator.New(space, &generator.Options{Superclasses: []string{"insect", "dog"}})
//	_, err = g.Train(ctx, learners, &generator.TrainOptions{Checkpoint: "generator.ckpt"})
//	answers, err := g.Generate(ctx, []generator.Scenario{
//		{Superclasses: []string{"insect"}, Budget: 40e6},
//		{Superclasses: []string{"dog"}, Budget: 60e6},
//	}, nil)
//
// A learner is the relaxed supernet on validation images of a superclass, with the logits of its
// classes alone:
//
//	relaxation, err := net.Relax(nil)
//	images, err := dataset.KeepClasses(val, 3, 7, 9)
//	learner, err := relaxation.On(images, &supernet.RelaxOptions{Classes: []int{3, 7, 9}})
//
// # How it works
//
// Embeddings of the superclass, of the budget (between two of [Options].Budgets points, linearly)
// and of the step go into an LSTM, which makes one step for each stage and each layer of the space.
// Fully connected heads, one for depths, one for widths, one for kernels (one for every kind of
// decision with the same candidates), turn its outputs into the probabilities of binary gates.
//
// A decision with the candidates 3, 5, 7 has two gates: the first opens 5, the second 7 behind it.
// They are independent, so that the candidates have the probabilities 1−p5, p5·(1−p7) and p5·p7.
// Any number of ordered candidates works alike. Decisions without an order, between operations,
// have a softmax over candidates instead; so have all with [Options].MultiPath.
//
// Training draws gates (eqs. 9 and 10: Gumbel noise, hard values forward, the derivative of the
// soft ones backward), asks a learner for the loss of the architecture and its gradient, adds λ
// times the squared relative distance of its cost from the budget, and updates generator and
// embeddings with Adam. The weights of the supernet stay as they are.
//
// # Answers
//
// Every answer is within its budget, and there is one for every budget from the cost of the
// cheapest architecture on. [Generator.Generate] says how it is chosen; [GenerateOptions].Evaluate
// chooses among several by validation accuracy, as published. Fifty scenarios in the published
// space take less than a millisecond of one core with vector kernels, and some ten without.
//
// Budgets are multiply-adds, or whatever [Options].Cost says, as long as it is a sum over layers: a
// searchspace.LatencyTable, say, for milliseconds on a certain machine.
//
// [ReadSuperclasses] reads a file that says which class belongs to which superclass. A scenario may
// name several superclasses for their union.
//
// # Differences from the paper
//
// The constants of the paper are not legible in our copy; those of the options are ours where they
// say so. Kernel and width of a layer share a step of the LSTM, which has the index of the step
// among its inputs: with a constant input it runs into a fixed point, and late layers get equal
// gates. Costs are drawn to 0.97 of the budget ([TrainOptions].Aim), since with the budget itself
// half of what is drawn is over it. Where drawing finds nothing suitable, the most probable
// architecture is adapted to the budget; the paper draws on.
//
// λ weighs nats against squares of relative distances. Where budgets are missed often
// ([Answer].Adapted), a larger one helps; where it is too large, its noise hides what the learners
// say: with made-up learners 1 gained far more than 5 and 20.
//
// # Who should not use it
//
// For one scenario a search costs less than training the generator. Spaces without a choice graph
// (ET-NAS) have no relaxed form and are refused.
//
// # Concurrency and determinism
//
// A Generator answers from several goroutines, also while it is being trained. Everything random
// comes from seeds: the same options, learners and seeds give the same bits for any GOMAXPROCS, and
// whether a training was interrupted, killed and resumed or not, on one kernel path (AVX-512, AVX2
// or plain Go) and one kind of processor. A scenario gets the same answer whatever stands beside
// it. Nothing is printed and no clock is read.
package generator
