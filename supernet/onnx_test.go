package supernet

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// everyOp is a network with every operation and activation of a layer graph.
func everyOp(t *testing.T) *Model {
	t.Helper()
	space, err := searchspace.NewSpace(searchspace.Family{Name: "every", InputSize: 9, Classes: 3, Build: func(b *searchspace.Builder) {
		width := b.OneOf("width", searchspace.KindWidth, 8, 12)
		x := b.ConvBN("stem", b.Input(), searchspace.Conv{Out: width, Kernel: searchspace.Const(3)}, searchspace.ActSwish)
		y := b.Conv("biased", x, searchspace.Conv{Out: width, Kernel: searchspace.Const(3), Groups: searchspace.Const(2), Bias: true})
		y = b.BatchNorm("biased.bn", y)
		for i, a := range []searchspace.Act{searchspace.ActReLU, searchspace.ActReLU6, searchspace.ActHSwish, searchspace.ActHSigmoid, searchspace.ActSigmoid} {
			y = b.Act("act"+string(rune('0'+i)), y, a)
		}
		y = b.SqueezeExcite("se", y, searchspace.Const(4), searchspace.ActReLU, searchspace.ActSigmoid)
		x = b.Add("sum", x, y)
		x = b.BatchNorm("alone", x)
		x = b.Concat("both", b.Shuffle("mix", x, 4), b.Slice("part", x, 3, 4))
		x = b.MaxPool("max", x, 3, 2)
		x = b.AvgPool("mean", x, 2, 2)
		x = b.ConvBN("depth", x, searchspace.Conv{Kernel: searchspace.Const(5), Depthwise: true}, searchspace.ActNone)
		x = b.Linear("hidden", b.GlobalAvgPool("pool", x), searchspace.Const(6))
		x = b.Act("hidden.act", x, searchspace.ActReLU)
		b.Classifier("fc", x, 0.2)
	}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(space, space.Smallest(), &Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, m.network, 5)
	return m
}

func writeONNX(t *testing.T, m *Model, o *ONNXOptions) *decodedFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := m.WriteONNX(t.Context(), path, o); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return decodeONNX(t, data)
}

// checkONNX holds a file to the rules of the format that tools rely on: values are defined once and
// before their use.
func checkONNX(t *testing.T, d *decodedFile) {
	t.Helper()
	if d.ir != 8 || d.opset < 17 {
		t.Errorf("format version %d, operator set %d", d.ir, d.opset)
	}
	known, used := map[string]bool{d.input: true}, map[string]bool{}
	for name := range d.tensors {
		known[name] = true
	}
	for _, n := range d.nodes {
		for _, in := range n.inputs {
			if used[in] = true; !known[in] {
				t.Errorf("%s %s reads %q before it is there", n.op, n.name, in)
			}
		}
		if known[n.output] {
			t.Errorf("value %q is defined twice", n.output)
		}
		known[n.output] = true
	}
	for _, o := range d.outputs {
		used[o] = true
		if !known[o] {
			t.Errorf("output %q is nowhere", o)
		}
	}
	for name := range known {
		if !used[name] {
			t.Errorf("%q has no reader", name)
		}
	}
}

func count(d *decodedFile, op string) (k int) {
	for _, n := range d.nodes {
		if n.op == op {
			k++
		}
	}
	return k
}

func TestONNXStructure(t *testing.T) {
	m := everyOp(t)
	for _, keep := range []bool{false, true} {
		d := writeONNX(t, m, &ONNXOptions{KeepBatchNorm: keep, Features: true, Probabilities: true})
		checkONNX(t, d)
		norms := 1 // the one that follows no convolution
		if keep {
			norms = 4
		}
		if got := count(d, "BatchNormalization"); got != norms {
			t.Errorf("%d batch norms, expected %d", got, norms)
		}
		for op, want := range map[string]int{"Conv": 5, "Gemm": 2, "Add": 1, "Concat": 1, "Slice": 1, "Transpose": 1, "Reshape": 2,
			"MaxPool": 1, "AveragePool": 1, "GlobalAveragePool": 2, "HardSwish": 1, "HardSigmoid": 1, "Clip": 1, "Softmax": 1, "Mul": 2} {
			if got := count(d, op); got != want {
				t.Errorf("%d nodes %s, expected %d", got, op, want)
			}
		}
		for name, want := range map[string][]int{"images": {-1, 3, 9, 9}, "logits": {-1, 3}, "features": {-1, 6}, "probabilities": {-1, 3}} {
			if !slices.Equal(d.dims[name], want) {
				t.Errorf("%s has shape %v, expected %v", name, d.dims[name], want)
			}
		}
	}
}

// TestONNXFamilies exports the families' networks as they come, with shapes and numbers of weights
// as the graphs have them.
func TestONNXFamilies(t *testing.T) {
	for _, name := range []string{"mobilenet_v2 x1.0", "shufflenet_v2_x2_0", "efficientnet_b0", "ET-NAS-A"} {
		model, _ := searchspace.FindModel(name)
		space, arch, err := model.Open()
		if err != nil {
			t.Fatal(err)
		}
		if space, err = space.WithInput(32); err != nil {
			t.Fatal(err)
		}
		m, err := NewModel(space, arch, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := writeONNX(t, m, &ONNXOptions{KeepBatchNorm: true})
		checkONNX(t, d)
		var params int64
		for key, s := range m.store.byKey {
			v, ok := d.tensors[key]
			if !ok || !slices.Equal(v.dims, s.foreignDims()) {
				t.Errorf("%s: %s has shape %v, expected %v", name, key, v.dims, s.foreignDims())
			}
			if !s.kind.statistic() {
				params += int64(len(v.f32))
			}
		}
		if params != m.Params() {
			t.Errorf("%s: %d parameters in the file, expected %d", name, params, m.Params())
		}
	}
}

// TestONNXFold compares folded weights with the formula γ·(w·x + b − μ)/√(σ²+ε) + β.
func TestONNXFold(t *testing.T) {
	m := everyOp(t)
	folded, plain := writeONNX(t, m, nil), writeONNX(t, m, &ONNXOptions{KeepBatchNorm: true})
	for conv, bn := range map[string]string{"stem.conv": "stem.bn", "biased": "biased.bn", "depth.conv": "depth.bn"} {
		w, v := plain.tensors[conv+".weight"], folded.tensors[conv+".weight"]
		gamma, beta := plain.tensors[bn+".weight"].f32, plain.tensors[bn+".bias"].f32
		mean, variance := plain.tensors[bn+".running_mean"].f32, plain.tensors[bn+".running_var"].f32
		per := len(w.f32) / len(gamma)
		for i := range w.f32 {
			s := float64(gamma[i/per]) / math.Sqrt(float64(variance[i/per])+1e-5)
			if want := float64(w.f32[i]) * s; math.Abs(float64(v.f32[i])-want) > 1e-6 {
				t.Fatalf("%s: weight %d folded to %v, expected %v", conv, i, v.f32[i], want)
			}
		}
		for c := range gamma {
			b := 0.0
			if bias, ok := plain.tensors[conv+".bias"]; ok {
				b = float64(bias.f32[c])
			}
			want := (b-float64(mean[c]))*float64(gamma[c])/math.Sqrt(float64(variance[c])+1e-5) + float64(beta[c])
			if got := folded.tensors[conv+".bias"].f32[c]; math.Abs(float64(got)-want) > 1e-6 {
				t.Fatalf("%s: bias %d folded to %v, expected %v", conv, c, got, want)
			}
		}
	}
}

func TestONNXMetadata(t *testing.T) {
	m := tinyModel(t)
	names := []string{"cat", "dog", "a \"quoted\" one", "été"}
	d := writeONNX(t, m, &ONNXOptions{ClassNames: names})
	var got []string
	if err := json.Unmarshal([]byte(d.meta["classes"]), &got); err != nil || !slices.Equal(got, names) {
		t.Errorf("classes %q, error %v", d.meta["classes"], err)
	}
	var mean, std [3]float32
	if err := json.Unmarshal([]byte(d.meta["normalization_mean"]), &mean); err != nil || mean != m.norm.Mean {
		t.Errorf("mean %v, error %v", mean, err)
	}
	if err := json.Unmarshal([]byte(d.meta["normalization_std"]), &std); err != nil || std != m.norm.Std {
		t.Errorf("standard deviation %v, error %v", std, err)
	}
	if a, err := m.space.Parse(d.meta["architecture"]); err != nil || a != m.arch {
		t.Errorf("architecture %q, error %v", d.meta["architecture"], err)
	}
	for key, want := range map[string]string{"input_size": "16", "fit": "crop", "resampling": "catmull-rom"} {
		if d.meta[key] != want {
			t.Errorf("%s %q, expected %q", key, d.meta[key], want)
		}
	}
	if len(d.meta) != 8 { // and the space
		t.Errorf("%d keys of metadata, expected 8: %v", len(d.meta), d.meta)
	}
	for _, fit := range []dataset.Fit{dataset.FitStretch, dataset.FitPad} {
		m.fit = fit
		if got := writeONNX(t, m, nil).meta["fit"]; got != fit.String() {
			t.Errorf("fit %q, expected %q", got, fit)
		}
	}
	if err := m.WriteONNX(t.Context(), filepath.Join(t.TempDir(), "x.onnx"), &ONNXOptions{ClassNames: names[:2]}); err == nil {
		t.Error("2 names for 4 classes were taken")
	}
}
