package supernet

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// benchGradient times gradients of a space's relaxed architectures at random rows, on batches of 32
// images of 32 pixels.
func benchGradient(b *testing.B, space *searchspace.Space, sharing Sharing) {
	const images = 32
	n, err := New(space, &Options{Sharing: sharing})
	if err != nil {
		b.Fatal(err)
	}
	relax, err := n.Relax(nil)
	if err != nil {
		b.Fatal(err)
	}
	l, err := relax.On(stripes(b, images, space.InputSize(), 1), nil)
	if err != nil {
		b.Fatal(err)
	}
	rows := randomRows(space, rand.New(rand.NewPCG(1, 2)))
	batch := interval(0, images)
	step := func() {
		if _, _, err := l.Gradient(b.Context(), rows, batch); err != nil {
			b.Fatal(err)
		}
	}
	step()
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(b.N*images)/b.Elapsed().Seconds(), "img/s")
}

// BenchmarkRelaxed times Gradient. The time of DA-NAS falls with the candidates that are left.
func BenchmarkRelaxed(b *testing.B) {
	mbv3, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: 0.25, InputSize: 32, StemStride: 1, Classes: 10, Dropout: -1})
	if err != nil {
		b.Fatal(err)
	}
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		b.Run("mobilenetv3/"+sharing.String(), func(b *testing.B) { benchGradient(b, mbv3, sharing) })
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
		b.Run(fmt.Sprint("danas/", len(left)), func(b *testing.B) { benchGradient(b, space, Elastic) })
	}
}
