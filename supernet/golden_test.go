package supernet

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sbinet/npyio/npz"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

const goldenDir = "../internal/nn/testdata/golden"

// networkGolden is an entry of the manifest that describes a whole network.
type networkGolden struct {
	Attrs struct {
		Op          string
		Arch        struct{ Depths, Ks, Ratios []int }
		Width       float64 `json:"width_mult"`
		Classes     int
		Dropout     float64
		LR          float64
		Momentum    float64
		WeightDecay float64 `json:"weight_decay"`
		Madds       int64
		Params      int64
	}
	Tensors map[string]struct {
		Shape []int
		DType string
	}
	Errors map[string]struct {
		MaxAbs float64 `json:"max_abs"`
	} `json:"f32_vs_f64"`
}

// TestNetworkGolden trains every whole network of the goldens, built through the space, the
// compiler and the store, as PyTorch did.
func TestNetworkGolden(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(goldenDir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for name, entry := range raw {
		var op struct{ Attrs struct{ Op string } }
		if err := json.Unmarshal(entry, &op); err != nil {
			t.Fatal(err)
		}
		if op.Attrs.Op != "network" {
			continue
		}
		var g networkGolden
		if err := json.Unmarshal(entry, &g); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		devices := map[string]tensor.Backend{"cpu": cpu.New(cpu.Options{})}
		if !testing.Short() {
			devices["fake"] = fake.New()
		}
		for device, b := range devices {
			t.Run(name+"/"+device, func(t *testing.T) { checkNetworkGolden(t, name, &g, b) })
		}
		ran++
	}
	if ran == 0 {
		t.Fatal("the manifest has no network")
	}
}

// goldenCase is a network with its arrays.
type goldenCase struct {
	*testing.T
	*networkGolden
	file *npz.Reader
	m    *Model
}

func checkNetworkGolden(t *testing.T, name string, g *networkGolden, b tensor.Backend) {
	f, err := npz.Open(filepath.Join(goldenDir, name+".npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := &goldenCase{T: t, networkGolden: g, file: f}
	shape := g.Tensors["input"].Shape
	a := &g.Attrs
	dropout := a.Dropout
	if dropout == 0 {
		dropout = -1
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: a.Width, InputSize: shape[2], Classes: a.Classes, Dropout: dropout})
	if err != nil {
		t.Fatal(err)
	}
	arch, err := space.Parse(join(a.Arch.Depths) + ":" + join(a.Arch.Ks) + ":" + join(a.Arch.Ratios))
	if err != nil {
		t.Fatal(err)
	}
	cost, err := space.Cost(arch)
	if err != nil {
		t.Fatal(err)
	}
	if c.m, err = newModel(b, space, arch, &Options{}); err != nil {
		t.Fatal(err)
	}
	if cost.MAdds != a.Madds || c.m.Params() != a.Params || cost.Params != a.Params {
		t.Fatalf("%d multiply-adds and %d (%d) parameters, expected %d and %d", cost.MAdds, c.m.Params(), cost.Params, a.Madds, a.Params)
	}
	c.load()
	c.train()
}

func join(v []int) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = strconv.Itoa(x)
	}
	return strings.Join(parts, ",")
}

func (c *goldenCase) floats(name string) []float32 {
	c.Helper()
	var v []float32
	if err := c.file.Read(name+".npy", &v); err != nil {
		c.Fatalf("%s: %v", name, err)
	}
	return v
}

// stored is an array of the file in the layout of a stored tensor.
func (c *goldenCase) stored(name, key string) []float32 {
	c.Helper()
	s := c.m.store.byKey[key]
	if s == nil {
		c.Fatalf("%s: the network has no tensor %s", name, key)
	}
	v := c.floats(name)
	if !s.kind.vector() {
		v = nn.ToHWIO(v, s.out, s.in, s.kernel, s.kernel)
	}
	return v
}

// load puts the starting weights and statistics in place, by name.
func (c *goldenCase) load() {
	values := make(map[string][]float32)
	for name := range c.Tensors {
		if key, ok := strings.CutPrefix(name, "param."); ok {
			values[key] = c.stored(name, key)
		} else if key, ok := strings.CutPrefix(name, "buffer."); ok {
			values[key] = c.stored(name, key)
		}
	}
	if len(values) != len(c.m.store.list) {
		c.Fatalf("%d arrays for %d tensors", len(values), len(c.m.store.list))
	}
	if err := c.m.setValues(values); err != nil {
		c.Fatal(err)
	}
}

func (c *goldenCase) compare(name string, got, want []float32, tol float64) {
	c.Helper()
	if len(got) != len(want) {
		c.Fatalf("%s: %d values, expected %d", name, len(got), len(want))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tol) {
			c.Errorf("%s[%d] = %g, expected %g within %.2g", name, i, got[i], want[i], tol)
			return
		}
	}
}

// tolerance of an array computed in one pass.
func (c *goldenCase) tolerance(name string) float64 { return 1e-4*c.Errors[name].MaxAbs + 1e-6 }

func (c *goldenCase) evaluate(b *dataset.Batch) []float32 {
	return outputs(c, c.m.network, c.m.prog, b)
}

// train checks the first pass with all its gradients, and the losses, statistics and weights of the
// steps after.
func (c *goldenCase) train() {
	shape := c.Tensors["input"].Shape
	size := shape[2]
	x := c.floats("input")
	nhwc := make([]float32, len(x))
	for i := range shape[0] {
		for ch := range 3 {
			for p := range size * size {
				nhwc[(i*size*size+p)*3+ch] = x[(i*3+ch)*size*size+p]
			}
		}
	}
	var labels32 []int32
	if err := c.file.Read("labels.npy", &labels32); err != nil {
		c.Fatal(err)
	}
	b := &dataset.Batch{X: nhwc, N: shape[0], Size: size}
	for _, l := range labels32 {
		b.Labels = append(b.Labels, int(l))
	}
	c.compare("logits_eval_initial", c.evaluate(b), c.floats("logits_eval_initial"), c.tolerance("logits_eval_initial"))

	p := &plan{Epochs: 1, StepsPerEpoch: 1, Momentum: c.Attrs.Momentum, WeightDecay: c.Attrs.WeightDecay}
	run := &training{network: c.m.network, plan: p, sgd: nn.SGD{Momentum: p.Momentum, WeightDecay: p.WeightDecay}}
	want := c.floats("losses")
	suggested := []float64{1e-5, 1e-5, 2e-5, 2e-4, 1e-3, 2e-3}
	for i := range want {
		if i > 0 {
			rel := 1e-4
			if i > 1 {
				rel = 5e-3 // batch norm over four samples amplifies rounding from step to step
			}
			c.state(fmt.Sprintf("after%d.", i), rel)
			c.state(fmt.Sprintf("param_after%d.", i), rel)
			if i == len(want)-1 {
				c.compare("logits_eval_after", c.evaluate(b), c.floats(fmt.Sprintf("logits_eval_after%d", i)), 2e-3)
			}
		}
		loss, _, err := run.step(b, plain(c.m.prog), c.Attrs.LR, 0)
		if err != nil {
			c.Fatal(err)
		}
		if tol := suggested[min(i, len(suggested)-1)]; !(math.Abs(loss-float64(want[i])) <= tol) {
			c.Errorf("losses[%d] = %g, expected %g within %g", i, loss, want[i], tol)
		}
		if i == 0 {
			c.first(b)
		}
	}
}

// first compares what the first training pass left on the tape: logits, loss and gradients. The
// feature is read by a pass of its own.
func (c *goldenCase) first(b *dataset.Batch) {
	r := c.m.runner
	rows, err := r.logits(c.m.prog, b.N, c.Attrs.Classes)
	if err != nil {
		c.Fatal(err)
	}
	c.compare("logits", rows, c.floats("logits"), c.tolerance("logits"))
	st := r.tape.Stream()
	checked := 0
	for name := range c.Tensors {
		key, ok := strings.CutPrefix(name, "grad.")
		if !ok || key == "input" {
			continue
		}
		p := c.m.store.set.Lookup(key)
		if p == nil || p.Grad() == nil {
			c.Fatalf("%s: no gradient", name)
		}
		got := make([]float32, p.Size())
		st.Read(p.Grad(), 0, got)
		c.compare(name, got, c.stored(name, key), c.tolerance(name))
		checked++
	}
	if checked == 0 {
		c.Error("no gradients in the file")
	}
}

// state compares stored tensors with the arrays that have a prefix.
func (c *goldenCase) state(prefix string, rel float64) {
	values := c.m.values()
	for name := range c.Tensors {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			want := c.stored(name, key)
			top := 0.0
			for _, v := range want {
				top = math.Max(top, math.Abs(float64(v)))
			}
			c.compare(name, values[key], want, rel*top+1e-5)
		}
	}
}
