package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// leastCase compares a path with the definition, on numbers with many ties where coarse is set.
func leastCase(t *testing.T, p Path, r *rand.Rand, n int, coarse bool) {
	t.Helper()
	c, intactC := guarded64(r, n)
	v, intactV := guarded64(r, n)
	if coarse {
		for i := range c {
			c[i], v[i] = math.Round(c[i]), math.Round(v[i])
		}
	}
	least, at := math.Inf(1), -1
	for i := range c {
		if c[i]-v[i] < least {
			least, at = c[i]-v[i], i
		}
	}
	if got, i := p.LeastDifference64(c, v); got != least || i != at {
		t.Fatalf("%v: least of %d is %g at %d, expected %g at %d", p, n, got, i, least, at)
	}
	intactC(t, "costs")
	intactV(t, "values")
}

func TestLeastDifference64(t *testing.T) {
	r := rand.New(rand.NewPCG(64, 9))
	for _, p := range Available() {
		for n := range 140 {
			leastCase(t, p, r, n, false)
			leastCase(t, p, r, n, true)
		}
		leastCase(t, p, r, 1000, true)
	}
}

func FuzzLeastDifference64(f *testing.F) {
	f.Add(uint64(1), uint16(65), true)
	f.Add(uint64(2), uint16(0), false)
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, coarse bool) {
		for _, p := range Available() {
			leastCase(t, p, rand.New(rand.NewPCG(seed, 1)), int(n%2048), coarse)
		}
	})
}

func BenchmarkLeastDifference64(b *testing.B) {
	for _, p := range Available() {
		b.Run(p.String(), func(b *testing.B) {
			c, v := make([]float64, 1000), make([]float64, 1000)
			for b.Loop() {
				p.LeastDifference64(c, v)
			}
			b.SetBytes(8 * int64(len(c)))
		})
	}
}
