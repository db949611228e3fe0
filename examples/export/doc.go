// Command export trains one network per search space for a few steps on real images and writes it
// in the forms that other programs read:
//
//	go run ./examples/export -out out/export
//
// Every network gets a folder of its own with
//
//	model.onnx          batch norms folded into convolutions
//	unfolded.onnx       batch norms as nodes of their own
//	model.safetensors   weights and statistics under PyTorch's names
//	images.npy          test images, bytes [n, size, size, 3]
//	probabilities.npy   what the network says about them, [n, classes]
//	features.npy        the inputs of its classifier, [n, q]
//	photo0.png, …       images of other shapes
//	photos.npy          what the network says about these, [4, classes]
//
// check.py reads all of it with onnx, onnxruntime and safetensors and compares; classify.py is how
// other programs prepare photos, from what the metadata of the ONNX file say:
//
//	python3 -m pip install -r examples/export/requirements.txt
//	python3 examples/export/check.py out/export
//	python3 examples/export/classify.py out/export/resnet18/model.onnx photo.jpg
package main
