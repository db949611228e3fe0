// Command nasoa builds a zoo of networks that train fast, and fine-tunes the one of them that suits
// a task, in the way that suits it, within a time limit.
//
//	go run ./examples/nasoa -out RESULT                     # the embedded Fashion-MNIST images
//	go run ./examples/nasoa -quick                          # everything once, in under a minute
//	go run ./examples/nasoa -data DIR -more DIR2,embedded -out RESULT
//	go run ./examples/nasoa -resume -out RESULT             # goes on with a run that was stopped or killed
//	go run ./examples/nasoa -from RESULT -task PHOTOS -limit 60s -out ANSWER
//	go run ./examples/nasoa -run stream -from RESULT -random 1000 -chosen 0 -out LOG
//
// The method is that of
//
//	H. Xu, N. Kang, G. Zhang, C. Xie, X. Liang, Z. Li: NASOA: Towards Faster Task-oriented Online
//	Fine-tuning with a Zoo of Models. ICCV 2021.
//
// # The zoo
//
// NSGA-II searches the space of ET-NAS, first for blocks, then for macro layouts of the blocks
// found, for accuracy after a short training and for the time of a training step, which is measured
// while the search does nothing else. Networks of its front (-candidates) are pretrained on some
// classes of -data and measured; those of them that are best after that (-models) are put into the
// folder zoo of -out.
//
// # Tasks
//
// Tasks are made of what no model has seen: the other classes of -data, and the data sets of -more.
// For the first tasks of the stream (-random) model, learning rate, frozen stages and number of
// steps are drawn, without a clock: with the same zoo they are the same each time. For the others
// (-chosen) there is a time limit, for everything from making the task to judging the model, and
// the schedule generator of package predictor chooses; training comes down in time when steps take
// longer than was thought. The generator learns from every outcome. Tasks whose limit nothing fits
// are refused, and the least limit that would do is said.
//
// # An answer
//
// -task fine-tunes a model of a zoo that is there (-from) on images of the user's within -limit,
// which counts from the start of the program: reading images is part of it. Every class needs some
// images; where there is no test part, 15 % of each class are set apart as one, on which the model
// is judged. The folder of -out gets model.ckpt, for supernet.LoadModel, and model.onnx. The
// generator beside the zoo learns from the outcome. Where there is none, because -run was zoo, one
// begins; -pretaught has it learn the log of a stream first. Nothing is tried out on the user's
// time: -explore 1 ranks regimes as in the stream.
//
// What is foretold, and how surely, comes from tasks that were seen: a zoo of clothes, taught by
// tasks of clothes, promises too much of photographs. Build the zoo on images like those to come,
// and give the stream tasks of several kinds (-more).
//
// # Output
//
// The program prints every outcome: what was done, the accuracy that was foretold and the true one,
// the time that it took against the limit; at the end, the zoo and how well several learners would
// have foretold the outcomes. With -out, the folder gets
//
//	zoo             the models, for zoo.Open
//	generator       the schedule generator, for predictor.LoadGenerator
//	library.json    what belongs to the zoo: prototypes of classes, the settings of fine-tuning
//	outcomes.csv    a line for each task
//	front.svg       accuracy and time of a step, of the search and of the zoo
//	alpha.svg       weights of the layers of the paper's predictor over the stream
//	alpha-ours.svg  those of the one that chooses
//	error.svg       error of what learners foretold over the stream
//	report.txt      what was printed at the end
//	report.json     the same for programs, as by -json
//
// and the state that -resume goes on with. A run that was stopped by Ctrl-C (exit code 130) or by
// SIGTERM (143) says how; one that was killed goes on with the same command. What was measured or
// fine-tuned before is not done again. With other images, another zoo in -from or another log in
// -pretaught than it began with a run does not go on.
package main
