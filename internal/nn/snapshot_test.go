package nn_test

import (
	"maps"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
)

// TestRestoreRefuses: a snapshot that does not fit changes nothing.
func TestRestoreRefuses(t *testing.T) {
	r := fakeRig(t)
	p := r.param("w", 2, 3)
	r.ps.AddState("mean", 2)
	r.step(&nn.Adam{}, p.Weight(), 0.1)
	before := r.ps.Snapshot(r.st)
	for want, spoil := range map[string]func(s *nn.Snapshot){
		"parameter mean: no value":                        func(s *nn.Snapshot) { delete(s.Values, "mean") },
		"parameter v does not exist":                      func(s *nn.Snapshot) { s.Values["v"] = nil },
		"parameter w: got 1 numbers, expected 6":          func(s *nn.Snapshot) { s.Values["w"] = []float32{1} },
		"parameter mean: got 3 numbers, expected 2":       func(s *nn.Snapshot) { s.Slots[1]["mean"] = []float32{1, 2, 3} },
		"parameter mean: optimiser state without updates": func(s *nn.Snapshot) { s.Slots[0]["mean"] = []float32{1, 2} },
		"parameter u does not exist":                      func(s *nn.Snapshot) { s.Updates["u"] = 1 },
		"parameter mean: -1 updates, expected at least 0": func(s *nn.Snapshot) { s.Updates["mean"] = -1 },
	} {
		s := r.ps.Snapshot(r.st)
		s.Values["w"][0]++
		spoil(s)
		if err := r.ps.Restore(r.st, s); err == nil || err.Error() != want {
			t.Errorf("got error %v, expected %q", err, want)
		}
		sameSnapshot(t, r.ps.Snapshot(r.st), before)
	}
}

// TestRestoreParts: without values only the optimiser's state changes; without that, it is dropped.
func TestRestoreParts(t *testing.T) {
	r := fakeRig(t)
	p, q := r.param("w", 2, 3), r.param("v", 2, 3)
	opt := &nn.Adam{}
	r.step(opt, p.Weight(), 0.1)
	early := r.ps.Snapshot(r.st)
	r.step(opt, p.Weight(), 0.1)
	r.step(opt, q.Weight(), 0.1)
	late := r.ps.Snapshot(r.st)
	if err := r.ps.Restore(r.st, &nn.Snapshot{Slots: early.Slots, Updates: early.Updates}); err != nil {
		t.Fatal(err)
	}
	sameSnapshot(t, r.ps.Snapshot(r.st), &nn.Snapshot{Values: late.Values, Slots: early.Slots, Updates: early.Updates})
	if err := r.ps.Restore(r.st, &nn.Snapshot{Values: early.Values}); err != nil {
		t.Fatal(err)
	}
	sameSnapshot(t, r.ps.Snapshot(r.st), &nn.Snapshot{Values: early.Values})
}

func sameSnapshot(t *testing.T, got, want *nn.Snapshot) {
	t.Helper()
	for i, g := range append(got.Slots[:], got.Values) {
		w := append(want.Slots[:], want.Values)[i]
		if len(g) != len(w) {
			t.Errorf("%d tensors, expected %d", len(g), len(w))
		}
		for name := range w {
			same(t, name, g[name], w[name])
		}
	}
	if !maps.Equal(got.Updates, want.Updates) {
		t.Errorf("updates are %v, expected %v", got.Updates, want.Updates)
	}
}
