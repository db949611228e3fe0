package searchspace

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestWander compares the random walk under a limit with Sample's distribution without, conditional
// on the limit.
func TestWander(t *testing.T) {
	s, err := NewSpace(Family{Name: "narrow", InputSize: 16, Classes: 3, Build: func(b *Builder) {
		x := b.ConvBN("stem", b.Input(), Conv{Out: Const(8), Kernel: Const(3), Stride: 2}, ActReLU)
		b.Stage("", func() {
			x = b.Repeat(b.OneOf("depth", KindDepth, 1, 2, 3), x, func(l int, x Ref) Ref {
				b.Block("layers", l, func() {
					x = b.ConvBN("conv", x, Conv{Out: Const(8), Kernel: b.OneOf("kernel", KindKernel, 1, 3, 5)}, ActReLU)
				})
				return x
			})
		})
		b.Classifier("classifier", b.GlobalAvgPool("pool", x), 0)
	}})
	if err != nil {
		t.Fatal(err)
	}
	low, high, err := s.CostRange(CostLimit{Of: CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	limited, err := s.Limit(CostLimit{Of: CostMAdds, Min: low + 0.1*(high-low), Max: low + 0.45*(high-low)})
	if err != nil {
		t.Fatal(err)
	}
	const n = 6000
	r := rand.New(rand.NewPCG(1, 2))
	walked, drawn := map[Arch]float64{}, map[Arch]float64{}
	for range n {
		walked[limited.wander(r)]++
		a, err := limited.Sample(r)
		if err != nil {
			t.Fatal(err)
		}
		drawn[a]++
	}
	var chi float64
	for a := range drawn {
		d := walked[a] - drawn[a]
		chi += d * d / (walked[a] + drawn[a])
	}
	if free := float64(len(drawn) - 1); len(walked) != len(drawn) || chi > free+4*math.Sqrt(2*free) {
		t.Errorf("%d architectures by walking, %d by drawing, χ² = %.1f", len(walked), len(drawn), chi)
	}
}
