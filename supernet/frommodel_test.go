package supernet

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

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

// away is how far logits of a sub-network are from those of a model with the same classes, with
// running statistics and with those of the batch, whichever is farther.
func away(t testing.TB, m *Model, n *Net, a searchspace.Arch, b *dataset.Batch) float64 {
	t.Helper()
	far := 0.0
	for _, ofBatch := range []bool{false, true} {
		far = max(far, apart(answers(t, m, b, ofBatch), netAnswers(t, n, a, b, ofBatch), m.Classes(),
			prefix(m.Classes(), n.Classes())))
	}
	return far
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

// livelyModel is a model with weights of a network that has learnt something.
func livelyModel(t testing.TB, s *searchspace.Space, a searchspace.Arch, seed uint64) *Model {
	t.Helper()
	m, err := NewModel(s, a, &Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, seed)
	return m
}

// livelyNet is a supernet of the same kind.
func livelyNet(t testing.TB, s *searchspace.Space, sharing Sharing, seed uint64) *Net {
	t.Helper()
	n, err := New(s, &Options{Seed: seed, Sharing: sharing})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, n.network, seed)
	return n
}

// inheriting has a supernet inherit and says what is wrong: the model's architecture has other
// logits, the report is wrong about the largest one, or another sub-network is not what Morph makes
// of the model although that keeps the function or, with alike, in any case. before is a copy of
// the supernet as it was.
func inheriting(t testing.TB, n, before *Net, m *Model, to []searchspace.Arch, keep, alike bool) error {
	t.Helper()
	s := n.space
	r := inheritOf(t, n, m, &InheritOptions{KeepOrder: keep})
	// Statistics of fewer images, on maps of one pixel, would make much of rounding.
	b := firstBatch(t, stripes(t, 8, s.InputSize(), 5), 8)
	if !r.Exact || r.Arch != m.arch {
		return fmt.Errorf("not exact\n%v", r)
	}
	if d := away(t, m, n, m.arch, b); !(d <= 1e-4) {
		return fmt.Errorf("the model's logits moved by %v\n%v", d, r)
	}
	if n.store.openEnded && r.Preserved {
		return fmt.Errorf("the largest network, which is not there yet, is said to keep the function\n%v", r)
	} else if !n.store.openEnded {
		if d := away(t, m, n, s.Largest(), b); r.Preserved != (d <= 1e-4) {
			return fmt.Errorf("logits of the largest moved by %v\n%v", d, r)
		}
	}
	for _, a := range to {
		out, report, err := m.Morph(t.Context(), a, &MorphOptions{Supernet: before})
		if err != nil {
			return err
		}
		if d := away(t, m, n, a, b); report.Preserved && !(d <= 1e-4) {
			return fmt.Errorf("%s: logits moved by %v\n%v", s.Format(a), d, report)
		}
		if d := away(t, out, n, a, b); alike && !keep && !(d <= 1e-4) {
			return fmt.Errorf("%s: logits of the morph and the sub-network differ by %v\n%v", s.Format(a), d, report)
		}
		if report.Preserved && keep {
			copied, err := n.Extract(t.Context(), a, nil)
			if err != nil {
				return err
			}
			sameValues(t, copied.values(), out.values())
		}
	}
	return nil
}

// TestInherit: a sub-network is what the model becomes when it is morphed into it, over random
// pairs of light families, with a supernet that has learnt something. Pairs are any two or a
// growth, channels are put in order or not: of these four, a space has one with each way of
// sharing, the spaces after it the others.
func TestInherit(t *testing.T) {
	spaces := lightSpaces(t)
	for i, name := range slices.Sorted(maps.Keys(spaces)) {
		s := spaces[name]
		for _, sharing := range sharings() {
			round := []uint64{0, 3, 1, 2}[(i+int(sharing))%4]
			n, before := livelyNet(t, s, sharing, 9), livelyNet(t, s, sharing, 9)
			seed := 100*uint64(len(name)) + 10*uint64(sharing) + round
			from := sample(t, s, seed)
			to := sample(t, s, seed+1000)
			if round%2 == 1 {
				to = grown(s, from, rand.New(rand.NewPCG(seed, 1)))
			}
			alike := name == "mobilenetv3" || name == "proxylessnas" || strings.HasPrefix(name, "efficientnetlite")
			err := inheriting(t, n, before, livelyModel(t, s, from, seed), []searchspace.Arch{to}, round >= 2, alike)
			if err != nil {
				t.Errorf("%s %v, %s: %v", name, sharing, s.Format(from), err)
			}
		}
	}
}

// TestInheritHeavyFamilies is TestInherit for a few pairs of families with larger networks.
func TestInheritHeavyFamilies(t *testing.T) {
	space := func(s *searchspace.Space, err error) *searchspace.Space {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	keep := func(choices []int, patterns ...string) searchspace.Restriction {
		return searchspace.Restriction{Decisions: patterns, Keep: choices}
	}
	resnet := space(searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 32, Classes: 4}))
	resnet = space(resnet.Restrict(keep([]int{0}, "stage[234].width", "stage*.depth", "*.expand"),
		keep([]int{0, 1}, "*.width")))
	danas := space(searchspace.DANAS(searchspace.DANASOptions{Variant: searchspace.DANASShuffleMobile, SE: true,
		InputSize: 32, Classes: 4}))
	danas = space(danas.Restrict(keep([]int{1, 2}, "*")))
	for i, s := range []*searchspace.Space{resnet, danas} {
		sharing := []Sharing{Elastic, SinglePath}[i]
		before, n := livelyNet(t, s, sharing, 9), livelyNet(t, s, sharing, 9)
		to := []searchspace.Arch{sample(t, s, 3)}
		if err := inheriting(t, n, before, livelyModel(t, s, sample(t, s, 1), 1), to, false, false); err != nil {
			t.Errorf("%s: %v", s.Name(), err)
		}
	}
	// Without a choice graph what there is inherits, and the model's architecture comes into being.
	etnas := space(searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 32, Classes: 4, Channels: []int{16},
		Blocks: 2}))
	for seed := range uint64(2) {
		n, err := New(etnas, &Options{Sharing: SinglePath})
		if err != nil {
			t.Fatal(err)
		}
		from, other := sample(t, etnas, seed), sample(t, etnas, seed+1)
		if seed%2 == 1 {
			if _, err := n.program(other); err != nil {
				t.Fatal(err)
			}
		}
		if err := inheriting(t, n, n, livelyModel(t, etnas, from, seed), nil, false, false); err != nil {
			t.Errorf("%s: %v", etnas.Format(from), err)
		}
	}
}
