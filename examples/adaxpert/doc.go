// Command adaxpert adapts the architecture of an image classifier while its training data grow, as
// AdaXpert does.
//
//	go run ./examples/adaxpert                     # scenario I on the embedded Fashion-MNIST images
//	go run ./examples/adaxpert -scenario II        # the label space grows instead
//	go run ./examples/adaxpert -quick              # everything once, in under a minute
//	go run ./examples/adaxpert -out run -json run.json
//	go run ./examples/adaxpert -resume -out run    # goes on with a run that was stopped or killed
//	go run ./examples/adaxpert -baseline fixed     # what AdaXpert is compared with
//	go run ./examples/adaxpert -data DIR           # any image folder, tar, IDX or CIFAR files
//
// Data arrive as snapshots D_1 ⊂ D_2 ⊂ …: more images of the same classes (scenario I) or images of
// new classes (scenario II). At each snapshot the program measures by how much the model in service
// has become worse on all data, H_t, and how far the data have moved in its feature space, d_t. If
// H_t is above the threshold, it fine-tunes the supernet, trains the adjuster, and retrains the
// architecture that the adjuster chose; otherwise the architecture stays. See the packages
// adjuster, supernet and wasserstein.
//
// # Settings
//
// The defaults stand in one table, growth.Default of internal/growth, and those of -quick beside
// it; -help lists them with the flags that change them. Settings the paper does not publish, those
// of retraining above all, are choices of this program: the network starts from the supernet's
// weights and is trained on all images of the snapshot (those that judged the supernet included) by
// SGD with momentum 0.9, batches of 32, a cosine from 0.05 to zero, weight decay 1e-4, random crops
// and mirror images. Small snapshots get more epochs, so that no retraining is shorter than 1000
// steps: H_t and d_t tell little about a network that has not converged. The supernet is trained in
// the same way with a new uniform sub-network at every step. The adjuster makes 300 proposals per
// adjustment instead of the paper's 10 000, so its learning rate is 5e-3 instead of 2e-4, and a
// moving average is subtracted from its rewards. λ is the paper's 2.5e-4 times 566.17 M over the
// MAdds of the space's largest network.
//
// Baselines: fixed keeps α_1 and largest keeps the largest architecture, both fine-tuned where
// AdaXpert would adjust; scratch trains a new supernet for as many epochs as the first and searches
// with reward V − λ·C at every snapshot; random judges as many uniformly random architectures as
// the adjuster proposes.
//
// # Output
//
// Accuracies are measured on test images that are never trained on. With -out, the directory holds
// the state of the run, the final model (model.ckpt, for supernet.LoadModel), what was printed
// (log.txt) and pictures: accuracy.png, madds.png, reward.png and architectures.svg. The JSON
// written by -json holds h in percentage points, accuracies as fractions; at the first snapshot
// before equals after.
//
// A run that is stopped, by Ctrl-C (exit code 130) or by SIGTERM (143), says how to go on; one that
// was killed goes on with the same command. Settings need not be given again.
package main
