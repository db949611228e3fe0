package supernet

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// benchRelaxed times gradients in the rows of a space's relaxed architectures, and training steps
// of the weights, at random rows and on batches of 32 images of 32 pixels.
func benchRelaxed(b *testing.B, space *searchspace.Space, sharing Sharing) {
	const images = 32
	n, err := New(space, &Options{Sharing: sharing})
	if err != nil {
		b.Fatal(err)
	}
	ds := stripes(b, images, space.InputSize(), 1)
	l := lossOn(b, n, ds, nil)
	rows := randomRows(space, rand.New(rand.NewPCG(1, 2)))
	run := func(name string, step func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
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
		})
	}
	batch := interval(0, images)
	run("rows", func() error {
		_, _, err := l.Gradient(b.Context(), rows, batch)
		return err
	})
	first := firstBatch(b, ds, images)
	t := &training{network: n.network, plan: &plan{}}
	run("weights", func() error {
		l.relax.prog.coef.write(n.runner.tape.Stream(), rows, false)
		_, _, err := t.step(first, plain(l.relax.prog.program), 1e-3, 1)
		return err
	})
}

// BenchmarkRelaxed times relaxed architectures. The time of DA-NAS falls with the candidates that
// are left.
func BenchmarkRelaxed(b *testing.B) {
	mbv3, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: 0.25, InputSize: 32, StemStride: 1, Classes: 10, Dropout: -1})
	if err != nil {
		b.Fatal(err)
	}
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		b.Run("mobilenetv3/"+sharing.String(), func(b *testing.B) { benchRelaxed(b, mbv3, sharing) })
	}
	danas, err := searchspace.DANAS(searchspace.DANASOptions{InputSize: 32, Classes: 10})
	if err != nil {
		b.Fatal(err)
	}
	for _, left := range [][]int{{0, 1, 2, 3, 4, 5}, {0, 1, 3, 5}, {0, 3, 5}, {3, 5}, {3}} {
		space, err := danas.Restrict(searchspace.Restriction{Decisions: []string{"*.op"}, Keep: left})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("danas/", len(left)), func(b *testing.B) { benchRelaxed(b, space, Elastic) })
	}
}
