// Package pruning searches by removing candidates while data grow from easy classes to all. It is
// DA-NAS,
//
//	Dai et al.: DA-NAS: Data Adapted Pruning for Efficient Neural Architecture Search, 2020.
//
// A supernet computes all candidates of a layer, weighted by probabilities that are learnt on
// validation images with a loss that knows the cost. It begins with the easiest classes; with every
// step more classes come in, and the least probable candidates go out, so that neither many images
// meet many candidates.
//
//	ranking := easiness.Ranking() // see Measure
//	phases, err := pruning.Schedule{Ranking: ranking}.Phases()
//	found, err := pruning.Search(ctx, space, net, &pruning.Options{Phases: phases, Target: 4e6,
//		Checkpoint: "search.ckpt"})
//	best := found.Final // the most probable architecture within 5 % of the target
package pruning
