// Package dataset reads labelled images, cuts views out of them, and serves them to training in
// shuffled, augmented, normalised batches.
//
// The smallest use:
//
//	train, test, err := dataset.OpenPair(ctx, "photos", &dataset.Options{Size: 32})
//	…
//	for batch, err := range dataset.Batches(ctx, train, dataset.LoaderOptions{Shuffle: true}) {
//		…
//	}
//
// [Open] recognises image folders, tars of images, the binary files of CIFAR and the IDX files of
// the MNIST family. [Fraction], [Split], [ByClass], [KeepClasses], [Subset], [Shuffle], [Relabel]
// and [Concat] make views that share the pixels of what they are made from; growing data, as in the
// paper's two scenarios, are views of one set: [Fraction] grows the volume, [ByClass] the label
// space. Anything with the five methods of [Dataset] can be used in place of the sets made here.
// [Source] says which file an image was read from, [PreparationOf] how images were made square.
// [Decode] reads one image file as the readers do.
//
// # Data that come in over time
//
// A [Growing] takes images as they come, batch by batch and with classes that nobody announced,
// bounds how many are kept, hands out snapshots that do not change, and is saved to a folder that
// survives a kill. Reading an image of a snapshot costs the same however many batches there were.
//
// # Classes
//
// Labels are numbers, and names say what they mean. A folder numbers its classes by name, so that
// one more folder moves the numbers of others; networks of package supernet therefore match data by
// name. [Options].KnownClasses and [MergeClasses] keep the numbers too: classes that are known stay
// where they are, new ones follow.
//
// # When not to use it
//
// Images are decoded once and kept in memory, one byte a channel: 50 000 images of 32 pixels take
// 150 MB, 100 000 of 224 pixels would take 15 GB. For sets that do not fit, implement Dataset over
// your own storage. Masks, boxes, several labels an image, sound and text are outside its scope.
//
// # Concurrency and determinism
//
// Datasets do not change and are safe for concurrent use; a Growing changes and is too. Every
// random choice is drawn from a stream of its own, so views and batches have the same bits for any
// number of workers and processors. Images are numbered by class name, then path, whatever the
// order on disk.
//
// # Damaged data
//
// Truncated, corrupt and mislabelled files give an error that names the file, the archive entry and
// the offset ([FileError]); they never panic, and memory is bounded by [Options] whatever a header
// announces.
//
// The two scenarios are those of: Niu et al., "AdaXpert: Adapting Neural Architecture for Growing
// Data", ICML 2021, section 5.
package dataset
