package supernet

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// relaxedLoss is the loss of a space's relaxed architectures on 8 images, and the images' numbers.
func relaxedLoss(t testing.TB, space *searchspace.Space, sharing Sharing, o *RelaxOptions) (*RelaxedLoss, []int) {
	t.Helper()
	n, err := New(space, &Options{Sharing: sharing, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, n.network, 1)
	return lossOn(t, n, stripes(t, 12, space.InputSize(), 1), o), []int{0, 3, 2, 9, 5, 6, 7, 11}
}

// lossOn is the loss of the relaxed architectures of a supernet's whole space on a data set.
func lossOn(t testing.TB, n *Net, ds dataset.Dataset, o *RelaxOptions) *RelaxedLoss {
	t.Helper()
	relax, err := n.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := relax.On(ds, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// randomRows is rows that do not sum to 1, around those of mixtures.
func randomRows(s *searchspace.Space, r *rand.Rand) searchspace.Relaxed {
	rows := s.Zeros()
	for d, dec := range s.Decisions() {
		for _, c := range dec.Allowed {
			rows[d][c] = (0.4 + 1.4*r.Float64()) / float64(len(dec.Allowed))
		}
	}
	return rows
}

// slope compares the gradient of the loss with its change along a direction.
func slope(t *testing.T, l *RelaxedLoss, rows, grad, along searchspace.Relaxed, images []int, what string) {
	t.Helper()
	want, scale := 0.0, 0.0
	for d := range grad {
		for c := range grad[d] {
			want += grad[d][c] * along[d][c]
			scale += math.Abs(grad[d][c] * along[d][c])
		}
	}
	h := min(4e-3/scale, 4e-3)
	at := func(step float64) float64 {
		moved := make(searchspace.Relaxed, len(rows))
		for d := range rows {
			moved[d] = slices.Clone(rows[d])
			for c := range moved[d] {
				moved[d][c] += step * along[d][c]
			}
		}
		loss, err := l.Loss(context.Background(), moved, images)
		if err != nil {
			t.Fatal(err)
		}
		return loss
	}
	got := (at(h) - at(-h)) / (2 * h)
	if math.Abs(got-want) > 0.03*scale+3e-3 {
		t.Errorf("%s: loss changes by %v, gradient says %v", what, got, want)
	}
}

// calm sets batch norms so that all activation functions work where they are smooth.
func calm(t testing.TB, n *network) {
	t.Helper()
	values := n.values()
	for _, s := range n.store.list {
		r := rand.New(rand.NewPCG(3, uint64(len(s.key))))
		for i := range values[s.key] {
			switch s.kind {
			case kindGamma:
				values[s.key][i] = float32(0.15 + 0.1*r.Float64())
			case kindBeta:
				values[s.key][i] = float32(1 + 0.2*r.Float64())
			}
		}
	}
	if err := n.setValues(values); err != nil {
		t.Fatal(err)
	}
}

// settle makes the running statistics those of some images under rows, so that activations are
// neither huge nor tiny.
func settle(t testing.TB, l *RelaxedLoss, rows searchspace.Relaxed, images []int) {
	t.Helper()
	n, p := l.relax.net, l.relax.prog
	subset, err := dataset.Subset(l.data.cache.ds, images)
	if err != nil {
		t.Fatal(err)
	}
	p.coef.write(n.runner.tape.Stream(), rows, false)
	for i := range p.code {
		if s := p.code[i].norm.Stats; s != nil {
			s.Reset(n.runner.tape.Stream())
		}
	}
	if err := n.runner.forward(p.program, firstBatch(t, subset, len(images)), nn.Recalibrating(), pass{}); err != nil {
		t.Fatal(err)
	}
}

// TestRelaxedGradient holds the gradient to finite differences along random directions in the
// decisions of each kind: at random rows with one way of sharing weights, at 0 and 1 with the
// other, at both where there is one way only.
func TestRelaxedGradient(t *testing.T) {
	for name, space := range relaxSpaces(t) {
		for _, sharing := range sharingsOf(name) {
			t.Run(name+" "+sharing.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(21, 22))
				l, images := relaxedLoss(t, space, sharing, nil)
				calm(t, l.relax.net.network)
				a, err := space.Sample(r)
				if err != nil {
					t.Fatal(err)
				}
				sharp, err := space.Relax(a)
				if err != nil {
					t.Fatal(err)
				}
				kinds := make(map[searchspace.Kind]searchspace.Relaxed)
				for d, dec := range space.Decisions() {
					if kinds[dec.Kind] == nil {
						kinds[dec.Kind] = space.Zeros()
					}
					for _, c := range dec.Allowed {
						kinds[dec.Kind][d][c] = r.NormFloat64()
					}
				}
				at := []searchspace.Relaxed{randomRows(space, r), sharp}
				if len(sharingsOf(name)) > 1 {
					at = at[sharing:][:1]
				}
				for _, rows := range at {
					settle(t, l, rows, images)
					_, grad, err := l.Gradient(context.Background(), rows, images)
					if err != nil {
						t.Fatal(err)
					}
					for kind, along := range kinds {
						slope(t, l, rows, grad, along, images, kind.String())
					}
				}
			})
		}
	}
}

// TestRelaxedSlopes holds gradients to finite differences, entry by entry, where they can be had to
// a few digits. Every entry has its turn with each way of sharing, with each kind of
// statistics, at random rows, and at 0 and 1.
func TestRelaxedSlopes(t *testing.T) {
	space := smoothSpace(t)
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		for _, statistics := range []Statistics{OfBatch, Running} {
			t.Run(sharing.String(), func(t *testing.T) {
				l, images := relaxedLoss(t, space, sharing, &RelaxOptions{
					Statistics: statistics, Classes: []int{0, 1, 3, 2}, LabelSmoothing: 0.1})
				r := rand.New(rand.NewPCG(31, 32))
				a, err := space.Sample(r)
				if err != nil {
					t.Fatal(err)
				}
				sharp, err := space.Relax(a)
				if err != nil {
					t.Fatal(err)
				}
				for k, rows := range []searchspace.Relaxed{randomRows(space, r), sharp} {
					settle(t, l, rows, images)
					_, grad, err := l.Gradient(t.Context(), rows, images)
					if err != nil {
						t.Fatal(err)
					}
					top := 0.0
					for d := range grad {
						for _, v := range grad[d] {
							top = max(top, math.Abs(v))
						}
					}
					for d := range rows {
						for c := range rows[d] {
							if (d+c+int(sharing)+int(statistics))%2 != 0 || (c+int(statistics)+k)%2 != 0 {
								continue
							}
							const h = 2e-3
							at := func(step float64) float64 {
								moved := slices.Clone(rows)
								moved[d] = slices.Clone(rows[d])
								moved[d][c] += step
								loss, err := l.Loss(t.Context(), moved, images)
								if err != nil {
									t.Fatal(err)
								}
								return loss
							}
							got := (8*(at(h)-at(-h)) - at(2*h) + at(-2*h)) / (12 * h)
							if math.Abs(got-grad[d][c]) > 2e-3*top+1e-3*math.Abs(got)+5e-4 {
								t.Errorf("choice %d of decision %d: loss changes by %v, gradient says %v", c, d, got, grad[d][c])
							}
						}
					}
				}
			})
		}
	}
}
