// Package supernet trains all networks of a search space at once, on shared weights, and turns any
// of them into a standalone model.
//
// A [Net] holds the weights of a [searchspace.Space]. It trains the sub-networks that a [Sampler]
// names, judges any of them with the weights that it inherits, and extracts the chosen one as a
// [Model], which can be trained further, saved, and asked about single images:
//
//	net, err := supernet.New(space, nil)
//	_, err = net.Train(ctx, train, &supernet.TrainOptions{Epochs: 30, BatchSize: 64, LR: 0.05})
//	judge, err := net.On(val, &supernet.EvalOptions{Calibration: train})
//	m, err := judge.Evaluate(ctx, arch)      // accuracy with inherited weights
//	model, err := judge.Extract(ctx, arch)   // a network of its own
//	_, err = model.Train(ctx, train, &supernet.TrainOptions{Epochs: 10, Checkpoint: "retrain.ckpt"})
//	label, probabilities, err := model.Classify(img)
//
// # Weight sharing
//
// [Elastic] keeps one tensor per site, of which smaller sub-networks use a part: the centre of a
// kernel, the first channels, the first layers of a stage (Once-for-all without its kernel
// transforms). [SinglePath] keeps one block per site and candidate, as the code published with
// AdaXpert does. Both are small schemes that say which tensor and which range of channels a layer
// uses; the rest of the package does not know which one is at work.
//
// # A training step
//
// A step of a training is a list of passes: each a sub-network, or a relaxed architecture, with the
// weights of its labels and of its [Teacher]. Their gradients add up, and one update follows. A
// [Sampler] names them: [Uniform] draws one sub-network, [Several] joins draws, [Sandwich] lets the
// largest teach others, [NewSampler] makes a function one. [ClassMasks] take classes out of the
// softmax image by image ([SuperclassDropout]). A [Model] is its own only pass and takes the same
// teachers and masks.
//
// # Progressive shrinking
//
// [Net.Shrink] trains a supernet as Once-for-all and EAS do: the largest network first, then
// kernels, depths and widths become free, one after the other, while the largest network teaches
// and the most important channels come first ([Net.SortChannels]). [ShrinkPhases] says which
// restrictions of a space follow each other, for how long and at which rates; each is a training as
// above.
//
// # Superclasses
//
// Masks of [SuperclassDropout] prepare a supernet for questions about few of its classes at a time.
// [Judge.Among] and [RelaxedLoss.Among] ask them, with the logits of these classes alone, and share
// images and statistics with those that they come from, so that many architectures are judged on
// many superclasses at the cost of judging each on all images. Judge.Among(…).Extract gives a model
// for these classes alone, to be exported or trained on.
//
// # Classes
//
// A network knows its classes by name: those of [Options].Classes, or else those of the first data
// that it trains on, if they are as many as it has. Names travel with the weights, into files and
// exports. The classifier is matched by them: [Net.GrowClasses] and [Model.GrowClasses] append the
// unknown ones of a list, [Model.WithClasses] makes a model for some of them, or for others.
//
// Data are matched by name too, wherever they come in, and so is a [Teacher]: a data set may number
// its classes in any order, and have only some, without any difference to the result. Images of
// classes that the network does not know are an error in training; where they are judged, they
// count as wrong, and [searchspace.Measurement].Unknown and a warning say how many they are.
// Numbers of classes in options and results ([EvalOptions].Classes, what [ClassMasks] see, labels
// that [Model.Predict] hands out) are those of the network.
//
// Where nobody knows the names of a network's classes ([Unnamed]), and where those of a data set do
// not tell classes apart (some are empty, or the same), labels are numbers; every such call says so
// once in the log.
//
// # Morphing
//
// [Model.Morph] makes a model of another architecture of the space that goes on where a trained one
// is: with its weights wherever layers correspond, and with the same function where the network
// grows, classes included. Weights of a [Net] fill what is new. [Model.PlanMorph] says beforehand
// what becomes of every layer, what it costs and whether the function stays.
//
// [Net.Inherit] is the same for all networks at once: a supernet takes the weights of a trained
// model, so that the sub-network of the model's architecture and larger ones have its function, and
// smaller ones begin with the part of it that counts most. Training goes on from there with the
// model as [Teacher].
//
// # Models that learn from each other
//
// A [WeightStore] holds what models of a family of spaces leave: each writes the slice of its
// layers, operations and channels, and reads that of those before it. A [TrainEvaluator] judges the
// architectures of a search so: trained for an epoch, each from the weights of all before it, in an
// order that does not depend on the number of workers (EAT-NAS).
//
// # Fine-tuning
//
// A network that was trained on other images learns new ones from what it knows.
// [Model.FitClassifier] gives it the best linear classifier on its features, in one pass over the
// images. [TrainOptions].FrozenStages and Rate say which layers then stay and which learn slowly:
// stages frozen at the beginning cost a forward pass only, and [MorphReport.Rate] is for a network
// that has grown.
//
// Batch normalisations are the hard part. Statistics of a few small pictures are far from those of
// ImageNet, and with them a network loses much of what it knows: on CIFAR-10 at 64 pixels a linear
// classifier on EfficientNet-Lite0's features is right on 65 % with the published statistics and on
// 49 % with those of the images. [PretrainedReport.Rate] with norms 0 keeps them in training, at a
// lower learning rate; [MorphOptions].KeepOffset keeps what they differ by when a morph changes
// them.
//
// # Batch normalisation
//
// Running statistics gathered while all sub-networks train suit none of them, and judging with them
// is the usual reason why an inherited accuracy looks like chance. [Judge.Evaluate] and
// [Net.Extract] therefore gather the statistics of the sub-network first: reset, then the average
// over 2000 training images without augmentation. That touches no shared weight. It costs a forward
// pass over those images; EvalOptions says how to do with fewer, or without.
//
// # Relaxed architectures
//
// [Net.Relax] makes one network of all those of a space, with a real number for every choice:
// mixtures and gates are both rows of a [searchspace.Relaxed]. [RelaxedLoss.Gradient] is its loss
// on some images and the gradient in the rows, exact where they are 0 and 1; the cost of the same
// rows is [searchspace.CostModel.Expected].
//
// [Net.Mixture] trains weights and rows in turn, as DA-NAS does: each step with the rows that a
// source gives, which may learn from gradients between steps and whose state lies in the checkpoint
// of the weights. [Mixture.Narrow] takes choices and classes away. What is gone, or has an entry of
// 0, costs no time and no memory. [Mixture.StepBytes] says what is left.
//
// # Published weights
//
// [Pretrained] makes a model with weights that others have trained, from a safetensors file: with
// the names of PyTorch's torchvision, of timm or of the public PyTorch port of EfficientNet, or any
// that a [WeightLayout] leads to the model's; a new classifier takes the place of the old where
// classes are others. What does not fit is an error. [Model.WriteSafetensors] and
// [Model.ReadSafetensors] connect a model with other programs, the second under other names, too.
//
// # Judging and timing
//
// [Judge.EvaluateRange] and [Judge.EvaluateBatch] judge on some of the images, for races between
// sub-networks and for fresh batches; the statistics of the last sub-networks are kept, so that
// only these images cost. [Model.Predict] and [Judge.Predict] give probabilities;
// EvalOptions.Classes asks about some classes only. [Model.TimeStep] and [Model.TimeInference]
// measure one network, [MeasureLatency] a table that predicts all networks of a space.
//
// # Time and memory
//
// Everything runs on the CPU, in parallel over GOMAXPROCS processors. Training memory is the
// activations of one batch of the largest sub-network drawn, and four times the weights (value,
// gradient, momentum, and a copy for the case of divergence). Those who train large networks on
// millions of large images should use a framework with accelerators; export with
// [Model.WriteSafetensors] connects the two.
//
// # Interruptions
//
// A long call ends soon after its context does, and returns what it has with the error. With
// TrainOptions.Checkpoint a training that was stopped or killed goes on where its file says, and
// ends with the same bits as one that nobody interrupted.
//
// # Divergence
//
// Too high a learning rate makes losses or weights NaN or infinite. A training then ends with
// [ErrNotFinite], and the network gets back the best weights that were validated; without
// validation those of the last finished epoch; in the first epoch those that it began with. Weights
// that were on their way to infinity already do not count ([TrainOptions] says which). The
// optimiser starts anew: the network answers, and trains again as any other with these weights
// would. Weights and running statistics are looked through at the end of every epoch, since they
// can be lost without a sign in the loss, and so is what Save, WriteONNX and WriteSafetensors are
// asked to write: none of them writes what is not finite.
//
// # Concurrency and determinism
//
// Methods of a Net and of a Model may be called from several goroutines. Those that train, judge,
// grow or save take turns; [Model.Classify] runs beside them, between two steps of a training.
// Results depend on seeds, options and data, not on GOMAXPROCS or Workers; their bits may differ
// between kernel paths ([Net.KernelPath]), which follow the features of the CPU, and plain Go gives
// other bits on processors where Go fuses multiply and add (arm64, ppc64, riscv64, s390x): the path
// names the processor where it is not amd64, and "+fma" for GOAMD64=v3.
//
// # Source
//
// AdaXpert: Niu et al., "AdaXpert: Adapting Neural Architecture for Growing Data", ICML 2021,
// section 3 and the published code. Weights that models leave to each other: Fang et al., "EAT-NAS:
// Elastic Architecture Transfer for Accelerating Large-scale Neural Architecture Search", 2019.
// Superclasses: Liu et al., "Rapid Elastic Architecture Search under Specialized Classes and
// Resource Constraints" (EAS). Elastic sharing and progressive shrinking: Cai et al.,
// "Once-for-All: Train One Network and Specialize it for Efficient Deployment", ICLR 2020.
// Morphing: Chen, Goodfellow, Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", ICLR
// 2016; see [Model.Morph] for what differs.
package supernet
