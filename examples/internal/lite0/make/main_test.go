package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// sourceEnv names the file with the published weights, for those who have it.
const sourceEnv = "TENDRIL_LITE0_SOURCE"

// The embedded file is the one whose digest the program knows, and what the program makes of its
// own output and, where the environment tells where they are, of the published weights.
func TestEmbedded(t *testing.T) {
	file, err := io.ReadAll(lite0.Weights())
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(file)); sum != embedded {
		t.Errorf("the embedded file has SHA-256 %s, expected %s", sum, embedded)
	}
	sources := map[string]string{"itself": filepath.Join(t.TempDir(), "wide.safetensors")}
	if err := os.WriteFile(sources["itself"], widen(t, file), 0o644); err != nil {
		t.Fatal(err)
	}
	if path := os.Getenv(sourceEnv); path != "" {
		sources["published"] = path
	}
	for name, from := range sources {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "out.safetensors")
			if err := run(from, to); err != nil {
				t.Fatal(err)
			}
			if made, err := os.ReadFile(to); err != nil || !bytes.Equal(made, file) {
				t.Errorf("%d other bytes than the %d embedded ones, %v", len(made), len(file), err)
			}
		})
	}
}

// widen gives the numbers of a file as float32, with a batch counter that has to be passed over.
func widen(t *testing.T, file []byte) []byte {
	_, tensors, err := checkpoint.ReadSafetensors(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range tensors {
		data, ok := x.Float32s()
		if want := map[bool]string{true: "F16", false: "F32"}[len(x.Shape) > 1]; !ok || x.DType() != want {
			t.Errorf("tensor %q of shape %v has type %s, expected %s", name, x.Shape, x.DType(), want)
		}
		tensors[name] = checkpoint.Of(x.Shape, data)
	}
	tensors["_bn0.num_batches_tracked"] = checkpoint.Of(nil, []int64{1})
	var out bytes.Buffer
	if err := checkpoint.WriteSafetensors(&out, nil, tensors); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Matrices are rounded to the nearest half, vectors stay, and the order of the source has no part.
func TestRound(t *testing.T) {
	source := func(tensors map[string]checkpoint.Tensor) []byte {
		var out bytes.Buffer
		if err := checkpoint.WriteSafetensors(&out, map[string]string{"any": "thing"}, tensors); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	third := float32(1) / 3
	var out bytes.Buffer
	if err := round(&out, source(map[string]checkpoint.Tensor{
		"a": checkpoint.Of([]int{1, 2}, []float32{third, -2}),
		"b": checkpoint.Of([]int{2}, []float32{third, 1e9}),
	})); err != nil {
		t.Fatal(err)
	}
	_, tensors, err := checkpoint.ReadSafetensors(&out, int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := tensors["a"].Float32s()
	b, err := checkpoint.Get[float32](tensors, "b", 2)
	if err != nil || b[0] != third || a[0] != 0x1.554p-2 || a[1] != -2 {
		t.Errorf("got %v and %v, %v", a, b, err)
	}
	one := func(a checkpoint.Tensor) []byte { return source(map[string]checkpoint.Tensor{"a": a}) }
	for want, bad := range map[string][]byte{
		`"a": element 1 is 1e+09`: one(checkpoint.Of([]int{2, 1}, []float32{0, 1e9})),
		`"a": element 0 is NaN`:   one(checkpoint.Of([]int{1}, []float32{float32(math.NaN())})),
		`"a" has type F64`:        one(checkpoint.Of([]int{1}, []float64{1})),
		"corrupt":                 []byte("no weights"),
	} {
		if err := round(io.Discard, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected an error with %s", err, want)
		}
	}
}

// Other weights than the published ones are refused, and nothing is written.
func TestOtherWeights(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := checkpoint.WriteFileAtomic(from, func(w io.Writer) error {
		return checkpoint.WriteSafetensors(w, nil, map[string]checkpoint.Tensor{
			"a": checkpoint.Of([]int{1}, []float32{1})})
	}); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{"": "-from", from: "other weights", to: "out"} {
		if err := run(source, to); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("source %q: got %v, expected an error with %s", source, err, want)
		}
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("a file was written")
	}
}
