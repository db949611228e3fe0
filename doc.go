// Package tendril is a library for neural networks whose architecture adapts to the data, the task
// and the device: it searches the space of architectures with weights that all of them share, and
// keeps the network in service while it does.
//
// This package holds documentation and the test that the packages keep their distance from each
// other. What you import is below it:
//
//	searchspace       architectures as values: decisions, spaces, layer graphs, costs
//	supernet          networks with shared weights: train, judge, extract, retrain, classify
//	supernet/dataset  labelled images: readers, views, augmentation, batches
//	wasserstein       how far apart two sets of features are
//	adjuster          AdaXpert: when and how to change an architecture as data grow
//	evolution         EAT-NAS and NSGA-II: search by populations, on any space or genome
//	generator         EAS: an architecture for a superclass and a budget, without a search
//	zoo               NASOA: trained models in a folder, and the evaluator of the search for them
//	predictor         NASOA: how to fine-tune what, within a time limit
//
// # Five methods, one spine
//
// The library is laid out for five published methods that share one idea: a space is a list of
// named decisions, an architecture is one choice for each, and everything else (cost, runnable
// network, picture) is read from the layer graph that the space makes of it:
//
//   - AdaXpert, "Adapting Neural Architecture for Growing Data" (Niu et al.,
//     ICML 2021): package adjuster.
//   - EAS, a generator that answers "an architecture for these classes and this
//     budget" without a search: package generator.
//   - EAT-NAS, evolution that carries architectures and weights from a small
//     data set to a large one: package evolution.
//   - DA-NAS, candidates that are pruned while data grow from easy to hard. Its mixture of
//     candidates is in package supernet.
//   - NASOA, a zoo of models that train fast, one of which is chosen for each
//     task: packages zoo and predictor.
//
// # Example
//
// The example of this package trains a small supernet on images, lets the adjuster choose a
// sub-network for data that have grown, and extracts it. The program examples/adaxpert runs the
// whole method, examples/service keeps a model in service meanwhile.
//
// # Determinism
//
// Every random choice comes from a seed in some options and a stream of its own, so the same seed
// gives the same bits whatever the number of processors, on one kernel path (AVX-512, AVX2 or plain
// Go) and one kind of processor: where it has a fused multiply-add, plain Go uses it. Long work can
// be interrupted and resumed to the same bits.
package tendril
