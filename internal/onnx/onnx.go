// Package onnx writes a layer graph with its weights as an ONNX file (operator set 17), which other
// runtimes can run. The format is that of onnx.proto, https://onnx.ai/onnx/.
package onnx

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tendril-nas/tendril/searchspace"
)

// Options says what a file holds. The zero value is the smallest file.
type Options struct {
	KeepBatchNorm bool        // batch normalisations stay nodes of their own instead of being folded
	Features      bool        // output "features", [batch, q]
	Probabilities bool        // output "probabilities", [batch, classes]
	Metadata      [][2]string // keys and values
}

// Names of a node's tensors behind Node.Name.
const (
	weightSuffix = ".weight"
	biasSuffix   = ".bias"
)

// normSuffixes are the tensors of a batch normalisation: scale, shift, running mean and variance.
var normSuffixes = [...]string{weightSuffix, biasSuffix, ".running_mean", ".running_var"}

// ErrNotFinite reports weights that are finite only while batch normalisation is apart.
var ErrNotFinite = errors.New("weights are not finite")

// Encode is the content of a file, a ModelProto. Tensors are found by the names and have the
// layouts that PyTorch gives them: Node.Name and ".weight", ".bias", ".running_mean" or
// ".running_var"; convolutions [out][in/groups][k][k], linear layers [out][in].
func Encode(g *searchspace.Graph, tensors map[string][]float32, o Options) ([]byte, error) {
	graph, err := newWriter(g, tensors, o).graph()
	if err != nil {
		return nil, err
	}
	if len(graph) > math.MaxInt32-1<<20 {
		return nil, fmt.Errorf("graph of %d bytes, the format ends at 2 GiB", len(graph))
	}
	var file, opset message
	opset.text(1, "")
	opset.number(2, opsetVersion)
	file.number(1, irVersion)
	file.text(2, "tendril")
	file.sub(7, graph)
	file.sub(8, opset)
	for _, p := range o.Metadata {
		var entry message
		entry.text(1, p[0])
		entry.text(2, p[1])
		file = protowire.AppendBytes(protowire.AppendTag(file, 14, protowire.BytesType), entry)
	}
	return file, nil
}
