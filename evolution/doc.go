// Package evolution searches by populations: for architectures of any search space, or for genomes
// of the caller's, with one objective or several.
//
// A [Strategy] is a value that is asked for candidates and told what became of them. Of those that
// look for one objective, [Tournament] is the evolution of EAT-NAS, or with ageing regularised
// evolution, [Local] climbs from neighbour to neighbour, [Predicted] goes by a small network that
// it trains on what was measured, and [Random] is the baseline. [NSGA2] and [SMSEMOA] look for the
// front of several objectives. All can be driven by any loop, in generations or one candidate at a
// time:
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
// evaluator of [NewSearch] is what a supernet bound to data is. The most accurate architecture of
// at most a million multiply-adds:
//
//	limited, err := space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Max: 1e6})
//	s, err := evolution.NewTournament(evolution.Architectures{Space: limited}, nil)
//	judge, err := net.On(val, nil)
//	x, err := evolution.NewSearch(limited, s, judge,
//		[]evolution.Objective{evolution.ErrorRate()},
//		&evolution.SearchOptions{Evaluations: 500, Workers: 2, Window: 4, Checkpoint: "search.ckpt"})
//	status, err := x.Run(ctx)
//	best := x.Best(1)[0].Genome
//
// A limit that the space can look at beforehand is better than a constraint of the search: no
// evaluation is spent beyond it, and where nothing meets it the error says what there is.
//
// [Fronts], [Crowding], [Hypervolume], [IGD] and [FitPredictor] are the tools of such searches by
// themselves.
//
// # Elastic architecture transfer
//
// EAT-NAS carries an architecture, not weights, from a small task to a large one. On the small task
// a Tournament minimises [Score], which weighs accuracy against multiply-adds, and ends when the
// [Quality] of its population stays the same; the best of Tournament.BestPopulation are trained
// longer, and the most accurate becomes the basic architecture. On the large task the same search
// begins with [Offspring] of it:
//
//	score, err := evolution.Score(space, nil)
//	s, err := evolution.NewTournament(evolution.Architectures{Space: space},
//		&evolution.TournamentOptions[searchspace.Arch]{Initial: initial, Quality: &evolution.QualityOptions{}})
//	x, err := evolution.NewSearch(space, s, e, []evolution.Objective{score, evolution.ErrorRate()}, &o)
//
// Where models leave their weights to those after them the evaluator is a [StepEvaluator]. Its
// measurements depend on the order of proposals, which SearchOptions.Window decides, but not on the
// number of workers.
//
// # Noise
//
// Accuracies on a few hundred images differ by luck. With NSGA2Options.Noise a candidate dominates
// another only when one objective differs by more than so many standard errors, and with
// NSGA2Options.Again the first front is measured again and again, so that no lucky measurement
// stays there for ever. TournamentOptions.Ageing helps as well: whatever was lucky dies.
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
// often a search was interrupted. Across kinds of processors the last bits of [Vectors] and
// [Predictor] may differ.
package evolution
