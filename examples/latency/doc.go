// Command latency measures how long the layers of a search space take on this machine, and how well
// their sum predicts the time of whole networks.
//
//	go run ./examples/latency -space mobilenetv3 -batch 1 -table latency.json
//	go run ./examples/latency -space mobilenetv3 -batch 1 -table latency.json -check 50
//
// The first command measures a table (supernet.MeasureLatency): a few networks that together have
// all kinds of layers of the space run many times, and what every layer took inside the running
// network is noted. The table is a JSON file, written again after every group of networks; a table
// that exists is extended by the layers that it lacks, so an interrupted measurement goes on. A
// table belongs to one processor, kernel path, number of workers and batch.
//
// The second command then predicts random architectures as the sum over their layers, as
// Once-for-All does (Cai et al., ICLR 2020), plus one fixed part, measures them whole in the same
// rounds, without any clock inside, and compares.
//
// Weights are random: time depends on shapes alone.
package main
