package supernet

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// The speed workload: the elastic MobileNetV3 supernet at width 1.0 with 100 classes and no
// dropout, one sub-network of testdata/archs.txt per step. One iteration is one cycle over the
// eight.
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

// bench is one workload: the supernet, its sub-networks and a batch.
type bench struct {
	net      *Net
	programs []*program
	passes   [][]passRun
	batch    *dataset.Batch
	training *training
}

func newBench(b *testing.B, backend tensor.Backend, size, stem, images int) *bench {
	b.Helper()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: size, StemStride: stem, Classes: 100, Dropout: -1})
	if err != nil {
		b.Fatal(err)
	}
	ss, err := specsOfSpace(space, elastic{})
	if err != nil {
		b.Fatal(err)
	}
	base, err := newNetwork(backend, space, ss, &Options{}, initialWeights)
	if err != nil {
		b.Fatal(err)
	}
	n := &Net{network: base, programs: make(map[searchspace.Arch]*program)}
	r := rand.New(rand.NewPCG(1, 2))
	batch := &dataset.Batch{X: make([]float32, images*size*size*3), N: images, Size: size}
	for i := range batch.X {
		batch.X[i] = float32(r.NormFloat64())
	}
	for range images {
		batch.Labels = append(batch.Labels, r.IntN(100))
	}
	w := &bench{net: n, batch: batch, training: &training{network: n.network, plan: &plan{}}}
	w.training.sgd.Momentum = 0.9
	for _, a := range benchArchs(b, space) {
		p, err := n.program(a)
		if err != nil {
			b.Fatal(err)
		}
		w.programs = append(w.programs, p)
		w.passes = append(w.passes, plain(p))
	}
	return w
}

// train is a training step of sub-network i.
func (w *bench) train(b *testing.B, i int) {
	if _, _, err := w.training.step(w.batch, w.passes[i], 0.05, 1); err != nil {
		b.Error(err)
	}
}

// eval is a forward pass of sub-network i with running statistics.
func (w *bench) eval(b *testing.B, i int) {
	r := w.training.runner
	if err := r.forward(w.programs[i], w.batch, evaluating, pass{}); err != nil {
		b.Fatal(err)
	}
	if _, err := r.logits(w.programs[i], w.batch.N, 100); err != nil {
		b.Fatal(err)
	}
}

// benchmark times cycles of a step over the sub-networks, after one cycle that warms memory. It
// reports images per second that passed and per second of processor time, and the most memory that
// the process has held: run one workload alone for that.
func benchmark(b *testing.B, step func(w *bench, b *testing.B, i int)) {
	for _, w := range workloads {
		b.Run(w.name, func(b *testing.B) {
			backend, err := newBackend(&Options{})
			if err != nil {
				b.Fatal(err)
			}
			run := newBench(b, backend, w.size, w.stem, w.batch)
			cycle := func() {
				for i := range run.programs {
					step(run, b, i)
				}
			}
			cycle()
			b.ReportAllocs()
			before, _ := usage()
			for b.Loop() {
				cycle()
			}
			images := float64(b.N * len(run.programs) * w.batch)
			b.ReportMetric(images/b.Elapsed().Seconds(), "img/s")
			if after, peak := usage(); after > before {
				b.ReportMetric(images/(after-before), "img/cpu-s")
				b.ReportMetric(peak, "peak-MiB")
			}
		})
	}
}

// BenchmarkTrain times training steps: forward, cross entropy, backward, SGD with momentum.
func BenchmarkTrain(b *testing.B) { benchmark(b, (*bench).train) }

// BenchmarkEval times forward passes with running statistics.
func BenchmarkEval(b *testing.B) { benchmark(b, (*bench).eval) }

// BenchmarkTogether times several trainings at once: the images of all of them per second that
// passed.
func BenchmarkTogether(b *testing.B) {
	for _, trainings := range []int{1, 2, 4} {
		b.Run(fmt.Sprint(trainings), func(b *testing.B) {
			w := workloads[0]
			runs := make([]*bench, trainings)
			for i := range runs {
				backend, err := newBackend(&Options{})
				if err != nil {
					b.Fatal(err)
				}
				runs[i] = newBench(b, backend, w.size, w.stem, w.batch)
			}
			cycle := func() {
				var all sync.WaitGroup
				for _, run := range runs {
					all.Go(func() {
						for i := range run.programs {
							run.train(b, i)
						}
					})
				}
				all.Wait()
			}
			cycle()
			for b.Loop() {
				cycle()
			}
			b.ReportMetric(float64(b.N*trainings*len(runs[0].programs)*w.batch)/b.Elapsed().Seconds(), "img/s")
		})
	}
}
