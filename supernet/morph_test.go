package supernet

import (
	"math"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// morphOf morphs a model.
func morphOf(t testing.TB, m *Model, to searchspace.Arch, o *MorphOptions) (*Model, *MorphReport) {
	t.Helper()
	out, report, err := m.Morph(t.Context(), to, o)
	if err != nil {
		t.Fatalf("%s → %s: %v", m.space.Format(m.arch), m.space.Format(to), err)
	}
	return out, report
}

// answers is the logits of a model with running statistics, or with those of the batch.
func answers(t testing.TB, m *Model, b *dataset.Batch, ofBatch bool) []float32 {
	t.Helper()
	if !ofBatch {
		return outputs(t, m.network, m.prog, b)
	}
	if err := m.runner.forward(m.prog, b, nn.Recalibrating(), pass{stats: m.ownStats(m.prog)}); err != nil {
		t.Fatal(err)
	}
	rows, err := m.runner.logits(m.prog, b.N, m.prog.graph.Classes)
	if err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), rows...)
}

// distance is the largest difference of logits of the first classes of a model from those of
// another, in units of the largest logit.
func distance(t testing.TB, from, to *Model, b *dataset.Batch, ofBatch bool) float64 {
	t.Helper()
	want, got := answers(t, from, b, ofBatch), answers(t, to, b, ofBatch)
	var diff, size float64
	for i := range b.N {
		for c := range from.Classes() {
			w, g := float64(want[i*from.Classes()+c]), float64(got[i*to.Classes()+c])
			diff, size = max(diff, math.Abs(w-g)), max(size, math.Abs(w))
		}
	}
	return diff / size
}

// TestMorphThereAndBack grows a model to the largest network and shrinks that back.
func TestMorphThereAndBack(t *testing.T) {
	s := tinySpace(t)
	b := firstBatch(t, stripes(t, 8, 16, 1), 8)
	for seed := range uint64(5) {
		m, err := NewModel(s, sample(t, s, seed), &Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		jitter(t, m.network, seed)
		before := m.values()
		big, report := morphOf(t, m, s.Largest(), nil)
		if !report.Preserved {
			t.Errorf("growth changes the function:\n%v", report)
		}
		back, _ := morphOf(t, big, m.arch, nil)
		for _, ofBatch := range []bool{false, true} {
			for _, to := range []*Model{big, back} {
				if d := distance(t, m, to, b, ofBatch); !(d <= 1e-4) {
					t.Errorf("logits moved by %v", d)
				}
			}
		}
		sameValues(t, m.values(), before)
		sameValues(t, back.values(), before)
	}
}
