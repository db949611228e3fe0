// Package backendtest is the conformance suite of tensor backends. A backend's test calls
//
//	backendtest.Run(t, func() tensor.Backend { return mydevice.New() })
//
// and so checks every operation, forward and backward, against package fake over many shapes,
// weight views, lazy operands and chains, and what the interface promises beyond numbers: tensors
// are values, gradients accumulate, memory may be freed and used again, streams are independent,
// results have the same bits for every GOMAXPROCS, long sums stay accurate.
//
// Cases are drawn from fixed seeds, so that a run is repeatable. The suite is for tests only.
package backendtest
