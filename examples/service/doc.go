// Command service is a classifier that adapts its architecture while it serves: a program to copy
// into services of one's own. It answers requests without a pause, while labelled batches arrive,
// are measured, and now and then lead to another architecture, which is trained beside the one in
// service, compared with it, and swapped in.
//
//	go run ./examples/service                   a demonstration on embedded images, about a minute
//	go run ./examples/service -pretrained       from weights that have seen ImageNet, some minutes
//	go run ./examples/service -listen :8080     the demonstration, and it answers requests
//	go run ./examples/service -state DIR -listen :8080 -admin 127.0.0.1:8081
//	                                            a service: batches come from outside, DIR keeps it
//
// Type Service is the part to embed; what is around it is a program of the usual kind. The flags
// say what else can be chosen, function config in main.go holds what suits the embedded images.
//
// # Clients
//
// Address -listen has these, with bounds on bytes, pixels and time:
//
//	POST /          an image; ?k=3 is how many classes the answer has, best first
//	GET  /healthz   200 when a model serves, else 503
//
//	curl --data-binary @image.png 'http://localhost:8080/?k=2'
//	{"classes":[{"class":8,"name":"Bag","probability":0.97},{"class":6,"name":"Shirt","probability":0.02}]}
//
// # The operator
//
// Address -admin has no locks of its own, so it belongs where nobody else comes:
//
//	POST /batch     a tar, plain or packed with gzip, of class folders with images. It is kept until
//	                its turn comes (202), refused when it is no such tar (422) or too large (413), and
//	                when -queue batches wait already (503, to be sent again later)
//	POST /rollback  puts the previous model back, and ends an adjustment under way; a second one puts
//	                the other model back. 409 when there is none
//	GET  /metrics   a JSON object, as package expvar writes it, counted from the start: requests,
//	                errors, batches, images, adjustments, swaps, refusals, failures, rollbacks,
//	                seconds by phase; and of now: h and d of the last reading, madds and
//	                reference_accuracy of the serving model
//	GET  /healthz   as above
//
//	tar c cat dog | curl --data-binary @- http://localhost:8081/batch
//
// Classes need no announcement: a batch with new ones adds them, and the numbers of the others
// stay. The share HeldOut of each class is never trained on; on it architectures are judged.
//
// # The state directory
//
//	state.json             which of the files below belong together, and every small number
//	model-N.ckpt           networks: the one in service, and the one before
//	base-N, *-now-N.ckpt   moments of features: of what each was trained on, and of all that came
//	supernet-N.ckpt        the weights that all architectures share
//	train-N, held-N.ckpt   folders of images, of all for a start and of each batch since
//	expert.ckpt            Algorithm 1, its policy, and an adjustment under way
//	NAME-BATCH.part        trainings under way
//	queue/batch-N.tar      batches that wait
//
// New files get new names, and then state.json, a few hundred bytes, is replaced in one step. So a
// kill at any moment leaves a state, and the next start goes on from it: in the middle of a
// training or a search, and to the same bits as without the kill (on the same kind of processor).
// It removes what the kill left half done. One process at a time may have a directory, and without
// -admin no directory of batches that came from outside.
//
// SIGTERM and Ctrl-C end the program in order: requests in flight are answered, trainings are
// saved, and the exit code is 143 or 130.
//
// # When something goes wrong
//
// A port that is taken ends the program before anything is trained, and a listener that fails ends
// it later. A training that diverges leaves the old model in service; the batch stays part of the
// data, and the next one is answered together with it. A batch that cannot be written waits.
package main
