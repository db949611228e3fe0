package supernet

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor/fake"
	"github.com/tendril-nas/tendril/searchspace"
)

// someZeros is random rows in which about half of the entries are 0, and not all of a row.
func someZeros(s *searchspace.Space, r *rand.Rand) searchspace.Relaxed {
	rows := randomRows(s, r)
	for d, dec := range s.Decisions() {
		stays := dec.Allowed[r.IntN(len(dec.Allowed))]
		for c := range rows[d] {
			if c != stays && r.IntN(2) == 0 {
				rows[d][c] = 0
			}
		}
	}
	return rows
}

// liveSpaces is those of relaxSpaces that have every kind of mixture.
func liveSpaces(t testing.TB) map[string]*searchspace.Space {
	all := relaxSpaces(t)
	maps.DeleteFunc(all, func(name string, _ *searchspace.Space) bool {
		return !slices.Contains([]string{"mobilenetv3", "crafted", "uneven padding", "danas both"}, name)
	})
	return all
}

// sharingsOf is sharings without those that make no difference, for candidates of DA-NAS have sites
// of their own; heavy families, and the variants of others, have one.
func sharingsOf(name string) []Sharing {
	switch {
	case strings.HasPrefix(name, "danas"), name == "resnet50", name == "mobilenetv3 restricted":
		return []Sharing{Elastic}
	case name == "eatnas", name == "efficientnetlite per stage":
		return sharings()[len(sharings())-1:]
	}
	return sharings()
}

// convsOf counts the convolutions and linear layers that a program runs.
func convsOf(p *program) (n int) {
	for _, in := range p.code {
		if in.op == runConvNorm || in.op == runConv && in.weight.P != nil && in.weight.P.Name() != "coefficients" {
			n++
		}
	}
	return n
}

// TestLiveIsTheWhole compares the program without what zeros lead to with the whole one: logits,
// with both kinds of statistics, and the gradients of the weights.
func TestLiveIsTheWhole(t *testing.T) {
	for name, space := range liveSpaces(t) {
		for _, sharing := range sharingsOf(name) {
			t.Run(name+" "+sharing.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(51, 52))
				n, err := New(space, &Options{Sharing: sharing, Seed: 7})
				if err != nil {
					t.Fatal(err)
				}
				jitter(t, n.network, 1)
				relax, err := n.Relax(nil)
				if err != nil {
					t.Fatal(err)
				}
				whole := relax.prog
				b := firstBatch(t, stripes(t, 8, space.InputSize(), 1), 8)
				rows := someZeros(space, r)
				live := whole.without(rows)
				if sharing == SinglePath && convsOf(live.program) >= convsOf(whole.program) {
					t.Errorf("%d layers of %d are left", convsOf(live.program), convsOf(whole.program))
				}
				for _, batch := range []bool{false, true} {
					whole.coef.write(n.runner.tape.Stream(), rows, false)
					want := logitsOf(t, n.network, whole.program, b, batch)
					live.coef.write(n.runner.tape.Stream(), rows, false)
					got := logitsOf(t, n.network, live.program, b, batch)
					top := 0.0
					for _, v := range want {
						top = math.Max(top, math.Abs(float64(v)))
					}
					if !close32(got, want, 1e-5*top) {
						t.Errorf("batch statistics %v: live\n%v, whole\n%v", batch, got, want)
					}
				}
				want, _ := weightGradients(t, n, whole, rows)
				got, _ := weightGradients(t, n, live, rows)
				for key, w := range want {
					top := 0.0
					for _, v := range w {
						top = math.Max(top, math.Abs(float64(v)))
					}
					if got[key] == nil && top == 0 {
						continue // not computed, as nothing depends on it
					}
					if !close32(got[key], w, 1e-3*top+1e-6) {
						t.Errorf("gradient of %s: largest %v", key, top)
					}
				}
			})
		}
	}
}

// weightGradients is the gradients of all weights that a relaxed pass in training touches, by key,
// and its loss.
func weightGradients(t *testing.T, n *Net, p *relaxedProgram, rows searchspace.Relaxed) (map[string][]float32, float64) {
	t.Helper()
	b := firstBatch(t, stripes(t, 8, p.graph.InputSize, 1), 8)
	tape := n.runner.tape
	n.store.set.BeginStep()
	tape.Begin(nn.Training(1))
	p.coef.write(tape.Stream(), rows, false)
	p.run(n.runner, tape.Input(inputShape(b.N, b.Size), b.X), pass{stats: n.ownStats(p.program)})
	mean := tape.Mean(tape.CrossEntropy(n.runner.slots[p.logits], tape.Goal(p.graph.Classes, nn.Labels(b.Labels))))
	tape.Backward(mean)
	grads := make(map[string][]float32)
	for _, w := range n.store.set.Touched() {
		g := make([]float32, w.Size())
		tape.Stream().Read(w.Grad(), 0, g)
		grads[w.Name()] = g
	}
	return grads, tape.Item(mean)
}

// TestLiveCostsNoMore counts layers: at zeros and ones those of the sub-network.
func TestLiveCostsNoMore(t *testing.T) {
	for name, space := range liveSpaces(t) {
		n, err := New(space, &Options{Sharing: SinglePath, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		relax, err := n.Relax(nil)
		if err != nil {
			t.Fatal(err)
		}
		a := sample(t, space, 5)
		rows, err := space.Relax(a)
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.program(a)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := convsOf(relax.prog.without(rows).program), convsOf(p); got != want {
			t.Errorf("%s: %d layers at zeros and ones, the sub-network has %d", name, got, want)
		}
	}
}

// TestLiveOfNothing computes rows that are all 0, as the whole program does.
func TestLiveOfNothing(t *testing.T) {
	space := smoothSpace(t)
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		l, images := relaxedLoss(t, space, sharing, nil)
		rows := randomRows(space, rand.New(rand.NewPCG(1, 2)))
		for d := int(sharing); d < len(rows); d += 3 {
			old := slices.Clone(rows[d])
			clear(rows[d])
			want, _, err := l.Gradient(t.Context(), rows, images)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := l.Loss(t.Context(), rows, images); err != nil || math.Abs(got-want) > 1e-5 {
				t.Errorf("decision %d: loss %v, of the whole %v, error %v", d, got, want, err)
			}
			copy(rows[d], old)
		}
	}
}

// TestSkipZeros compares the gradient in entries that are not 0 with that of the whole program.
func TestSkipZeros(t *testing.T) {
	for name, space := range liveSpaces(t) {
		for _, sharing := range sharingsOf(name) {
			t.Run(name+" "+sharing.String(), func(t *testing.T) {
				r := rand.New(rand.NewPCG(61, 62))
				l, images := relaxedLoss(t, space, sharing, nil)
				calm(t, l.relax.net.network)
				skipping, err := l.relax.On(l.data.cache.ds, &RelaxOptions{SkipZeros: true})
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					rows := someZeros(space, r)
					settle(t, l, rows, images)
					loss, want, err := l.Gradient(t.Context(), rows, images)
					if err != nil {
						t.Fatal(err)
					}
					same, got, err := skipping.Gradient(t.Context(), rows, images)
					if err != nil || math.Abs(same-loss) > 1e-4 {
						t.Fatalf("loss %v, of the whole %v, error %v", same, loss, err)
					}
					top := 0.0
					for d := range want {
						for _, v := range want[d] {
							top = max(top, math.Abs(v))
						}
					}
					for d := range want {
						for c, v := range want[d] {
							if rows[d][c] == 0 {
								v = 0
							}
							if math.Abs(got[d][c]-v) > 1e-3*top+1e-5 {
								t.Errorf("choice %d of decision %d at %v: %v, of the whole %v", c, d, rows[d][c], got[d][c], v)
							}
						}
					}
				}
			})
		}
	}
}

// TestLiveElsewhere computes the gradient in pairs of choices on another device.
func TestLiveElsewhere(t *testing.T) {
	space := smoothSpace(t)
	rows := pairs(space, rand.New(rand.NewPCG(7, 8)))
	ds := stripes(t, 9, space.InputSize(), 1)
	var losses []float64
	var grads []searchspace.Relaxed
	for _, device := range []Device{nil, fake.New()} {
		n, err := New(space, &Options{Seed: 7, Device: device, Sharing: SinglePath})
		if err != nil {
			t.Fatal(err)
		}
		loss, grad, err := lossOn(t, n, ds, &RelaxOptions{SkipZeros: true}).Gradient(t.Context(), rows, interval(0, 9))
		if err != nil {
			t.Fatal(err)
		}
		losses, grads = append(losses, loss), append(grads, grad)
	}
	if math.Abs(losses[1]-losses[0]) > 1e-4 {
		t.Errorf("losses %v", losses)
	}
	for d := range rows {
		for c := range rows[d] {
			if math.Abs(grads[1][d][c]-grads[0][d][c]) > 1e-3 {
				t.Errorf("choice %d of decision %d: gradients %v and %v", c, d, grads[0][d][c], grads[1][d][c])
			}
		}
	}
}
