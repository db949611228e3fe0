// Command eas trains one network for classes in groups, and a generator that answers at once which
// part of it suits a group and a budget, as EAS does.
//
//	go run ./examples/eas                       # on the embedded Fashion-MNIST images
//	go run ./examples/eas -quick                # everything once, in under a minute
//	go run ./examples/eas -data TINY -out run   # on Tiny ImageNet, for example
//	go run ./examples/eas -resume -out run      # goes on with a run that was stopped or killed
//	go run ./examples/eas -resume -out run -query "insect:4M,insect:8M,dog+insect:6M"
//	go run ./examples/eas -resume -out run -query "insect:4M" -extract networks
//	go run ./examples/eas -data DIR -superclasses groups.json
//	go run ./examples/eas -data TINY -latency table.json -out run
//
// The method is that of Liu et al., "Rapid Elastic Architecture Search under Specialized Classes
// and Resource Constraints"; see package generator for the generator, supernet.Net.Shrink for the
// training and supernet.SuperclassDropout for what drops superclasses.
//
// # What it does
//
// Classes are grouped into superclasses. A supernet learns to tell all classes apart by progressive
// shrinking, the largest network first; while the others learn from it, superclasses that are not
// an image's own leave its softmax at random (-drop). Then every method answers the same scenarios,
// each superclass with each budget:
//
//	eas        the generator, of several architectures that it draws the best
//	eas-one    its most probable architecture, which needs no image
//	multipath  a generator with a softmax over candidates
//	eas-v      a generator for all superclasses together
//	ofa-t      evolution by a predictor of accuracies, for each superclass
//	ofa-v      the same for all superclasses together
//	random-n   the best of as many random architectures as the others choose from
//	random     one random architecture
//
// -methods takes some of them. Every architecture is within its budget. Images are divided into
// those that the supernet learns from, those that generators and predictors learn from, those that
// choose among the few architectures that a method proposes, and those of the test, which nothing
// else sees. An architecture is right about an image if, of the classes of its superclass, the
// image's own has the highest logit. Accuracies are means over superclasses of equal weight.
//
// With -headroom the program says first what there is to be found: by how much architectures of one
// cost differ, in general and by superclass, once the noise is taken out that the sample of images
// makes.
//
// # Superclasses and budgets
//
// The program knows ten superclasses of six classes of Tiny ImageNet, by their WordNet numbers, and
// three of the embedded images. -superclasses names a file for others, a JSON object from class
// names to names of superclasses; classes that it does not name are left out. There are at least
// two superclasses, of at least two classes each, whose names have no comma and no plus sign.
//
// Budgets are multiply-adds, written 4.5M. With -latency they are milliseconds by a table that
// examples/latency has measured for the same space, written 0.8ms:
//
//	go run ./examples/latency -space mobilenetv3 -width 0.35 -stem-stride 1 -size 32 -classes 60 \
//		-table table.json
//
// # Queries
//
// -query asks the generator that a run has left in -out, in a process of its own, which takes well
// below a millisecond after loading: superclass, colon, budget; several superclasses joined by +
// are asked as their union. It does not read the images. -extract does, and writes the networks of
// the answers as ONNX files with the classes of their superclasses alone.
//
// # Output
//
// The program prints what it finds as it goes and tables at the end. With -out, the folder gets
//
//	accuracy.svg             accuracy against cost, a curve for each method, mean over superclasses
//	accuracy-SUPERCLASS.svg  the same for each superclass
//	similarity.svg           how alike the architectures of superclasses are, by budget
//	break-even.svg           time of each method against the number of scenarios
//	report.txt               what was printed at the end
//	report.json              everything, as by -json; accuracies are fractions
//
// and the supernet, the generators and the state that -resume goes on with. A run that was stopped
// by Ctrl-C (exit code 130) or by SIGTERM (143) says how; one that was killed goes on with the same
// command and ends with the same bits as one that nobody stopped. Other settings are refused, and
// so are other images, superclasses and latencies.
//
// # Settings
//
// The defaults stand in one table, Default of internal/eas, with those for embedded images and for
// -quick beside it; -help lists them with the flags that change them. Epochs of the supernet are
// those of its largest network, and again those of all others together.
package main
