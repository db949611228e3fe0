// Package search is the one loop under every search strategy of this library: ask a strategy for
// architectures, measure them, tell it the results, write everything down.
//
// A [Strategy] says which architectures to look at and learns from the results. A [Loop] does the
// rest, once for all of them: it measures several candidates at a time, none of them twice, tries
// again when a measurement fails and records the candidate as failed when it keeps failing, notices
// when the shared weights move under a running search, keeps a record of every proposal, has the
// state saved after every result, and continues an interrupted search from what was saved without
// measuring anything again.
//
//	loop, err := search.New(strategy, judge.Evaluate, search.Options{Steps: 1000, Workers: 4})
//	status, err := loop.Run(ctx)
//	for _, r := range loop.History() { … }
//
// # Generations and the steady state
//
// What one call of Ask returns is a step; its candidates are told together once all of them are
// measured. Options.Window is how many steps may be open, asked and not told. With a window of one
// a search goes generation by generation. With a window of several, and one candidate a step, it is
// a steady-state (asynchronous) search: whenever a result arrives the strategy is told and asked
// for the next candidate, and no worker waits for the slowest of a generation. The schedule is
// fixed: step k is asked right after k+1−Window steps have been told.
//
// # Determinism
//
// Steps are told in the order in which they were asked. So the history is a function of the
// strategy, its seed, the window and the measurements; it depends neither on Options.Workers nor on
// how long measurements take, as long as a measurement depends on its architecture alone. The price
// in a steady-state search is that a slow candidate holds back those behind it once the window is
// full; a window of two or three times the workers keeps these busy. Options.Unordered tells steps
// as they complete instead: no worker ever waits, and the history depends on timing.
//
// Ask and Tell run on the goroutine of Run, one after the other. What a strategy reads there and
// writes there, shared weights for example, is read and written in that same fixed order.
//
// # Interruptions
//
// [Loop.State] holds every result, those of unfinished steps too. A strategy that saves its own
// state goes on with [Loop.Restore], which needs a window of one: Ask may not change what a
// strategy saves, so that an interrupted step can be asked again. Any other strategy starts anew
// and is shown the history by [Loop.Replay], which also restores searches with a wider window. Both
// ways the search ends in the same history as if it had not been interrupted.
//
// A Loop is for one goroutine. Evaluators run on goroutines of their own, up to Options.Workers at
// a time; one that panics has failed, it does not end the program. One that measures time calls
// [Alone] and has the machine to itself meanwhile.
package search
