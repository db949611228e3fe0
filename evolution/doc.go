// Package evolution searches by populations: for architectures of any search space, or for genomes
// of the caller's, with one objective or several.
//
// A [Strategy] is a value that is asked for candidates and told what became of them. [NSGA2] and
// [SMSEMOA] look for the front of several objectives; both handle constraints, and can be driven by
// any loop, in generations or one candidate at a time:
//
//	s, err := evolution.NewNSGA2(genes, nil)
//	for range 200 {
//		candidates, err := s.Ask(0)
//		…
//		err = s.Tell(outcomes...)
//	}
//	front := evolution.Front(s.Population())
//
// How genomes come about and vary is said by [Genes]; [Architectures] and [Vectors] are two kinds.
//
// Two loops are ready made. [Minimize] calls a fast function and adds next to nothing. [Search] is
// for evaluations that take long: several at a time, tried again when they fail, recorded as failed
// when they keep failing, saved after every result, resumed after a kill with none repeated. The
// evaluator of [NewSearch] is what a supernet bound to data is:
//
//	x, err := evolution.NewSearch(space, s, net.On(val),
//		[]evolution.Objective{evolution.ErrorRate(), evolution.MAdds(space)},
//		&evolution.SearchOptions{Evaluations: 1000, Workers: 2, Checkpoint: "search.ckpt"})
//	status, err := x.Run(ctx)
//
// [Fronts], [Crowding], [Hypervolume] and [IGD] are the tools of such searches by themselves.
//
// # Noise
//
// Accuracies on a few hundred images differ by luck. With NSGA2Options.Noise a candidate dominates
// another only when one objective differs by more than so many standard errors, and with
// NSGA2Options.Again the first front is measured again and again, so that no lucky measurement
// stays there for ever.
//
// # Who should not use it
//
// A smooth function of real variables with a gradient, or one objective on few real variables, is
// better served by a package for optimisation. Where one evaluation is a matter of milliseconds and
// the space is small, try everything.
//
// # Concurrency and determinism
//
// Strategies and searches are for one goroutine; evaluators are called on several. The same seed,
// options and measurements give the same candidates, whatever the number of workers and however
// often a search was interrupted. Across kinds of processors the last bits of [Vectors] may differ.
package evolution
