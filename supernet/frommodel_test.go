package supernet

import (
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// netAnswers is the logits of a sub-network on shared weights, with shared running statistics or
// those of the batch.
func netAnswers(t testing.TB, n *Net, a searchspace.Arch, b *dataset.Batch, ofBatch bool) []float32 {
	t.Helper()
	p, err := n.program(a)
	if err != nil {
		t.Fatal(err)
	}
	if !ofBatch {
		return outputs(t, n.network, p, b)
	}
	if err := n.runner.forward(p, b, nn.Recalibrating(), pass{stats: n.ownStats(p)}); err != nil {
		t.Fatal(err)
	}
	rows, err := n.runner.logits(p, b.N, p.graph.Classes)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(rows)
}

// apart is the largest difference of logits of the same classes, in units of the largest logit:
// matched has a class of want for every class of got, −1 for none.
func apart(want, got []float32, classes int, matched []int) float64 {
	var diff, size float64
	for i := range len(got) / len(matched) {
		for c, from := range matched {
			if from >= 0 {
				w, g := float64(want[i*classes+from]), float64(got[i*len(matched)+c])
				diff, size = max(diff, math.Abs(w-g)), max(size, math.Abs(w))
			}
		}
	}
	return diff / size
}

// inheritOf has a supernet inherit.
func inheritOf(t testing.TB, n *Net, m *Model, o *InheritOptions) *InheritReport {
	t.Helper()
	r, err := n.Inherit(t.Context(), m, o)
	if err != nil {
		t.Fatalf("%s: %v", m.space.Format(m.arch), err)
	}
	return r
}

// TestInheritLikeMorph: a sub-network is what the model becomes when it is morphed into it.
func TestInheritLikeMorph(t *testing.T) {
	spaces := lightSpaces(t)
	names := slices.Sorted(maps.Keys(spaces))
	rapid.Check(t, func(rt *rapid.T) {
		name, seed := rapid.SampledFrom(names).Draw(rt, "space"), rapid.Uint64Max(1e6).Draw(rt, "seed")
		sharing := rapid.SampledFrom([]Sharing{Elastic, SinglePath}).Draw(rt, "sharing")
		s := spaces[name]
		n, err := New(s, &Options{Seed: seed, Sharing: sharing})
		if err != nil {
			rt.Fatal(err)
		}
		enliven(t, n.network, seed+1)
		before, err := New(s, &Options{Seed: seed, Sharing: sharing})
		if err != nil {
			rt.Fatal(err)
		}
		enliven(t, before.network, seed+1)
		m, err := NewModel(s, sample(t, s, seed), &Options{Seed: seed})
		if err != nil {
			rt.Fatal(err)
		}
		enliven(t, m.network, seed)
		keep := rapid.Bool().Draw(rt, "keep order")
		r, err := n.Inherit(t.Context(), m, &InheritOptions{KeepOrder: keep})
		if err != nil {
			rt.Fatal(err)
		}
		b := firstBatch(t, stripes(t, 8, s.InputSize(), seed), 8)
		same := prefix(4, 4)
		if !r.Exact || r.Arch != m.arch {
			rt.Fatalf("not exact\n%v", r)
		}
		for _, ofBatch := range []bool{false, true} {
			if d := apart(answers(t, m, b, ofBatch), netAnswers(t, n, m.arch, b, ofBatch), 4, same); !(d <= 1e-4) {
				rt.Errorf("own architecture moved by %v (%v)\n%v", d, ofBatch, r)
			}
		}
		for k := range uint64(3) {
			to := sample(t, s, seed+k+10)
			if k == 2 {
				to = s.Largest()
			}
			out, report, err := m.Morph(t.Context(), to, &MorphOptions{Supernet: before})
			if err != nil {
				rt.Fatal(err)
			}
			d := apart(answers(t, m, b, false), netAnswers(t, n, to, b, false), 4, same)
			if report.Preserved && !(d <= 1e-4) {
				rt.Errorf("%s → %s moved by %v\n%v", s.Format(m.arch), s.Format(to), d, r)
			}
			if k == 2 && r.Preserved != (d <= 1e-4) {
				rt.Errorf("largest moved by %v\n%v", d, r)
			}
			e := apart(answers(t, out, b, false), netAnswers(t, n, to, b, false), 4, same)
			if !(e <= 1e-4) && !keep && name[0] != 'e' {
				t.Logf("%v %v", sameExpanding(s, m.arch, to), shrinksExpanding(s, m.arch, to))
				t.Logf("%s %v %v: %s → %s morphed and shared differ by %v", name, sharing, keep, s.Format(m.arch), s.Format(to), e)
			}
		}
	})
}

func shrinksExpanding(s *searchspace.Space, from, to searchspace.Arch) bool {
	active, other := s.Active(from), s.Active(to)
	for i, d := range s.Decisions() {
		if d.Kind == searchspace.KindExpand && active[i] && other[i] && d.Values[from.At(i)] != 1 && d.Values[to.At(i)] == 1 {
			return true
		}
	}
	return false
}
