// Command adaxpert adapts the architecture of an image classifier while its training data grow, as
// AdaXpert does, and tells whether it pays.
//
//	go run ./examples/adaxpert                     # scenario I on the embedded Fashion-MNIST images
//	go run ./examples/adaxpert -scenario II        # the label space grows instead
//	go run ./examples/adaxpert -quick              # everything once, in under a minute
//	go run ./examples/adaxpert -out run -json run.json
//	go run ./examples/adaxpert -resume -out run    # goes on with a run that was stopped or killed
//	go run ./examples/adaxpert -baseline fixed     # what AdaXpert is compared with
//	go run ./examples/adaxpert -data DIR           # any image folder, tar, IDX or CIFAR files
//	go run ./examples/adaxpert -pretrained         # from weights that have seen ImageNet
//
// Data arrive as snapshots D_1 ⊂ D_2 ⊂ …: more images of the same classes (scenario I) or images of
// new classes (scenario II). At each snapshot the program measures by how much the model in service
// has become worse on all data, H_t, and how far the data have moved in its feature space, d_t. If
// H_t is above the threshold, it fine-tunes the supernet, trains the adjuster, and puts the
// architecture that the adjuster chose into service; otherwise the architecture stays, and with
// -keep-training its weights are trained on the new data. See the packages adjuster, supernet and
// wasserstein.
//
// # From one network to the next
//
// Networks go on from each other: the adapted one is morphed out of the one in service
// (supernet.Model.Morph), which keeps what that one has learnt, and what it has no weights for
// comes from the supernet. -inherit supernet starts from the supernet's weights alone, as an
// ordinary search would, -inherit none from initial weights at every snapshot, as the paper's
// networks were probably trained. The network that served before teaches its successor, and the
// supernet, the classes that it knows (-distill).
//
// A search ends in three steps. Candidates run a race on held-out images with the supernet's
// weights (-race). Since those do not rank architectures well, the best three and the architecture
// in service then get a tenth of the retraining each, from the weights in service, and the best of
// them is chosen (-trial). At last it is trained in full, and so is the architecture in service: it
// takes its place only where that is a gain on the held-out images, beyond the standard error, or
// no loss at fewer multiply-adds (-compare). The report calls a snapshot where the kept network won
// refused. With -compare no network is trained on the held-out images, those of baselines included,
// so that all are alike; without, networks for service are trained on all of D_t.
//
// What all of this costs is booked apart: the seconds of a snapshot are those of measure, supernet,
// adjuster (the search), trial, compare (judging, and training the network that lost the contest)
// and retrain.
//
// Beside its result the program tells what keeping the first network gives, fine-tuned at the same
// snapshots for as many steps: accuracy, multiply-adds and the difference with its standard error
// over the test images, at every snapshot and at the end. -against=false switches that off; its
// time is no part of the total.
//
// # From pretrained weights
//
// With -pretrained the first network is EfficientNet-Lite0 with its ImageNet weights, or what
// -start says of the space around it: its classifier is fitted to the features of the first images
// (supernet.Model.FitClassifier), and the network is fine-tuned. The first stages stay as they are
// (-retrain-frozen), inherited layers learn more slowly than new ones (-retrain-inherited), and
// inherited batch normalisations keep their statistics (-retrain-keep-norms): gathering them anew
// costs a linear classifier on these features 18 points where there are 40 images a class. Where
// classes have come, the classifier is fitted anew before the network trains on.
//
// Each search has a supernet of its own then, made of the network in service (supernet.Net.Inherit)
// and taught by it; the first snapshot needs none. Images have 64 pixels (48 with -quick), d_t is
// relative to the scale of features, and trainings are shorter; all of it can be set.
//
// # Settings
//
// The defaults stand in one table, growth.Default of internal/growth, and those of -quick beside
// it; -help lists them with the flags that change them. Networks are trained by SGD with momentum
// 0.9, batches of 32, a cosine from 0.05 to zero, weight decay 1e-4, random crops and mirror
// images. Small snapshots get more epochs, so that no retraining is shorter than 800 steps: H_t and
// d_t tell little about a network that has not converged. Order and augmentation of the images
// depend on seed and snapshot alone, not on the method or the architecture. The supernet is trained
// by the sandwich rule (-sandwich): largest, smallest and random sub-networks at every step, the
// others taught by the largest.
//
// The adjuster makes far fewer proposals than the paper's 10 000, so its learning rate is larger
// than 2e-4, and a moving average is subtracted from its rewards. A reward counts the likelihood of
// the validation images (-objective), which is less noisy than accuracy, and sets the cost against
// it per doubling of the multiply-adds (-reward); -reward eq5 is the paper's reward with its λ =
// 2.5e-4 times 566.17 M over the multiply-adds of the space's largest network. d_t is eq. (1), or
// with -distance that number freed of the scale of features, of its bias on few images, and in
// units of the distance between two halves of the first classes.
//
// Baselines: fixed keeps α_1, middle and largest keep other architectures of the space, all
// fine-tuned where AdaXpert would adjust; random serves with architectures drawn at the
// multiply-adds of -madds, another one where these change; scratch trains a new supernet for as
// many epochs as the first and searches with a reward without α_{t−1} at every snapshot.
//
// # Output
//
// Accuracies are measured on test images that are never trained on and decide nothing. With -out,
// the directory holds the state of the run, the final model (model.ckpt, for supernet.LoadModel),
// what was printed (log.txt) and pictures: accuracy.png, madds.png, reward.png and
// architectures.svg. The JSON written by -json holds h in percentage points, accuracies as
// fractions; at the first snapshot before equals after.
//
// A run that is stopped, by Ctrl-C (exit code 130) or by SIGTERM (143), says how to go on; one that
// was killed goes on with the same command. Settings need not be given again. Other settings are
// refused, and so are other data: a run knows classes, labels and pixels of its own.
package main
