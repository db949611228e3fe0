// Package search is the loop under every search strategy of this library: ask a strategy for architectures, measure them,
// tell it the results, write everything down.
//
// A [Strategy] says which architectures to look at and learns from the results. A [Loop] does the rest, once for all of them:
// it never measures an architecture twice, tries again when a measurement fails, notices when the shared weights changed
// under a running search, keeps a record of every proposal, has the state saved at a fixed rhythm, and continues an
// interrupted search from what was saved.
//
//	loop, err := search.New(strategy, evaluator.Evaluate, search.Options{Steps: 1000})
//	err = loop.Run(ctx)
//	for _, r := range loop.History() { … }
//
// A step is atomic. When a step is interrupted (cancelled, evaluation failed), the loop and the strategy are as they were
// before it, because [Strategy.Ask] may not change what a strategy saves; only Tell may. So a strategy whose random draws
// depend on the step number alone continues to the same bits wherever it was stopped.
//
// A Loop is for one goroutine. With Options.Workers above one it measures the candidates of one step concurrently; results do
// not depend on the number of workers as long as a measurement depends on its architecture alone.
package search
