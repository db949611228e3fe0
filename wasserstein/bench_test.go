package wasserstein

import (
	"fmt"
	"testing"
)

// BenchmarkW2 times the distance from moments of 4q rectified factor-model vectors;
// testdata/scipy_w2.py is the peer.
func BenchmarkW2(b *testing.B) {
	for _, q := range []int{128, 512, 1280} {
		b.Run(fmt.Sprintf("q%d", q), func(b *testing.B) {
			m := [2]*Moments{}
			for i := range m {
				m[i], _ = NewMoments(q, "")
				if err := m[i].AddFloat32(factorModel(uint64(1+i), 4*q, q, i)); err != nil {
					b.Fatal(err)
				}
			}
			before := cpuSeconds()
			for b.Loop() {
				if _, err := Squared(m[0], m[1]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1000*(cpuSeconds()-before)/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkW2Singular has fewer vectors than features, so that both covariances are singular.
func BenchmarkW2Singular(b *testing.B) {
	const q, n = 1280, 1000
	x, y := dense(factorModel(1001, n, q, 0), q), dense(factorModel(2002, n, q, 1), q)
	b.Run("moments", func(b *testing.B) {
		m := [2]*Moments{}
		for i := range m {
			m[i], _ = NewMoments(q, "")
		}
		if m[0].Add(x) != nil || m[1].Add(y) != nil {
			b.Fatal("refused")
		}
		for b.Loop() {
			if _, err := Squared(m[0], m[1]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("samples", func(b *testing.B) {
		for b.Loop() {
			if _, err := SquaredSamples(x, y); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMomentsAdd takes batches of 256 vectors.
func BenchmarkMomentsAdd(b *testing.B) {
	const q, n = 1280, 256
	m, _ := NewMoments(q, "")
	x := dense(factorModel(1, n, q, 0), q)
	for b.Loop() {
		if err := m.Add(x); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "vectors/s")
}
