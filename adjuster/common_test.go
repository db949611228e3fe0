package adjuster

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

var compareArchs = cmp.Comparer(func(a, b searchspace.Arch) bool { return a == b })

// chain is a custom family: one convolution per list of kernel sizes.
func chain(t testing.TB, kernels ...[]int) *searchspace.Space {
	t.Helper()
	return must(t)(searchspace.NewSpace(chainFamily(kernels, nil)))
}

func chainFamily(kernels [][]int, limits []searchspace.Limit) searchspace.Family {
	return searchspace.Family{
		Name: "chain", InputSize: 16, Classes: 3, Limits: limits,
		Build: func(b *searchspace.Builder) {
			x := b.Input()
			for i, ks := range kernels {
				name := "conv" + strconv.Itoa(i)
				b.Named(name, name, func() {
					x = b.ConvBN("conv", x, searchspace.Conv{Out: searchspace.Const(8), Kernel: b.OneOf("kernel", searchspace.KindKernel, ks...)}, searchspace.ActReLU)
				})
			}
			b.Classifier("classifier", b.GlobalAvgPool("pool", x), 0)
		},
	}
}

// small is a MobileNetV3 space with inactive decisions.
func small(t testing.TB) *searchspace.Space {
	t.Helper()
	return must(t)(searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 4,
		Depths: []int{1, 2}, Kernels: []int{3, 5}, Expands: []int{3, 4}}))
}

func must(t testing.TB) func(*searchspace.Space, error) *searchspace.Space {
	return func(s *searchspace.Space, err error) *searchspace.Space {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// judge is an evaluator that computes its accuracy.
type judge struct {
	v     func(a searchspace.Arch) float64
	calls int
	fail  func(call int) error
}

func (j *judge) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	if err := ctx.Err(); err != nil {
		return searchspace.Measurement{}, err
	}
	j.calls++
	if j.fail != nil {
		if err := j.fail(j.calls); err != nil {
			return searchspace.Measurement{}, err
		}
	}
	return searchspace.Measurement{Arch: a, Accuracy: j.v(a), Loss: 1 - j.v(a), Samples: 100, Stage: 2, WeightVersion: 5, Recalibrated: true}, nil
}

func (j *judge) EvaluateBatch(ctx context.Context, a searchspace.Arch, batch int) (searchspace.Measurement, error) {
	m, err := j.Evaluate(ctx, a)
	m.Accuracy = math.Min(1, m.Accuracy+float64(batch%7)/1000)
	return m, err
}

// saturating is an accuracy that grows with cost, ever more slowly.
func saturating(t testing.TB, s *searchspace.Space) *judge {
	largest, err := MAdds(s, s.Largest())
	if err != nil {
		t.Fatal(err)
	}
	known := map[searchspace.Arch]float64{}
	return &judge{v: func(a searchspace.Arch) float64 {
		if v, ok := known[a]; ok {
			return v
		}
		c, err := MAdds(s, a)
		if err != nil {
			panic(fmt.Sprint("cost of a proposed architecture: ", err))
		}
		known[a] = 0.9 * (1 - math.Exp(-3*c/largest))
		return known[a]
	}}
}

func newAdjuster(t testing.TB, s *searchspace.Space, o Options) *Adjuster {
	t.Helper()
	a, err := New(s, &o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// probability is log π(arch) and the entropy along its decisions; with grad the walk can be
// differentiated.
func probability(t testing.TB, a *Adjuster, prev, arch searchspace.Arch, cell int, grad bool) draw {
	t.Helper()
	enc := make([]float32, a.space.EncodingLen())
	if !prev.IsZero() {
		copy(enc, a.space.Encode(prev))
	}
	d, err := a.policy.walk(a.space, enc, cell, grad, func(i int, _ []float64) int { return arch.At(i) })
	if err != nil {
		t.Fatal(err)
	}
	if d.arch != arch {
		t.Fatalf("walked to %v, expected %v", d.arch, arch)
	}
	return d
}

// every lists all architectures of a small space.
func every(t testing.TB, s *searchspace.Space) []searchspace.Arch {
	t.Helper()
	var out []searchspace.Arch
	seen := map[searchspace.Arch]bool{}
	dec := s.Decisions()
	choices := make([]int, len(dec))
	var fill func(i int)
	fill = func(i int) {
		if i < len(dec) {
			for _, c := range dec[i].Allowed {
				choices[i] = c
				fill(i + 1)
			}
			return
		}
		if a, err := s.New(choices); err == nil && !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	fill(0)
	return out
}

// evaluatorFunc makes an Evaluator of a function.
type evaluatorFunc func(a searchspace.Arch) (searchspace.Measurement, error)

func (f evaluatorFunc) Evaluate(_ context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return f(a)
}
