package supernet

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// damage turns one bit at a fraction of the file's length.
func damage(t *testing.T, path string, at float64) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[int(at*float64(len(data)-1))] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSaveLoadNet checks that a supernet comes back whole.
func TestSaveLoadNet(t *testing.T) {
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n, err := New(tinySpace(t), &Options{Sharing: sharing, Seed: 5, Normalization: dataset.Normalization{Std: [3]float32{1, 2, 3}}, Fit: dataset.FitPad})
		if err != nil {
			t.Fatal(err)
		}
		if err := n.GrowClasses(t.Context(), Unnamed(6)...); err != nil {
			t.Fatal(err)
		}
		jitter(t, n.network, 1)
		n.SetStage(4)
		path := filepath.Join(t.TempDir(), "net")
		if err := n.Save(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		sameValues(t, got.values(), n.values())
		if got.Sharing() != sharing || got.Classes() != 6 || got.WeightVersion() != n.WeightVersion() || got.Stage() != 4 ||
			got.seed != 5 || got.norm != n.norm || got.fit != n.fit || !got.Space().Spec().Equal(n.Space().Spec()) {
			t.Errorf("loaded %v with %d classes, version %d, stage %d", got.Sharing(), got.Classes(), got.WeightVersion(), got.Stage())
		}
		if _, err := LoadModel(path, nil); !errors.Is(err, checkpoint.ErrKind) {
			t.Errorf("a supernet loaded as a model: %v", err)
		}
	}
}

// TestSaveLoadModel checks that a model comes back whole and classifies the same.
func TestSaveLoadModel(t *testing.T) {
	space := tinySpace(t)
	a := sample(t, space, 3)
	m, err := NewModel(space, a, &Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, m.network, 1)
	path := filepath.Join(t.TempDir(), "model")
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	got, err := LoadModel(path, &Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got.Arch() != a || got.Classes() != 4 {
		t.Errorf("loaded %v with %d classes", got.Arch(), got.Classes())
	}
	sameValues(t, got.values(), m.values())
	b := firstBatch(t, stripes(t, 3, 16, 1), 3)
	if x, y := outputs(t, got.network, got.prog, b), outputs(t, m.network, m.prog, b); !close32(x, y, 0) {
		t.Errorf("logits %v, expected %v", x, y)
	}
	for _, at := range []float64{0, 0.01, 0.3, 0.9999, 1} {
		bad := filepath.Join(t.TempDir(), "bad")
		copyFile(t, path, bad)
		damage(t, bad, at)
		if _, err := LoadModel(bad, nil); !errors.Is(err, checkpoint.ErrCorrupt) {
			t.Errorf("damaged at %v: %v, expected ErrCorrupt", at, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{0, 7, 100, info.Size() / 2, info.Size() - 1} {
		cut := filepath.Join(t.TempDir(), "cut")
		copyFile(t, path, cut)
		if err := os.Truncate(cut, n); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadModel(cut, nil); !errors.Is(err, checkpoint.ErrCorrupt) {
			t.Errorf("cut to %d bytes: %v, expected ErrCorrupt", n, err)
		}
	}
	if _, err := LoadModel(filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// TestSafetensors writes weights for PyTorch and reads them back, and checks what a strict reader
// says.
func TestSafetensors(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 1)
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := m.WriteSafetensors(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	tensors := readTensors(t, path)
	values := m.values()
	// One number of each layout, found by hand: OIHW against HWIO, and [out][in] against [in][out].
	const stem, linear = "first_conv.conv.weight", "classifier.linear.weight"
	out, in := 8, 3
	if got, want := tensors[stem].Data.([]float32)[((5*in+2)*3+1)*3+2], values[stem][((1*3+2)*in+2)*out+5]; got != want {
		t.Errorf("%s[5,2,1,2] is %v, expected %v", stem, got, want)
	}
	q := m.FeatureLen()
	if got, want := tensors[linear].Data.([]float32)[3*q+7], values[linear][7*4+3]; got != want {
		t.Errorf("%s[3,7] is %v, expected %v", linear, got, want)
	}
	if tensors["blocks.0.conv.depth_conv.bn.running_var"].Data == nil {
		t.Error("no running statistics in the file")
	}

	other := tinyModel(t)
	version := other.WeightVersion()
	if err := other.ReadSafetensors(t.Context(), path, nil); err != nil {
		t.Fatal(err)
	}
	sameValues(t, other.values(), values)
	if other.WeightVersion() == version {
		t.Error("the weight version did not move")
	}

	delete(tensors, stem)
	tensors["first_conv.bn.num_batches_tracked"] = checkpoint.Of(nil, []int64{12})
	tensors["surprise"] = checkpoint.Of([]int{1}, []float32{1})
	tensors[linear] = checkpoint.Of([]int{1, 2}, []float32{1, 2})
	writeTensors(t, path, tensors)
	err := other.ReadSafetensors(t.Context(), path, nil)
	if !errors.Is(err, ErrWeights) {
		t.Fatalf("got %v, expected ErrWeights", err)
	}
	for _, part := range []string{"missing: " + stem, "unexpected: surprise", "misshapen: " + linear, "[1 2]", "[4 320]"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	if strings.Contains(err.Error(), "num_batches_tracked") {
		t.Errorf("batch counters must be passed over: %v", err)
	}
	sameValues(t, other.values(), values)
}

func readTensors(t testing.TB, path string) map[string]checkpoint.Tensor {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	_, tensors, err := checkpoint.ReadSafetensors(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return tensors
}

func writeTensors(t *testing.T, path string, tensors map[string]checkpoint.Tensor) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := checkpoint.WriteSafetensors(f, nil, tensors); err != nil {
		t.Fatal(err)
	}
}

// TestLoadWrongWeights checks a file whose tensors do not fit its own description.
func TestLoadWrongWeights(t *testing.T) {
	m := tinyModel(t)
	path := filepath.Join(t.TempDir(), "model")
	meta := m.meta()
	meta.Arch = m.space.Format(m.space.Largest())
	if err := m.write(path, modelKind, meta); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadModel(path, nil); !errors.Is(err, ErrWeights) {
		t.Errorf("got %v, expected ErrWeights", err)
	}
	meta.Arch = "nonsense"
	if err := m.write(path, modelKind, meta); err != nil {
		t.Fatal(err)
	}
	var syntax *searchspace.SyntaxError
	if _, err := LoadModel(path, nil); !errors.As(err, &syntax) {
		t.Errorf("got %v, expected a SyntaxError", err)
	}
}

// TestLoadUnusableWeights: numbers that no network can have are refused by name.
func TestLoadUnusableWeights(t *testing.T) {
	m, n := tinyModel(t), tinyNet(t, Elastic)
	path := filepath.Join(t.TempDir(), "saved")
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), -1} {
		for kind, n := range map[string]*network{modelKind: m.network, netKind: n.network} {
			values := n.values()
			key := n.store.place(m.prog.norms[0], kindVar).key
			values[key][1] = bad
			tensors := make(map[string]checkpoint.Tensor)
			for key, data := range values {
				tensors[key] = checkpoint.Of(n.store.byKey[key].dims(), data)
			}
			meta := n.meta()
			meta.Arch, meta.Sharing = m.space.Format(m.arch), Elastic.String()
			if err := checkpoint.Write(path, kind, fileVersion, &meta, tensors); err != nil {
				t.Fatal(err)
			}
			_, err := LoadModel(path, nil)
			if kind == netKind {
				_, err = Load(path, nil)
			}
			if !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), key+`": number 1 is`) {
				t.Errorf("%s with a variance of %v: %v", kind, bad, err)
			}
		}
	}
}

// TestSaveNowhere checks that a failed write is reported.
func TestSaveNowhere(t *testing.T) {
	m := tinyModel(t)
	nowhere := filepath.Join(t.TempDir(), "missing", "file")
	if err := m.Save(t.Context(), nowhere); err == nil {
		t.Error("saved into a missing directory")
	}
	o := short(1)
	o.Checkpoint = nowhere
	if _, err := m.Train(context.Background(), stripes(t, 32, 16, 1), o); !errors.Is(err, errNotSaved) {
		t.Errorf("got %v, expected an error about the checkpoint", err)
	}
}
