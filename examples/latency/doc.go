// Command latency measures how long the layers of a search space take on this
// machine, and how well their sum predicts the time of whole networks.
//
//	go run ./examples/latency -space mobilenetv3 -batch 1 -table latency.json
//	go run ./examples/latency -space mobilenetv3 -batch 1 -table latency.json -check 50
//
// The first command samples architectures until they show no new kind of layer
// (operation, shapes, kernel, stride, groups, what is fused to it), chooses a
// few that have all of them, runs each many times and notes what every layer
// took inside the running network. So a layer is measured where it works: with
// its neighbours, their results in the caches, and with the work that they put
// off for it, as a batch norm that is applied while the next convolution loads
// its input. The table is a JSON file, written again after every group of
// networks; a table that exists is extended by the layers that it lacks, so an
// interrupted measurement goes on. A table belongs to one processor, kernel
// path, number of workers and batch.
//
// The second command then predicts random architectures as the sum over their
// layers, as Once-for-All does (Cai et al., ICLR 2020), plus one fixed part,
// measures them whole, without any clock inside, and compares.
//
// Weights are random: time depends on shapes alone.
package main
