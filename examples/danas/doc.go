// Command danas searches an architecture by removing candidates of each layer while classes come in
// from easy to hard, as DA-NAS does.
//
//	go run ./examples/danas                        # on the embedded Fashion-MNIST images
//	go run ./examples/danas -quick                 # everything once, in under a minute
//	go run ./examples/danas -data TINY -target 2   # Tiny ImageNet, at two million multiply-adds
//	go run ./examples/danas -out run -json run.json
//	go run ./examples/danas -resume -out run       # goes on with a run that was stopped or killed
//	go run ./examples/danas -order all -prune=false           # neither schedule nor pruning
//	go run ./examples/danas -references supernet              # no networks of other families
//	go run ./examples/danas -baseline single-path             # what it is compared with
//
// The method is that of Dai et al., "DA-NAS: Data Adapted Pruning for Efficient Neural Architecture
// Search", ECCV 2020; see the package pruning.
//
// # What it does
//
// Networks of other families (-references) are trained on all classes. How sure they are of the
// images of each class, by the mean entropy of their answers, ranks the classes; the program says
// how far the networks agree on that, and whether easy classes are the ones learnt first.
//
// The supernet, a space of DA-NAS for small images, is a mixture of all candidates of each layer.
// It trains on the easiest classes first (-order). With every step classes come in, and each layer
// loses the least probable of its candidates (-prune). The probabilities are trained on validation
// images (-val of each class, of which no weight learns) with a loss that draws the expected cost
// to -target. What is found at the end, the most probable architecture whose multiply-adds are
// within 5 % of the target, is trained from initial weights on all classes and tested.
//
// -baseline single-path searches instead by evolution on a supernet whose sub-networks were trained
// one at a time, for as many multiply-adds as the search of the same settings costs, training,
// steps on the architecture and judging included. In the variant mobile the candidates of a layer
// share weights there, because sub-networks do not learn in so few updates otherwise;
// -search-epochs then are those of the search it is compared with, and -search-lr and -search-batch
// its own.
//
// # Output
//
// With -out, the folder gets
//
//	model.ckpt         the network that was found, trained, for supernet.LoadModel
//	model.onnx         the same for other runtimes
//	easiness.svg       histograms of the entropies of every class, easiest first
//	learning.svg       accuracy per class and epoch of the reference networks (Fig. 1)
//	confusion.svg      what classes are taken for, easiest first (Fig. 3c)
//	candidates.svg     probabilities of the candidates of every layer over the search
//	architecture.svg   the architecture found, and the most probable choice of each layer
//	report.txt         what was printed at the end
//	report.json        everything, as by -json; accuracies are fractions
//
// and the state that -resume goes on with. It ends with the same bits as a run that nobody stopped.
//
// # Settings
//
// The defaults stand in one table, Default of internal/danas, with those for embedded images and
// for -quick beside it; -help lists them with the flags that change them.
package main
