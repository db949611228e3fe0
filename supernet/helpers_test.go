package supernet

import (
	"context"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// tinyOptions is a space whose largest network trains in milliseconds.
var tinyOptions = searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16, StemStride: 1, Classes: 4, Dropout: -1, Depths: []int{1, 2}}

func tinySpace(t testing.TB) *searchspace.Space {
	t.Helper()
	s, err := searchspace.MobileNetV3(tinyOptions)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stripes is a data set of noisy stripes; the direction is the class, of 4.
func stripes(t testing.TB, n, size int, seed uint64) *dataset.Memory {
	t.Helper()
	const classes = 4
	pixels := make([]uint8, 0, n*size*size*3)
	labels := make([]int, n)
	for i := range n {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		labels[i] = i % classes
		angle := math.Pi * float64(labels[i]) / classes
		phase := 2 * math.Pi * r.Float64()
		for y := range size {
			for x := range size {
				v := math.Sin(0.8*(float64(x)*math.Cos(angle)+float64(y)*math.Sin(angle)) + phase)
				for range 3 {
					pixels = append(pixels, uint8(128+80*v+20*(2*r.Float64()-1)))
				}
			}
		}
	}
	names := make([]string, classes)
	for i := range names {
		names[i] = "direction " + strconv.Itoa(i)
	}
	ds, err := dataset.FromPixels(size, names, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func tinyNet(t testing.TB, s Sharing) *Net {
	t.Helper()
	n, err := New(tinySpace(t), &Options{Sharing: s, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func tinyModel(t testing.TB) *Model {
	t.Helper()
	s := tinySpace(t)
	m, err := NewModel(s, s.Smallest(), &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sample draws a sub-network.
func sample(t testing.TB, s *searchspace.Space, seed uint64) searchspace.Arch {
	t.Helper()
	passes, err := Uniform(s, seed).Sample(0)
	if err != nil {
		t.Fatal(err)
	}
	return passes[0].Arch
}

// short is training options for tests.
func short(epochs int) *TrainOptions {
	return &TrainOptions{Epochs: epochs, BatchSize: 16, LR: 0.05, Seed: 3, Subnets: SubnetOptions{StepsPerDraw: 2}}
}

// plain is a step of one pass that learns from labels.
func plain(p *program) []passRun { return []passRun{{program: p, weight: 1, labels: 1}} }

// jitter moves all weights and statistics away from their start, so that slips between tensors
// show.
func jitter(t testing.TB, n *network, seed uint64) {
	t.Helper()
	values := n.values()
	for _, s := range n.store.list {
		r := rand.New(rand.NewPCG(seed, uint64(len(s.key))))
		for i := range values[s.key] {
			if s.kind == kindVar {
				values[s.key][i] *= float32(0.5 + r.Float64())
			} else {
				values[s.key][i] += float32(0.1 * (r.Float64() - 0.5))
			}
		}
	}
	if err := n.setValues(values); err != nil {
		t.Fatal(err)
	}
	n.version.Add(1)
}

// sameValues compares two sets of tensors bit for bit.
func sameValues(t testing.TB, got, want map[string][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d tensors, expected %d", len(got), len(want))
	}
	for key, w := range want {
		if !slices.EqualFunc(got[key], w, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
			t.Fatalf("tensor %s differs", key)
		}
	}
}

// outputs is the logits of a program for a batch, with shared statistics.
func outputs(t testing.TB, n *network, p *program, b *dataset.Batch) []float32 {
	t.Helper()
	if err := n.runner.forward(p, b, evaluating, pass{}); err != nil {
		t.Fatal(err)
	}
	rows, err := n.runner.logits(p, b.N, p.graph.Classes)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(rows)
}

// firstBatch is the first images of a data set.
func firstBatch(t testing.TB, ds dataset.Dataset, n int) *dataset.Batch {
	t.Helper()
	for b, err := range dataset.Batches(context.Background(), ds, dataset.LoaderOptions{BatchSize: n}) {
		if err != nil {
			t.Fatal(err)
		}
		return &dataset.Batch{X: slices.Clone(b.X), Labels: slices.Clone(b.Labels), N: b.N, Size: b.Size}
	}
	t.Fatal("no images")
	return nil
}

func close32(a, b []float32, tol float64) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x)-float64(y)) <= tol })
}

// paramsOf counts parameters of an architecture.
func paramsOf(t testing.TB, s *searchspace.Space, a searchspace.Arch) int64 {
	t.Helper()
	c, err := s.Cost(a)
	if err != nil {
		t.Fatal(err)
	}
	return c.Params
}

// sharings is the forms of sharing that longer tests go through, one of them in short mode.
func sharings() []Sharing {
	if testing.Short() {
		return []Sharing{Elastic}
	}
	return []Sharing{Elastic, SinglePath}
}

// checkFew is rapid.Check with a quarter of the cases that are asked for: each makes networks.
func checkFew(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	all := checks.String()
	n, err := strconv.Atoi(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := checks.Set(strconv.Itoa((n + 3) / 4)); err != nil {
		t.Fatal(err)
	}
	defer checks.Set(all)
	rapid.Check(t, property)
}
