package adjuster

import (
	"context"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// BenchmarkIteration is one iteration of Algorithm 2 on the published space without the evaluation.
func BenchmarkIteration(b *testing.B) {
	s := must(b)(searchspace.MobileNetV3(searchspace.MobileNetV3Options{}))
	a := newAdjuster(b, s, Options{Iterations: b.N, Candidates: 1})
	j := &judge{v: func(searchspace.Arch) float64 { return 0.5 }}
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := a.Adjust(context.Background(), s.Smallest(), 1, j, nil); err != nil {
		b.Fatal(err)
	}
}
