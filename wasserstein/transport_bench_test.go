package wasserstein

import (
	"context"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// transportCase is two clouds of points made from integers, so that testdata/pot_emd.py has the
// same ones bit for bit.
type transportCase struct {
	n, m, d  int
	weighted bool
	cost     float64 // by POT 0.9.7
}

func (c transportCase) String() string {
	weights := "uniform"
	if c.weighted {
		weights = "weighted"
	}
	return fmt.Sprintf("%dx%d/%dd_%s", c.n, c.m, c.d, weights)
}

// make gives the points, coordinates of four uniform numbers' sum, and the weights, −log of a
// uniform number as in a flat Dirichlet distribution.
func (c transportCase) make() (x, y *tensor.Dense, a, b []float64) {
	cloud := func(seed uint64, n int, shift float64) (*tensor.Dense, []float64) {
		p := make([]float64, n*c.d)
		for i := range p {
			w := splitmix(seed, uint64(i))
			p[i] = float64(w&0xFFFF+w>>16&0xFFFF+w>>32&0xFFFF+w>>48)/65536 + shift
		}
		if !c.weighted {
			return dense(p, c.d), nil
		}
		weights := make([]float64, n)
		for i := range weights {
			weights[i] = -math.Log((float64(splitmix(seed+1<<40, uint64(i))>>11) + 0.5) / (1 << 53))
		}
		return dense(p, c.d), weights
	}
	x, a = cloud(1, c.n, 0)
	y, b = cloud(2, c.m, 0.25)
	return x, y, a, b
}

var transportCases = []transportCase{
	{200, 300, 8, true, 1.41116125461}, {1000, 1000, 2, true, 0.369053670978},
	{1000, 1000, 8, true, 1.24743428728}, {1000, 1000, 2, false, 0.41186289721},
	{1000, 1000, 8, false, 1.16325191342}, {1000, 1000, 64, true, 5.61610080548},
}

// Two of the benchmarks' problems have the costs that a peer finds.
func TestTransportOfClouds(t *testing.T) {
	for _, c := range []transportCase{transportCases[0], transportCases[2]} {
		x, y, u, v := c.make()
		got, err := EMD(context.Background(), x, y, u, v)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, c.String(), got, c.cost, 1e-11, c.cost)
	}
}

// BenchmarkTransport takes given distances; testdata/pot_emd.py is the peer.
func BenchmarkTransport(b *testing.B) {
	for _, c := range transportCases {
		b.Run(c.String(), func(b *testing.B) {
			x, y, u, v := c.make()
			cost, err := Distances(x, y, Euclidean)
			if err != nil {
				b.Fatal(err)
			}
			var plan *Plan
			before := cpuSeconds()
			for b.Loop() {
				if plan, err = Transport(context.Background(), cost, u, v); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1000*(cpuSeconds()-before)/float64(b.N), "cpu-ms/op")
			b.ReportMetric(plan.Cost, "cost")
		})
	}
}

// BenchmarkEMD takes points.
func BenchmarkEMD(b *testing.B) {
	for _, c := range transportCases {
		b.Run(c.String(), func(b *testing.B) {
			x, y, u, v := c.make()
			before := cpuSeconds()
			for b.Loop() {
				if _, err := EMD(context.Background(), x, y, u, v); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1000*(cpuSeconds()-before)/float64(b.N), "cpu-ms/op")
		})
	}
}
