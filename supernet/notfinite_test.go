package supernet

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Nothing that is not finite gets into a file, and the file that is there stays.
func TestFilesRefuseWhatIsNotFinite(t *testing.T) {
	n, m := tinyNet(t, Elastic), tinyModel(t)
	ctx := t.Context()
	dir := t.TempDir()
	writers := map[string]func(path string) error{
		"net":         func(path string) error { return n.Save(ctx, path) },
		"model":       func(path string) error { return m.Save(ctx, path) },
		"safetensors": func(path string) error { return m.WriteSafetensors(ctx, path) },
		"onnx":        func(path string) error { return m.WriteONNX(ctx, path, nil) },
		"onnx apart":  func(path string) error { return m.WriteONNX(ctx, path, &ONNXOptions{KeepBatchNorm: true}) },
	}
	before := map[string][]byte{}
	for name, write := range writers {
		path := filepath.Join(dir, name)
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		before[name] = readFile(t, path)
	}
	healthy := map[*network]map[string][]float32{n.network: n.values(), m.network: m.values()}
	refuse := func(what string, refused map[string]bool) {
		t.Helper()
		for name, write := range writers {
			path := filepath.Join(dir, name)
			err := write(path)
			if errors.Is(err, ErrNotFinite) != refused[name] || (err != nil) != refused[name] {
				t.Errorf("%s, %s: %v, expected a refusal: %v", what, name, err, refused[name])
			}
			if refused[name] && !slices.Equal(readFile(t, path), before[name]) {
				t.Errorf("%s, %s: the file changed", what, name)
			}
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(writers) {
			t.Errorf("%s: %d files, expected %d (%v)", what, len(entries), len(writers), err)
		}
	}
	all := map[string]bool{"net": true, "model": true, "safetensors": true, "onnx": true, "onnx apart": true}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, key := range []string{"first_conv.conv.weight", "first_conv.bn.running_var", "classifier.linear.bias"} {
			for network := range healthy {
				spoil(t, network, key, v)
			}
			refuse(key, all)
			for network, values := range healthy {
				if err := network.setValues(values); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// Finite, but not once it is folded into the convolution.
	spoil(t, m.network, "first_conv.bn.running_var", -1)
	refuse("negative variance", map[string]bool{"onnx": true})
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
