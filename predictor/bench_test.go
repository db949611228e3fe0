package predictor

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkUpdate is one example for the network of the paper.
func BenchmarkUpdate(b *testing.B) {
	for _, c := range []struct {
		name string
		make func() (Learner, error)
	}{
		{"hedge", func() (Learner, error) { return NewHedge(10, nil) }},
		{"hedge-ridge", func() (Learner, error) { return NewHedge(10, &HedgeOptions{Linear: LinearRidge}) }},
		{"mlp3", func() (Learner, error) { return NewMLP(10, &MLPOptions{Layers: 3}) }},
		{"mlp10", func() (Learner, error) { return NewMLP(10, nil) }},
		{"linear", func() (Learner, error) { return NewLinear(10, nil) }},
		{"ridge", func() (Learner, error) { return NewRidge(10, nil) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, err := c.make()
			if err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 1))
			const examples = 256
			var xs [examples][10]float64
			var ys [examples]float64
			for i := range xs {
				for j := range xs[i] {
					xs[i][j] = r.NormFloat64()
				}
				ys[i] = 0.5 + 0.1*xs[i][0] - 0.05*xs[i][1]*xs[i][2]
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := l.Update(xs[i%examples][:], ys[i%examples]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
