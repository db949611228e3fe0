// Package zoo keeps trained models in a folder, with what is known of each: accuracy, the time of a
// training step and of classification by batch size, image size and frozen stages, multiply-adds,
// parameters, names of classes. It is the model zoo of NASOA, out of which a schedule generator
// picks a model to fine-tune, and the evaluator of the search that fills it.
//
//	H. Xu, N. Kang, G. Zhang, C. Xie, X. Liang, Z. Li: NASOA: Towards Faster Task-oriented Online
//	Fine-tuning with a Zoo of Models. ICCV 2021.
//
// A zoo opens by its index alone, in milliseconds whatever it holds. [Load] maps the weights of one
// model into memory, compares them with the digest in the index and hands them to a [Loader], which
// makes a model of them; [LoadFor] makes it one for other classes. With package supernet:
//
//	z, err := zoo.Open("models", nil)
//	err = z.Add(ctx, zoo.Entry{Name: "small", Data: "CIFAR-10", Accuracy: 0.91, Samples: 10000}, model)
//	load := func(ctx context.Context, e zoo.Entry, w *io.SectionReader) (*supernet.Model, error) {
//		return supernet.ReadModel(w, w.Size(), nil)
//	}
//	mine, err := zoo.LoadFor(ctx, z, "small", load, train.Classes()...)
//	_, err = mine.Train(ctx, train, &supernet.TrainOptions{FrozenStages: zoo.Frozen(2)})
//
// [Zoo.AddFile] takes weights that others have trained, a safetensors file: File.Kind is "" then,
// and supernet.Pretrained is what makes a model of them. [Published] are ET-NAS-A to ET-NAS-L, with
// the figures of their authors and without weights. [Front] picks the models that no other beats.
//
// # Searching for a zoo
//
// NASOA looks for architectures that train fast: NSGA-II on accuracy after a short training and the
// time of a training step, first over blocks ([searchspace.ETNASBlockOperators]), then over macro
// layouts of the blocks found. [Evaluator] measures both; times are taken while the search's other
// evaluations pause. The search itself is package evolution's, with the genes of
// [searchspace.ETNASGenes].
//
// # What is on the disk
//
// The index is a checkpoint with a digest of its own, replaced atomically. Weights are safetensors
// files, called by their SHA-256 digest and never changed in place: a process that was killed, or
// another one at work, leaves the zoo as it was before or after a change, and two entries with the
// same weights share a file. Who changes a zoo locks it; a second one gets [ErrInUse].
//
// # Concurrency
//
// A [Zoo] is safe for concurrent use. Entries are copies.
//
// # When not to use it
//
// For one model a file is enough (supernet.Model.Save). A zoo is for one machine's disk: on a
// network file system without locks two processes must not change it at the same time, and a mapped
// file that another machine cuts short ends the process that reads it.
package zoo
