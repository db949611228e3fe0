package supernet

import (
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/internal/tensor/cpu"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
	"github.com/tendril-nas/tendril/searchspace"
)

// counted is n numbers in [−1, 1) from a counter-based generator, the same as in
// testdata/elastic.py.
func counted(name string, n int) []float32 {
	out := make([]float32, n)
	h := uint64(crc32.ChecksumIEEE([]byte(name)))
	for i := range out {
		z := h + (uint64(i)+1)*0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		out[i] = float32(float64(z>>40)/(1<<23) - 1)
	}
	return out
}

// countedValues is the starting weights of elastic.py in the layouts of the store.
func countedValues(n *network) map[string][]float32 {
	values := n.values()
	for _, s := range n.store.list {
		v := values[s.key]
		if s.kind.statistic() {
			continue
		}
		u := counted(s.key, len(v))
		if s.kind.vector() {
			base := float32(0)
			if s.kind == kindGamma {
				base = 1
			}
			for i := range v {
				v[i] = base + u[i]*0.1
			}
			continue
		}
		bound := float32(math.Sqrt(3 / float64(s.in*s.kernel*s.kernel)))
		for i := range u {
			u[i] *= bound
		}
		values[s.key] = nn.ToHWIO(u, s.out, s.in, s.kernel, s.kernel)
	}
	return values
}

// TestElasticTraining trains three sub-networks in turn on shared weights, and compares losses, all
// weights and all statistics with an independent implementation in PyTorch (float64): slices of
// weights and statistics, momentum and decay on whole tensors, tensors of unused layers left alone.
// Millions of activations lie near the kinks of ReLU; in float32 some fall on the other side, which
// moves the gradients below them. The reference device, which sums wide, follows PyTorch closely
// all the same; the CPU gets more room.
func TestElasticTraining(t *testing.T) {
	t.Run("cpu", func(t *testing.T) { checkElasticTraining(t, cpu.New(cpu.Options{}), 1e-2, 0.3) })
	if !testing.Short() {
		t.Run("fake", func(t *testing.T) { checkElasticTraining(t, fake.New(), 5e-4, 1e-2) })
	}
}

func checkElasticTraining(t *testing.T, backend tensor.Backend, tolerance, rel float64) {
	text, err := os.ReadFile("testdata/elastic.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Size, Classes, Batch int
		LR, Momentum         float64
		Decay                float64 `json:"weight_decay"`
		Archs                []string
		Losses               []float64
		EvalArch             string                `json:"eval_arch"`
		EvalLogits           []float32             `json:"eval_logits"`
		Sums                 map[string][2]float64 `json:"sums_of_change"`
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: g.Size, StemStride: 1, Classes: g.Classes, Dropout: -1})
	if err != nil {
		t.Fatal(err)
	}
	ss, err := specsOfSpace(space, elastic{})
	if err != nil {
		t.Fatal(err)
	}
	base, err := newNetwork(backend, space, ss, &Options{}, initialWeights)
	if err != nil {
		t.Fatal(err)
	}
	n := &Net{network: base, programs: make(map[searchspace.Arch]*program)}
	start := countedValues(n.network)
	if err := n.setValues(start); err != nil {
		t.Fatal(err)
	}
	b := countedBatch(g.Batch, g.Size, g.Classes)
	program := func(text string) *program {
		a, err := space.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.program(a)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	run := &training{network: n.network, plan: &plan{}, sgd: nn.SGD{Momentum: g.Momentum, WeightDecay: g.Decay}}
	for i, want := range g.Losses {
		loss, _, err := run.step(b, plain(program(g.Archs[i%len(g.Archs)])), g.LR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(loss-want) > tolerance {
			t.Errorf("loss %d is %v, expected %v", i, loss, want)
		}
	}
	if got := outputs(t, n.network, program(g.EvalArch), b); !close32(got, g.EvalLogits, tolerance) {
		t.Errorf("logits %v, expected %v", got, g.EvalLogits)
	}
	values := n.values()
	for key, want := range g.Sums {
		v, ok := values[key]
		if !ok {
			t.Errorf("no tensor %s", key)
			continue
		}
		sum, squares := 0.0, 0.0
		for i, x := range v {
			d := float64(x)
			if !n.store.byKey[key].kind.statistic() {
				d -= float64(start[key][i])
			}
			sum += d
			squares += d * d
		}
		size := math.Sqrt(want[1]) + 1e-5
		if math.Abs(sum-want[0]) > rel*size*math.Sqrt(float64(len(v))) || math.Abs(math.Sqrt(squares)-math.Sqrt(want[1])) > rel*size {
			t.Errorf("%s: sum %v and norm %v, expected %v and %v", key, sum, math.Sqrt(squares), want[0], math.Sqrt(want[1]))
		}
	}
	if len(g.Sums) != len(values) {
		t.Errorf("%d tensors, expected %d", len(values), len(g.Sums))
	}
}
