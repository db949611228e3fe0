package supernet

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// benchRelaxed times gradients in the rows of a space's relaxed architectures, and training steps
// of the weights, at the rows given and on batches of 32 images of 32 pixels. It reports the step
// memory that they take.
func benchRelaxed(b *testing.B, space *searchspace.Space, sharing Sharing, rows searchspace.Relaxed) {
	const images = 32
	n, err := New(space, &Options{Sharing: sharing})
	if err != nil {
		b.Fatal(err)
	}
	ds := stripes(b, images, space.InputSize(), 1)
	l := lossOn(b, n, ds, &RelaxOptions{SkipZeros: true})
	run := func(name string, step func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n.forgetSteps()
			for range 2 {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*images)/b.Elapsed().Seconds(), "img/s")
			b.ReportMetric(float64(held(n.network))/1e6, "step-MB")
		})
	}
	batch := interval(0, images)
	run("rows", func() error {
		_, _, err := l.Gradient(b.Context(), rows, batch)
		return err
	})
	first := firstBatch(b, ds, images)
	t := &training{network: n.network, plan: &plan{BatchSize: images}, job: job{shared: true}}
	run("weights", func() error {
		r, err := t.bind(Pass{Relaxation: l.relax, Rows: rows})
		if err != nil {
			return err
		}
		_, _, err = t.step(first, []passRun{r}, 1e-3, 1)
		return err
	})
}

// BenchmarkRelaxed times relaxed architectures of an elastic space.
func BenchmarkRelaxed(b *testing.B) {
	mbv3, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: 0.25, InputSize: 32, StemStride: 1, Classes: 10, Dropout: -1})
	if err != nil {
		b.Fatal(err)
	}
	rows := randomRows(mbv3, rand.New(rand.NewPCG(1, 2)))
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		b.Run("mobilenetv3/"+sharing.String(), func(b *testing.B) { benchRelaxed(b, mbv3, sharing, rows) })
	}
}

// BenchmarkMixture times mixtures of candidates with weights of their own: all six of a layer and
// what pruning leaves of them, and two at a time of six (pairs).
func BenchmarkMixture(b *testing.B) {
	danas, err := searchspace.DANAS(searchspace.DANASOptions{InputSize: 32, Classes: 10})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, left := range [][]int{{0, 1, 2, 3, 4, 5}, {0, 1, 3, 5}, {0, 3, 5}, {3, 5}, {3}} {
		space, err := danas.Restrict(searchspace.Restriction{Decisions: []string{"*.op"}, Keep: left})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("left/", len(left)), func(b *testing.B) {
			benchRelaxed(b, space, Elastic, randomRows(space, r))
		})
	}
	b.Run("pairs", func(b *testing.B) { benchRelaxed(b, danas, Elastic, pairs(danas, r)) })
}
