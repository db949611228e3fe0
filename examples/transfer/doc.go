// Command transfer teaches a network that has seen a million images the classes of a folder of
// photos, in a minute or two.
//
//	go run ./examples/transfer -data DIR -out RESULT    # DIR has a folder of photos for each class
//	go run ./examples/transfer                          # the embedded Fashion-MNIST images
//	go run ./examples/transfer -quick                   # everything once, in under a minute
//	go run ./examples/transfer -data DIR -minutes 10    # more epochs
//	go run ./examples/transfer -data DIR -size 128      # larger images: slower, often more accurate
//	go run ./examples/transfer -resume -out RESULT      # goes on with a run that was stopped or killed
//
// The network is EfficientNet-Lite0 with its published ImageNet weights, which the program carries.
// It learns in three steps, and each is judged on test images:
//
//   - linear head: the best linear classifier on the features of the network as it is;
//   - fine-tuned: all of it trained on from there, that classifier included;
//   - adapted: cheaper architectures are judged by what the fine-tuned network is morphed into
//     (supernet.Model.Morph); the changes that cost least are made, and the network is trained on.
//     The fine-tuned network is trained on for as long beside it (kept).
//
// The network to use is that of the last step that is no worse on the held-out images than those
// before. -adapt=false ends after the second step and gives it all of the time.
//
// # Images
//
// -data takes what package dataset reads: a folder of class folders with images, a tar of one, IDX
// or CIFAR files. Where there is no test part, 15 % of each class are set apart as one. Of the
// others, -val is held out of training. Networks learn from the first part, choices are made on the
// held-out images, and figures are about test images, which nothing else sees. A class needs three
// images at least; with fewer than some dozens the figures say little, which their standard errors
// tell.
//
// # Time
//
// -minutes is what training and searching may take on two cores. The program decides from it, from
// the number of images and their size how long each training is, by a speed that was measured once:
// so it does not depend on the clock, and the same command gives the same bits. What was decided is
// printed at the beginning; -tune-epochs and its like decide otherwise. Where there are more images
// than time, training sees a part of them. Reading images and judging networks comes on top.
//
// # Output
//
// The program prints a table of the networks, the classes that are most often confused, the images
// that are most wrong, and how to use the model from Go. With -out, the folder gets
//
//	model.ckpt         the network, for supernet.LoadModel
//	model.onnx         the same for other runtimes: how to prepare images is in its metadata
//	confusion.svg      which classes are taken for which
//	worst.png          the worst images, with true class, answer and probabilities
//	architectures.svg  the published architecture and the one that the search found
//	report.txt         what was printed at the end
//	report.json        the same for programs, as by -json; accuracies are fractions
//
// and the state that -resume goes on with. A run that was stopped by Ctrl-C (exit code 130) or by
// SIGTERM (143) says how; one that was killed goes on with the same command. It ends with the same
// bits as one that nobody stopped. Other settings are refused, and so are other images.
//
// # Settings
//
// The defaults stand in one table, Default of internal/transfer, and those of -quick beside it;
// -help lists them with the flags that change them. -per-class takes so many images of each class,
// and -baseline scratch trains the network from initial weights for as many steps, with rates that
// suit it: what the pretrained weights are worth.
//
// Batch normalisations stay as they are while networks are trained (-tune-keep-norms), statistics
// included: those of other images are so different from ImageNet's that the features which the
// linear head was fitted to would be gone with the first step. Where a morph changes them, their
// distance stays (supernet.MorphOptions.KeepOffset). The search is for depths and for the ratio 4
// in the place of 6.
package main
