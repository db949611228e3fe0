package supernet

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// The speed workload: the elastic MobileNetV3 supernet at width 1.0 with 100 classes and no dropout, one sub-network of
// testdata/archs.txt per step. One iteration is one cycle over the eight.
var workloads = []struct {
	name              string
	size, stem, batch int
}{
	{"32px", 32, 1, 64},
	{"64px", 64, 2, 64},
	{"224px", 224, 2, 8},
}

// benchArchs reads the sub-networks; slots past the twentieth are not used.
func benchArchs(b *testing.B, space *searchspace.Space) []searchspace.Arch {
	b.Helper()
	text, err := os.ReadFile("testdata/archs.txt")
	if err != nil {
		b.Fatal(err)
	}
	var archs []searchspace.Arch
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		for i := range parts {
			if numbers := strings.Split(parts[i], ","); len(numbers) > 20 {
				parts[i] = strings.Join(numbers[:20], ",")
			}
		}
		a, err := space.Parse(strings.Join(parts, ":"))
		if err != nil {
			b.Fatal(err)
		}
		archs = append(archs, a)
	}
	if len(archs) != 8 {
		b.Fatalf("%d architectures, expected 8", len(archs))
	}
	return archs
}

// benchmark times cycles of a step over the sub-networks, after one cycle that warms memory.
func benchmark(b *testing.B, step func(b *testing.B, t *training, p *program, batch *dataset.Batch)) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: w.size, StemStride: w.stem, Classes: 100, Dropout: -1})
			if err != nil {
				b.Fatal(err)
			}
			n, err := New(space, nil)
			if err != nil {
				b.Fatal(err)
			}
			archs := benchArchs(b, space)
			r := rand.New(rand.NewPCG(1, 2))
			batch := &dataset.Batch{X: make([]float32, w.batch*w.size*w.size*3), N: w.batch, Size: w.size}
			for i := range batch.X {
				batch.X[i] = float32(r.NormFloat64())
			}
			for range w.batch {
				batch.Labels = append(batch.Labels, r.IntN(100))
			}
			t := &training{network: n.network, plan: &plan{}}
			t.sgd.Momentum = 0.9
			cycle := func() {
				for _, a := range archs {
					p, err := n.program(a)
					if err != nil {
						b.Fatal(err)
					}
					step(b, t, p, batch)
				}
			}
			cycle()
			b.ReportAllocs()
			for b.Loop() {
				cycle()
			}
			b.ReportMetric(float64(b.N*len(archs)*w.batch)/b.Elapsed().Seconds(), "img/s")
		})
	}
}

// BenchmarkTrain times training steps: forward, cross entropy, backward, SGD with momentum.
func BenchmarkTrain(b *testing.B) {
	benchmark(b, func(b *testing.B, t *training, p *program, batch *dataset.Batch) {
		if _, _, err := t.step(batch, p, 0.05, 1); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkEval times forward passes with running statistics.
func BenchmarkEval(b *testing.B) {
	benchmark(b, func(b *testing.B, t *training, p *program, batch *dataset.Batch) {
		if err := t.runner.forward(p, batch, evaluating, pass{}); err != nil {
			b.Fatal(err)
		}
		if _, err := t.runner.logits(p, batch.N, 100); err != nil {
			b.Fatal(err)
		}
	})
}
