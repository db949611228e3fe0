package supernet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// published is a small network of 4 classes with weights of its own, and what its file holds.
func published(t testing.TB) (*Model, map[string]checkpoint.Tensor) {
	t.Helper()
	space, err := searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{Width: 0.25, Depth: 0.5, InputSize: 24, Classes: 4,
		DepthRange: -1, Kernels: []int{3}, Expands: []int{6}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(space, space.Largest(), &Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, m.network, 2)
	tensors, err := m.foreign()
	if err != nil {
		t.Fatal(err)
	}
	return m, tensors
}

// encoded is a file.
func encoded(t testing.TB, metadata map[string]string, tensors map[string]checkpoint.Tensor) *bytes.Reader {
	t.Helper()
	var buf bytes.Buffer
	if err := checkpoint.WriteSafetensors(&buf, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(buf.Bytes())
}

// retitled is tensors under other names.
func retitled(tensors map[string]checkpoint.Tensor, name func(string) string) map[string]checkpoint.Tensor {
	out := make(map[string]checkpoint.Tensor, len(tensors))
	for key, t := range tensors {
		out[name(key)] = t
	}
	return out
}

// inTimm is timm's name of a tensor of the small network, whose stages have 1, 1, 1, 2, 2, 2 and 1
// layers.
func inTimm(name string) string {
	stages := []string{"0.0", "1.0", "2.0", "3.0", "3.1", "4.0", "4.1", "5.0", "5.1", "6.0"}
	block := regexp.MustCompile(`^_blocks\.(\d+)\._(\w+)\.`)
	m := block.FindStringSubmatch(name)
	if m == nil {
		return strings.NewReplacer("_conv_stem", "conv_stem", "_bn0", "bn1", "_conv_head", "conv_head", "_bn1", "bn2", "_fc", "classifier").Replace(name)
	}
	n, _ := strconv.Atoi(m[1])
	parts := map[string]string{"expand_conv": "conv_pw", "bn0": "bn1", "depthwise_conv": "conv_dw", "bn1": "bn2", "project_conv": "conv_pwl", "bn2": "bn3"}
	if n == 0 {
		parts = map[string]string{"depthwise_conv": "conv_dw", "bn1": "bn1", "project_conv": "conv_pw", "bn2": "bn2"}
	}
	return "blocks." + stages[n] + "." + parts[m[2]] + "." + name[len(m[0]):]
}

// Whatever a file calls the weights, and in whatever floats it has them, the model is the one that
// they come from.
func TestPretrained(t *testing.T) {
	m, tensors := published(t)
	values := m.values()
	for _, c := range []struct {
		title, layout string
		name          func(string) string
	}{
		{"own", "own", func(s string) string { return s }},
		{"parallel", "own", func(s string) string { return "module." + s }},
		{"timm", "timm", inTimm},
		{"compiled timm", "timm", func(s string) string { return "_orig_mod." + inTimm(s) }},
	} {
		file := retitled(tensors, c.name)
		counter := c.name("_bn0") + counterSuffix
		file[counter] = checkpoint.Of(nil, []int64{7})
		got, report, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), &PretrainedOptions{Options: Options{Seed: 9}})
		if err != nil {
			t.Fatalf("%s: %v", c.title, err)
		}
		sameValues(t, got.values(), values)
		if report.Layout != c.layout || !slices.Equal(report.Skipped, []string{counter}) || report.New() != nil || report.Converted() != nil || len(report.Tensors) != len(tensors) {
			t.Errorf("%s: %+v", c.title, report)
		}
		for _, r := range report.Tensors {
			if r.From != c.name(r.Name) || r.DType != "F32" || r.Site == "" {
				t.Errorf("%s: %+v", c.title, r)
			}
		}
	}
}

// Other floats become the float32 that they mean.
func TestPretrainedConverts(t *testing.T) {
	m, tensors := published(t)
	file, want := make(map[string]checkpoint.Tensor), make(map[string]checkpoint.Tensor)
	for i, key := range slices.Sorted(maps.Keys(tensors)) {
		shape, data := tensors[key].Shape, tensors[key].Data.([]float32)
		switch i % 4 {
		case 0:
			file[key] = checkpoint.Halves(shape, data)
		case 1:
			upper := make([]checkpoint.BFloat16, len(data))
			for i, v := range data {
				upper[i] = checkpoint.BFloat16(math.Float32bits(v) >> 16)
			}
			file[key] = checkpoint.Of(shape, upper)
		case 2:
			wide := make([]float64, len(data))
			for i, v := range data {
				wide[i] = float64(v)
			}
			file[key] = checkpoint.Of(shape, wide)
		default:
			file[key] = tensors[key]
		}
		data, _ = file[key].Float32s()
		want[key] = checkpoint.Of(shape, data)
	}
	got, report, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, _, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, want), nil)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, got.values(), plain.values())
	if n := len(report.Converted()); n != (len(tensors)*3+3)/4 {
		t.Errorf("%d of %d tensors converted: %s", n, len(tensors), report)
	}
	// ReadSafetensors reads the same files.
	path := t.TempDir() + "/weights"
	writeTensors(t, path, file)
	if err := plain.setValues(m.values()); err != nil {
		t.Fatal(err)
	}
	if err := plain.ReadSafetensors(t.Context(), path, nil); err != nil {
		t.Fatal(err)
	}
	sameValues(t, plain.values(), got.values())
}

// ReadSafetensors takes prefixes away, renames and skips.
func TestReadByLayout(t *testing.T) {
	m, tensors := published(t)
	file := map[string]checkpoint.Tensor{"ema.x": checkpoint.Of([]int{1}, []float32{1})}
	for key, data := range tensors {
		file["net."+strings.Replace(key, "_fc", "head", 1)] = data
	}
	path := t.TempDir() + "/weights"
	writeTensors(t, path, file)
	got, err := NewModel(m.space, m.arch, &Options{Seed: 99})
	if err != nil {
		t.Fatal(err)
	}
	if err := got.ReadSafetensors(t.Context(), path, nil); !errors.Is(err, ErrWeights) {
		t.Errorf("without a layout: %v, expected ErrWeights", err)
	}
	layout := &WeightLayout{Rules: []WeightRule{{Match: `^net\.`}, {`^head`, "_fc"}}, Skip: []string{`^ema\.`}}
	if err := got.ReadSafetensors(t.Context(), path, layout); err != nil {
		t.Fatal(err)
	}
	sameValues(t, got.values(), m.values())
	for key, data := range tensors {
		file["module."+key] = data
		delete(file, "net."+strings.Replace(key, "_fc", "head", 1))
	}
	delete(file, "ema.x")
	writeTensors(t, path, file)
	jitter(t, got.network, 1)
	if err := got.ReadSafetensors(t.Context(), path, nil); err != nil {
		t.Fatalf("with the prefix of DataParallel: %v", err)
	}
	sameValues(t, got.values(), m.values())
}

// Everything that does not fit is in one error.
func TestPretrainedIsStrict(t *testing.T) {
	m, tensors := published(t)
	floats := func(n int, v float32) []float32 { return slices.Repeat([]float32{v}, n) }
	file := retitled(tensors, inTimm)
	delete(file, "conv_stem.weight")
	file["surprise"] = checkpoint.Of([]int{1}, []float32{1})
	file["blocks.9.0.conv_pw.weight"] = checkpoint.Of([]int{1}, []float32{1})
	file["module.bn1.weight"] = checkpoint.Of([]int{32}, floats(32, 1))
	file["bn2.bias"] = checkpoint.Of([]int{1280}, make([]int32, 1280))
	file["conv_head.weight"] = checkpoint.Of([]int{1280, 80}, make([]float32, 1280*80))
	file["bn1.bias"] = checkpoint.Of([]int{32}, append(floats(31, 0), float32(math.NaN())))
	file["bn1.running_mean"] = checkpoint.Of([]int{32}, append([]float32{0, float32(math.Inf(-1))}, floats(30, 0)...))
	file["bn1.running_var"] = checkpoint.Of([]int{32}, append([]float32{-0.5}, floats(31, 1)...))
	file["bn2.weight"] = checkpoint.Of([]int{1280}, slices.Repeat([]float64{1e300}, 1280))
	file["classifier.weight"] = checkpoint.Of([]int{7, 1280}, make([]float32, 7*1280))
	file["classifier.bias"] = checkpoint.Of([]int{7}, make([]float32, 7))
	_, report, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), nil)
	if !errors.Is(err, ErrWeights) || report != nil {
		t.Fatalf("%+v, %v, expected ErrWeights", report, err)
	}
	for _, part := range []string{
		`layout "timm" fits best`,
		"missing: _conv_stem.weight;",
		"unexpected: blocks.9.0.conv_pw.weight (_blocks.10._expand_conv.weight), surprise;",
		"for the same tensor: bn1.weight and module.bn1.weight (_bn0.weight);",
		"misshapen: conv_head.weight (F32 [1280 80], expected floats [1280 80 1 1]), bn2.bias (I32 [1280], expected floats [1280]);",
		"bn1.bias (number 31 is NaN)", "bn1.running_mean (number 1 is -Inf)", "bn1.running_var (number 0 is -0.5)", "bn2.weight (number 0 is +Inf)",
		"7 classes, expected 4", "NewHead",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	for range 3 { // whatever the order of maps is
		if _, _, again := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, file), nil); again.Error() != err.Error() {
			t.Fatalf("%v, and before %v", again, err)
		}
	}
	// ReadSafetensors refuses what no network can have, and changes nothing.
	path := t.TempDir() + "/weights"
	bad := maps.Clone(tensors)
	bad["_fc.bias"] = checkpoint.Of([]int{4}, []float32{0, 0, 0, float32(math.NaN())})
	writeTensors(t, path, bad)
	before := m.values()
	if err := m.ReadSafetensors(t.Context(), path, nil); !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), "_fc.bias (number 3 is NaN)") {
		t.Errorf("NaN: %v", err)
	}
	sameValues(t, m.values(), before)
}

// The error about a file of another network is short: how much does not fit, with examples, and
// whether a layout is near at all.
func TestPretrainedOfAnotherNetwork(t *testing.T) {
	m, tensors := published(t)
	known := `none of the known layouts (own, efficientnet_pytorch, timm) fits: by the nearest, "own", the file has `
	all := strconv.Itoa(len(tensors))
	other := retitled(tensors, func(name string) string { return "backbone." + name })
	third := maps.Clone(tensors)
	for i, key := range slices.Sorted(maps.Keys(third)) {
		if i%3 > 0 {
			delete(third, key)
		}
	}
	most := maps.Clone(tensors)
	maps.DeleteFunc(most, func(key string, _ checkpoint.Tensor) bool { return strings.HasPrefix(key, "_blocks.9.") })
	missing := strconv.Itoa(len(tensors) - len(most) - shownNames)
	wide := maps.Clone(tensors)
	for key, t := range wide {
		wide[key] = checkpoint.Of([]int{len(t.Shape), 1}, make([]float32, len(t.Shape)))
	}
	for name, c := range map[string]struct {
		file map[string]checkpoint.Tensor
		want []string
	}{
		"other names": {other, []string{known + "0 of the model's " + all + " tensors", "PretrainedOptions.Layout",
			"missing: _conv_stem.weight, _bn0.weight, ", "unexpected: backbone._blocks.0"}},
		"a third":      {third, []string{known + strconv.Itoa(len(third)) + " of", "missing: "}},
		"nothing":      {nil, []string{known + "0 of"}},
		"a block less": {most, []string{`layout "own" fits best`, "and " + missing + " more"}},
		"other shapes": {wide, []string{`layout "own" fits best`, "misshapen: _conv_stem.weight", " more"}},
	} {
		_, _, err := Pretrained(t.Context(), m.space, m.arch, encoded(t, nil, c.file), nil)
		if !errors.Is(err, ErrWeights) || len(err.Error()) > 700 {
			t.Errorf("%s: %v, expected ErrWeights in few words", name, err)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not in %q", name, part, err)
			}
		}
	}
}

// noSeek cannot say how long it is.
type noSeek struct{ io.Reader }

func (noSeek) Seek(int64, int) (int64, error) { return 0, errors.New("a pipe") }

func TestPretrainedSource(t *testing.T) {
	m, tensors := published(t)
	whole := encoded(t, nil, tensors)
	data, err := io.ReadAll(whole)
	if err != nil {
		t.Fatal(err)
	}
	// From where the source stands.
	src := bytes.NewReader(append([]byte("before"), data...))
	if _, err := src.Seek(6, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	got, _, err := Pretrained(t.Context(), m.space, m.arch, src, nil)
	if err != nil {
		t.Fatal(err)
	}
	sameValues(t, got.values(), m.values())

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = Pretrained(ended, m.space, m.arch, bytes.NewReader(data), nil)
	if !errors.Is(err, context.Canceled) || errors.Is(err, checkpoint.ErrCorrupt) {
		t.Errorf("ended: %v", err)
	}
	for name, src := range map[string]io.ReadSeeker{"cut": bytes.NewReader(data[:len(data)-1]), "empty": bytes.NewReader(nil)} {
		if _, _, err := Pretrained(t.Context(), m.space, m.arch, src, nil); !errors.Is(err, checkpoint.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Pretrained(t.Context(), m.space, m.arch, noSeek{}, nil); err == nil || !strings.Contains(err.Error(), "a pipe") {
		t.Errorf("a pipe: %v", err)
	}
	if _, _, err := Pretrained(t.Context(), m.space, m.arch, (*os.File)(nil), nil); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("no file: %v", err)
	}
	if _, _, err := Pretrained(t.Context(), nil, m.arch, bytes.NewReader(data), nil); err == nil {
		t.Error("no space: no error")
	}
	if _, _, err := Pretrained(t.Context(), m.space, m.arch, nil, nil); err == nil {
		t.Error("no source: no error")
	}
	if _, _, err := Pretrained(t.Context(), m.space, searchspace.Arch{}, bytes.NewReader(data), nil); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("no architecture: %v", err)
	}
	o := &PretrainedOptions{Options: Options{Classes: []string{"one"}}}
	if _, _, err := Pretrained(t.Context(), m.space, m.arch, bytes.NewReader(data), o); err == nil {
		t.Error("one name for four classes: no error")
	}
}
