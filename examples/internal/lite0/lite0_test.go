package lite0

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// pictures are made-up images, two of them, of one class.
type pictures struct{ size int }

func (p pictures) Len() int          { return 2 }
func (p pictures) Size() int         { return p.size }
func (p pictures) Classes() []string { return []string{"chirp"} }
func (p pictures) Label(int) int     { return 0 }

// Image draws image i as testdata/logits.py does.
func (p pictures) Image(i int, dst []uint8) error {
	for y := range p.size {
		for x := range p.size {
			for c := range 3 {
				dst[(y*p.size+x)*3+c] = uint8(((3+i)*x*x + 5*y*y + (7+2*c)*x*y) / 16)
			}
		}
	}
	return nil
}

func readTensors(t *testing.T, file []byte) map[string]checkpoint.Tensor {
	t.Helper()
	_, tensors, err := checkpoint.ReadSafetensors(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return tensors
}

// With the embedded weights the network answers what PyTorch answers, under either padding, at
// sizes even and odd, with the normalisation of the PyTorch port: the logits that follow from its
// features, and its probabilities.
func TestLogits(t *testing.T) {
	file, err := os.ReadFile("testdata/logits.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	goldens, embedded := readTensors(t, file), readTensors(t, []byte(weights))
	w, _ := embedded["_fc.weight"].Float32s()
	b, _ := embedded["_fc.bias"].Float32s()
	for name := range goldens {
		t.Run(name, func(t *testing.T) {
			want, err := checkpoint.Get[float32](goldens, name, 2, 1000)
			if err != nil {
				t.Fatal(err)
			}
			padding, text, _ := strings.Cut(name, ".")
			size, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			m, _, err := Model(t.Context(), size, nil, &Options{
				Options: supernet.Options{Normalization: dataset.ImageNet()},
				Space:   &searchspace.EfficientNetLiteOptions{Symmetric: padding == "symmetric"}})
			if err != nil {
				t.Fatal(err)
			}
			var got []float64
			err = m.Embed(t.Context(), pictures{size}, func(features *tensor.Dense, _ []int) error {
				got = append(got, linear(features.Float32s(), w, b)...)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(got, want); !(d <= 1e-3) {
				t.Errorf("logits are up to %.2g off, expected at most 1e-3", d)
			}
			// Probabilities give logits but for a constant, which the sum of probabilities decides.
			got = got[:0]
			err = m.Predict(t.Context(), pictures{size}, nil, func(probs *tensor.Dense, _ []int) error {
				for i, p := range probs.Float32s() {
					got = append(got, math.Log(float64(p))+logSum(want[i/1000*1000:][:1000]))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(got, want); !(d <= 1e-3) {
				t.Errorf("log-probabilities are up to %.2g off, expected at most 1e-3", d)
			}
		})
	}
}

// The file has what its description says.
func TestDescription(t *testing.T) {
	text, err := os.ReadFile("data/README.md")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, w := range readTensors(t, []byte(weights)) {
		count[w.DType()]++
	}
	for _, want := range []string{fmt.Sprintf("%d tensors", count["F16"]), fmt.Sprintf("%d vectors", count["F32"])} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in the description", want)
		}
	}
}

// linear is x·wᵀ + b by rows.
func linear(x, w, b []float32) []float64 {
	q := len(w) / len(b)
	var out []float64
	for ; len(x) > 0; x = x[q:] {
		for o, sum := range b {
			s := float64(sum)
			for k, v := range w[o*q:][:q] {
				s += float64(v) * float64(x[k])
			}
			out = append(out, s)
		}
	}
	return out
}

// logSum is log Σ exp x.
func logSum(x []float32) float64 {
	var s float64
	for _, v := range x {
		s += math.Exp(float64(v))
	}
	return math.Log(s)
}

// distance is the largest difference, infinite for other lengths.
func distance(got []float64, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var d float64
	for i, v := range got {
		if x := math.Abs(v - float64(want[i])); !(x <= d) {
			d = x
		}
	}
	return d
}

// The architecture is the published one in whatever space there is around it.
func TestSpace(t *testing.T) {
	for name, c := range map[string]struct {
		options *searchspace.EfficientNetLiteOptions
		text    string
	}{
		"default": {nil, "2,2,3,3,4,1:3,3,3,5,5,3,3,3,3,3,5,5,5,3,5,5,5,5,3,3:" +
			"6,6,3,6,6,3,6,6,6,3,6,6,6,3,6,6,6,6,3,6"},
		"per stage": {
			&searchspace.EfficientNetLiteOptions{PerStage: true, DepthRange: 3, Kernels: []int{3, 5}},
			"2,2,3,3,4,1:3,5,3,5,5,3:6,6,6,6,6,6"},
		"depth alone": {&searchspace.EfficientNetLiteOptions{DepthRange: -1, Expands: []int{6}},
			"2,2,3,3,4,1:3,3,5,5,3,3,3,5,5,5,5,5,5,5,3:6,6,6,6,6,6,6,6,6,6,6,6,6,6,6"},
	} {
		space, arch, err := Space(96, 10, c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if space.InputSize() != 96 || space.Classes() != 10 || space.Format(arch) != c.text {
			t.Errorf("%s: %d pixels, %d classes, %s, expected %s", name, space.InputSize(), space.Classes(),
				space.Format(arch), c.text)
		}
		cost, err := space.Cost(arch)
		if want := int64(4652008 - 990*1281); err != nil || cost.Params != want {
			t.Errorf("%s: %d parameters, %v, expected %d", name, cost.Params, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for want, o := range map[string]*searchspace.EfficientNetLiteOptions{
		"width 2":                              {Width: 2},
		"depth 1.1":                            {Depth: 1.1},
		"input size 64":                        {InputSize: 64},
		"classes 10":                           {Classes: 10},
		"kernel is 5 in the published network": {Kernels: []int{3, 7}},
		"expand is 6 in the published network": {Expands: []int{3, 4}},
		"kernels [5 3], expected ascending numbers": {Kernels: []int{5, 3}},
	} {
		if _, _, err := Space(64, 2, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected an error with %q", err, want)
		}
		if _, _, err := Model(t.Context(), 64, []string{"a", "b"}, &Options{Space: o}); err == nil {
			t.Errorf("a model where an error with %q was expected", want)
		}
	}
	if _, _, err := Space(-1, 2, nil); err == nil {
		t.Error("a negative size was accepted")
	}
	bad := &Options{}
	bad.Classes = []string{"a", "b"}
	if _, _, err := Model(t.Context(), 64, bad.Classes, bad); err == nil {
		t.Error("classes among the options were accepted")
	}
	if _, _, err := Model(t.Context(), 64, []string{"a", "a"}, nil); err == nil {
		t.Error("two classes of one name were accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Model(ctx, 64, nil, nil); err == nil {
		t.Error("a context that has ended gave a model")
	}
}

// Without another one, a model has the authors' normalisation of pixels.
func TestNormalization(t *testing.T) {
	var features [3][]float32
	for i, n := range []dataset.Normalization{{}, Normalization(), dataset.ImageNet()} {
		o := &Options{}
		o.Normalization = n
		m, _, err := Model(t.Context(), 50, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Embed(t.Context(), pictures{50}, func(f *tensor.Dense, _ []int) error {
			features[i] = append(features[i], f.Float32s()...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(features[0], features[1]) || slices.Equal(features[0], features[2]) {
		t.Error("features are equal under other normalisations, or differ under the same")
	}
	pixels := make([]float32, 9)
	if err := Normalization().Apply(pixels, []uint8{0, 0, 0, 127, 127, 127, 255, 255, 255}); err != nil {
		t.Fatal(err)
	}
	for i, got := range pixels {
		if want := []float64{-127. / 128, 0, 1}[i/3]; math.Abs(float64(got)-want) > 1e-6 {
			t.Errorf("pixels %v, expected -0.992, 0 and 1 for each channel", pixels)
			break
		}
	}
}

// A model for other classes differs from the published one in its classifier, which the seed draws,
// and in nothing else.
func TestNewHead(t *testing.T) {
	var probs [3][]float32
	for i, seed := range []uint64{1, 1, 2} {
		m, report, err := Model(t.Context(), 50, []string{"chirp", "rest"},
			&Options{Options: supernet.Options{Seed: seed}})
		if err != nil {
			t.Fatal(err)
		}
		if added := strings.Join(report.New(), " "); added != "_fc.weight _fc.bias" {
			t.Errorf("new are %s, expected weight and bias of the classifier", added)
		}
		if err := m.Predict(t.Context(), pictures{50}, nil, func(p *tensor.Dense, _ []int) error {
			probs[i] = append(probs[i], p.Float32s()...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if probs[0][0] != probs[1][0] || probs[0][0] == probs[2][0] {
		t.Errorf("seeds 1, 1, 2 give %v, %v, %v", probs[0], probs[1], probs[2])
	}
}

// A pretrained network for three classes of one's own.
func ExampleModel() {
	model, report, err := Model(context.Background(), 64, []string{"cat", "dog", "eel"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.ClassNames(), model.FeatureLen(), "features")
	fmt.Println(report)
	// Output:
	// [cat dog eel] 1280 features
	// layout own: 245 tensors read, 49 of them converted, 2 skipped; initial weights: _fc.weight, _fc.bias
}

func TestLearnt(t *testing.T) {
	rate := Learnt(0.3, 0)
	for op, want := range map[searchspace.Op]float64{searchspace.OpConv: 0.3, searchspace.OpLinear: 0.3,
		searchspace.OpBatchNorm: 0} {
		if got := rate(&searchspace.Node{Op: op}); got != want {
			t.Errorf("operation %v: rate %v, expected %v", op, got, want)
		}
	}
}
