package supernet

import (
	"math"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// offset adds to all running means and multiplies all running variances.
func offset(t *testing.T, m *Model, mean, variance float32) {
	t.Helper()
	all, err := m.copies()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range m.prog.norms {
		means, variances := all[m.store.place(n, kindMean).key], all[m.store.place(n, kindVar).key]
		for c := range means.data {
			means.data[c] += mean
			variances.data[c] *= variance
		}
	}
	if err := m.put(all); err != nil {
		t.Fatal(err)
	}
}

// Statistics that are those of the calibration images before a morph are so afterwards; what they
// are off by before, they are off by afterwards wherever channels correspond.
func TestMorphKeepsOffset(t *testing.T) {
	space, train := tinySpace(t), stripes(t, 64, 16, 1)
	for seed := range uint64(6) {
		from, to := sample(t, space, seed), sample(t, space, seed+100)
		m, err := NewModel(space, from, &Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		enliven(t, m.network, seed)
		if err := m.Recalibrate(t.Context(), train, nil); err != nil {
			t.Fatal(err)
		}
		gathered, report := morphOf(t, m, to, &MorphOptions{Calibration: train})
		if !report.Recalibrated {
			continue
		}
		keep := &MorphOptions{Calibration: train, KeepOffset: true}
		kept, _ := morphOf(t, m, to, keep)
		statistics(t, kept, gathered.values(), func(string, int) (float32, float32) { return 0, 1 })

		offset(t, m, 0.25, 1.5)
		before := m.values()
		off, report := morphOf(t, m, to, keep)
		sameValues(t, m.values(), before)
		same := map[string]searchspace.Node{}
		for _, n := range m.prog.norms {
			same[n.Site] = *n
		}
		statistics(t, off, gathered.values(), func(site string, c int) (float32, float32) {
			if n, ok := same[site]; ok && c < n.Out.C && unlike(report, site) == 0 {
				return 0.25, 1.5
			}
			return 0, 1
		})
	}
}

// unlike is 1 for a normalisation that corresponds to none.
func unlike(r *MorphReport, site string) int {
	i := slices.IndexFunc(r.Nodes, func(n MorphNode) bool { return n.Site == site })
	if n := r.Nodes[i]; n.Change == MorphUnlike || n.Change == MorphStarted {
		return 1
	}
	return 0
}

// statistics compares those of a model with others that are off by something.
func statistics(t *testing.T, m *Model, want map[string][]float32, off func(site string, c int) (mean, factor float32)) {
	t.Helper()
	got := m.values()
	for _, n := range m.prog.norms {
		means, variances := m.store.place(n, kindMean).key, m.store.place(n, kindVar).key
		for c := range n.Out.C {
			mean, factor := off(n.Site, c)
			if d := math.Abs(float64(got[means][c] - want[means][c] - mean)); d > 1e-4 {
				t.Fatalf("%s, channel %d: mean %v, expected %v and %v", n.Site, c, got[means][c], want[means][c], mean)
			}
			wanted := float64(want[variances][c] * factor)
			if d := math.Abs(float64(got[variances][c]) - wanted); d > 1e-3*wanted+1e-3 {
				t.Fatalf("%s, channel %d: variance %v, expected %v times %v", n.Site, c, got[variances][c],
					want[variances][c], factor)
			}
		}
	}
}

// A morph that keeps the function touches no statistics.
func TestMorphKeepsOffsetOfFunction(t *testing.T) {
	m, train := tinyModel(t), stripes(t, 32, 16, 1)
	plain, report := morphOf(t, m, m.space.Largest(), nil)
	kept, _ := morphOf(t, m, m.space.Largest(), &MorphOptions{Calibration: train, KeepOffset: true})
	if !report.Preserved {
		t.Fatal("growth does not keep the function")
	}
	sameValues(t, kept.values(), plain.values())
}
