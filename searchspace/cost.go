package searchspace

// Cost counts what a network needs per image. Multiply-adds and parameters
// follow the convention of the published tables: convolution =
// Cin·Kh·Kw/groups·Cout·Hout·Wout, linear = in·out; bias, batch norm and
// activations are free; parameters include batch-norm affine pairs and
// biases, not running statistics.
type Cost struct {
	MAdds       int64 // ConvMAdds + LinearMAdds
	ConvMAdds   int64
	LinearMAdds int64
	Params      int64
	// ActivationTrain is the bytes of float32 activations that a training step
	// keeps per image: the output of every node.
	ActivationTrain int64
	// ActivationInfer is the peak of live float32 activation bytes per image
	// when nodes run in order and elementwise nodes work in place.
	ActivationInfer int64
}

// LayerCost is one row of the per-layer table of a Graph.
type LayerCost struct {
	Name    string
	Kind    string // "Conv2d", "BatchNorm2d" or "Linear"
	In, Out Shape
	MAdds   int64
	Params  int64
}

// Measurement is what an evaluation of an architecture found. It is stamped
// with the data stage and the version of the shared weights, because old
// measurements mislead once either moves.
type Measurement struct {
	Arch          Arch
	Accuracy      float64 // top-1, a fraction
	Loss          float64 // mean cross-entropy, nats
	Samples       int     // images evaluated
	Stage         int     // data stage (snapshot)
	WeightVersion uint64
	Recalibrated  bool // batch-norm statistics were gathered for this Arch
}
