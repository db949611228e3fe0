// Command eatnas searches for an architecture on a small task, and goes on from what it has found
// on a large one, as EAT-NAS does.
//
//	go run ./examples/eatnas                           # on the embedded Fashion-MNIST images
//	go run ./examples/eatnas -quick                    # everything once, in under a minute
//	go run ./examples/eatnas -data CIFAR -large TINY   # from CIFAR-10 to Tiny ImageNet, for example
//	go run ./examples/eatnas -out run -json run.json
//	go run ./examples/eatnas -resume -out run          # goes on with a run that was stopped or killed
//	go run ./examples/eatnas -baseline scratch         # what transfer is compared with
//	go run ./examples/eatnas -transfer=false           # the small task alone
//	go run ./examples/eatnas -basic ARCH -large TINY   # the large task alone, from an architecture
//
// The method is that of Fang et al., "EAT-NAS: Elastic Architecture Transfer for Accelerating
// Large-scale Neural Architecture Search", 2019; see the package evolution for the search and
// supernet.WeightStore for the shared weights.
//
// # What it does
//
// On the small task a population of random architectures evolves: of a sample, the best is mutated,
// the mutant goes on from the weights that those before it have left for its layers (-sharing), is
// trained for an epoch of -small-images images, is judged on held-out images, and takes the place
// of the sample's worst. What counts is the score, accuracy·(MAdds/target)^−0.07; the target is the
// median of the space. The best -top of the population of the best quality are trained from initial
// weights, and the best of these on held-out images is the basic architecture.
//
// The population of the large task begins with neighbours of the basic architecture instead of
// random ones; the search is the same, its shared weights begin empty (-carry takes the small
// task's along), and what it finds is retrained likewise.
//
// -baseline puts something else in the place of transfer, and leaves out the small task: scratch (a
// random first population), random (random search), random-basic (neighbours of a random
// architecture: what a concentrated population is worth without knowledge of a small task) or
// regularized (from scratch, the oldest leaves instead of the worst).
//
// Whatever the arm, the candidate at the same place of a search with the same seed gets the same
// images, batches, augmentation and initial weights. Candidates are measured one after the other,
// each on all processors, so that each sees the weights of all before it. With shared weights an
// accuracy depends on what came before: it is that of its place in the search, not of an
// architecture.
//
// # Images
//
// -data and -large take what package dataset reads: a folder of class folders, a tar of one, IDX or
// CIFAR files. Where there is no test part, one is set apart; of the other images the share -val is
// held out of training. The embedded images make two tasks: five classes of Fashion-MNIST that are
// easily told apart (trousers, sandals, sneakers, bags, boots), and all ten, with 300 images of
// each instead of 800.
//
// # Output
//
// The program prints what it finds as it goes and a table at the end. With -out, the folder gets
//
//	model.ckpt         the network that was found last, for supernet.LoadModel
//	model.onnx         the same for other runtimes
//	accuracy.svg       mean accuracy of the populations over the evaluations
//	quality.svg        their quality, eq. (3)
//	madds.svg          their mean multiply-adds
//	architectures.svg  the basic architecture and the one found, as networks of the last task
//	report.txt         what was printed at the end
//	report.json        everything, as by -json; accuracies are fractions
//
// and the state that -resume goes on with. A run that was stopped by Ctrl-C (exit code 130) or by
// SIGTERM (143) says how; one that was killed goes on with the same command, from the candidate or
// the epoch that it was at. It ends with the same bits as one that nobody stopped. Other settings
// are refused, and so are other images.
//
// # Settings
//
// The defaults stand in one table, Default of internal/eatnas, with those for embedded images and
// for -quick beside it; -help lists them with the flags that change them. A multiply-add bound
// (-small-madds, -large-madds) is a limit of the space, which every architecture keeps.
package main
