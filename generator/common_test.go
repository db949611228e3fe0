package generator

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// paper is the space of the paper on small images.
func paper(t testing.TB) *searchspace.Space {
	return must[*searchspace.Space](t)(searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.35,
		InputSize: 32, StemStride: 1, Classes: 60}))
}

// small is a space of few decisions, some of them inactive at times.
func small(t testing.TB) *searchspace.Space {
	return must[*searchspace.Space](t)(searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25,
		InputSize: 32, Classes: 4, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expands: []int{3, 4}}))
}

// chain is a custom family: one convolution per list of kernel sizes, some of them followed by a
// choice between activations, which has no order.
func chain(t testing.TB, symbols bool, kernels ...[]int) *searchspace.Space {
	t.Helper()
	return must[*searchspace.Space](t)(searchspace.NewSpace(chainFamily(symbols, kernels...)))
}

func chainFamily(symbols bool, kernels ...[]int) searchspace.Family {
	return searchspace.Family{Name: "chain", InputSize: 16, Classes: 3,
		Build: func(b *searchspace.Builder) {
			x := b.Input()
			for i, ks := range kernels {
				name := "conv" + strconv.Itoa(i)
				b.Named(name, name, func() {
					x = b.ConvBN("conv", x, searchspace.Conv{Out: searchspace.Const(8),
						Kernel: b.OneOf("kernel", searchspace.KindKernel, ks...)}, searchspace.ActReLU)
					if symbols {
						op := b.Symbol("op", searchspace.KindOp, "none", "conv", "wide")
						x = b.Switch(op, func(v int) searchspace.Ref {
							if v == 0 {
								return x
							}
							return b.ConvBN("more"+strconv.Itoa(v), x,
								searchspace.Conv{Out: searchspace.Const(8),
									Kernel: searchspace.Const(2*v + 1)}, searchspace.ActReLU)
						})
					}
				})
			}
			b.Classifier("classifier", b.GlobalAvgPool("pool", x), 0)
		},
	}
}

// taste is a made-up learner: every choice of every decision has a worth of its own, which the
// architecture gains, so that the best architecture of a superclass at a budget is known.
type taste struct {
	worth  searchspace.Relaxed
	images int
	calls  int
	fail   func(call int) error
}

// newTaste draws the worths of a superclass: a bit for every step towards the larger, which all
// superclasses like, and more for what this one likes.
func newTaste(space *searchspace.Space, seed uint64, scale float64) *taste {
	r := rand.New(rand.NewPCG(seed, 1))
	t := &taste{worth: space.Zeros(), images: 50}
	for _, row := range t.worth {
		gain := math.Abs(r.NormFloat64()) * scale
		for c := range row {
			row[c] = gain * float64(c)
		}
	}
	return t
}

func (l *taste) Len() int { return l.images }

// Gradient is −Σ worth·row, plus a little for the images of the batch.
func (l *taste) Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (float64,
	searchspace.Relaxed, error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	l.calls++
	if l.fail != nil {
		if err := l.fail(l.calls); err != nil {
			return 0, nil, err
		}
	}
	noise := 0.0
	for _, i := range images {
		noise += math.Sin(float64(i)) / float64(len(images))
	}
	loss, grad := 1.0, make(searchspace.Relaxed, len(rows))
	for i, row := range rows {
		grad[i] = make([]float64, len(row))
		for c, v := range row {
			w := l.worth[i][c] * (1 + 0.1*noise)
			loss -= w * v
			grad[i][c] = -w
		}
	}
	return loss, grad, nil
}

func (l *taste) value(space *searchspace.Space, a searchspace.Arch) float64 {
	sum := 0.0
	for i, on := range space.Active(a) {
		if on {
			sum += l.worth[i][a.At(i)]
		}
	}
	return sum
}

// tastes are learners for superclasses, and their names.
func tastes(space *searchspace.Space, n int) (names []string, learners []Learner) {
	for k := range n {
		names = append(names, "class"+strconv.Itoa(k))
		learners = append(learners, newTaste(space, uint64(k), 0.005))
	}
	return names, learners
}
