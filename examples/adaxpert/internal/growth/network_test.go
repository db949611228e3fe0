package growth

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// A trial judges on ranges that add up, trains nothing twice and leaves the network in service as
// it is.
func TestDescendants(t *testing.T) {
	e := ready(t)
	d, err := e.trial()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.service(2)
	if err != nil {
		t.Fatal(err)
	}
	before := s.model.WeightVersion()
	for _, a := range []searchspace.Arch{e.full.Largest(), e.full.Smallest()} {
		whole, err := d.Evaluate(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		var n, right int
		var loss float64
		for from := 0; from < d.Len(); from += 10 {
			to := min(from+10, d.Len())
			m, err := d.EvaluateRange(t.Context(), a, from, to)
			if err != nil {
				t.Fatal(err)
			}
			n, right, loss = n+m.Samples, right+m.Correct, loss+m.Loss*float64(m.Samples)
		}
		if n != d.Len() || n != whole.Samples || right != whole.Correct ||
			math.Abs(loss/float64(n)-whole.Loss) > 1e-9 {
			t.Errorf("ranges add up to %d of %d and loss %v, the whole is %+v", right, n, loss/float64(n), whole)
		}
		// From its file, another engine says the same.
		clear(e.networks)
		again, err := e.trial()
		if err != nil {
			t.Fatal(err)
		}
		m, err := again.Evaluate(t.Context(), a)
		if d := cmp.Diff(whole, m, cmp.Comparer(func(x, y searchspace.Arch) bool { return x == y })); err != nil ||
			d != "" {
			t.Errorf("from its file (%v):\n%s", err, d)
		}
	}
	if s.model.WeightVersion() != before {
		t.Error("the network in service has changed")
	}
	for _, r := range [][2]int{{-1, 2}, {2, 2}, {0, d.Len() + 1}} {
		if _, err := d.EvaluateRange(t.Context(), e.full.Smallest(), r[0], r[1]); err == nil {
			t.Errorf("images %v were judged", r)
		}
	}
}

// A share of a training takes this share of its steps.
func TestShorten(t *testing.T) {
	ds := numbered(t, 4, 40)
	for _, share := range []float64{0.02, 0.1, 0.25, 0.5, 1} {
		table := run.Training{Epochs: 5, MinSteps: 60, Batch: 16}
		epochs, steps := table.Plan(ds.Len())
		want := share * float64(epochs*steps)
		some, err := shorten(&table, ds, share, 1)
		if err != nil {
			t.Fatal(err)
		}
		epochs, steps = table.Plan(some.Len())
		if got := float64(epochs * steps); math.Abs(got-want) > 1+0.1*want {
			t.Errorf("share %v: %v steps, want about %v", share, got, want)
		}
	}
}

// All methods train their networks on the same images in the same order: where they serve with the
// same architecture, they have the same network.
func TestArmsAreAlike(t *testing.T) {
	ours := report(t, tiny(t, "-always"))
	fixed := report(t, tiny(t, "-always", "-baseline", "fixed"))
	for i, s := range ours.Snapshots {
		if got, want := s.Against.Accuracy, fixed.Snapshots[i].AccAfter; got != want {
			t.Errorf("snapshot %d: keeping the first network gives %v beside a run and %v alone", i+1, got, want)
		}
		if got, want := s.Against.MAdds, fixed.Snapshots[i].MAddsAfter; got != want {
			t.Errorf("snapshot %d: %v multiply-adds beside a run and %v alone", i+1, got, want)
		}
	}
	if first := ours.Snapshots[0].Against; first.Difference != 0 || first.StandardError != 0 {
		t.Errorf("first networks differ: %+v", first)
	}
	if f := ours.Final; math.Abs(f.TestAccuracy-f.Against.Accuracy-f.Against.Difference) > 1e-12 {
		t.Errorf("final: %+v, %+v", f, f.Against)
	}
}

// A network that is kept and trained is the reference from then on.
func TestKeepTraining(t *testing.T) {
	keep := []string{"-volumes", "50,75,100", "-epsilon", "100"}
	plain, trained := report(t, tiny(t, append(keep, "-keep-training=false")...)), report(t, tiny(t, keep...))
	for i, s := range trained.Snapshots[1:] {
		if s.Decision != Kept || s.ArchAfter != trained.Snapshots[0].ArchAfter {
			t.Errorf("snapshot %d: %+v", i+2, s)
		}
	}
	if p, q := plain.Snapshots[1], trained.Snapshots[1]; p.AccBefore != q.AccBefore || p.AccAfter != p.AccBefore ||
		q.AccAfter == q.AccBefore || p.H != q.H {
		t.Errorf("second snapshot: %+v, trained %+v", p, q)
	}
	// Only the last images are new to the network that was trained on.
	if p, q := plain.Snapshots[2], trained.Snapshots[2]; p.D <= 0 || p.D == q.D {
		t.Errorf("third snapshot: %+v, trained %+v", p, q)
	}
	if a := trained.Final.Against; a.Difference != 0 || a.Accuracy != trained.Final.TestAccuracy {
		t.Errorf("the first network was kept and trained, and beside it %+v", a)
	}
}

// Every form of the method goes through.
func TestForms(t *testing.T) {
	for _, more := range [][]string{
		{"-inherit", "supernet", "-distill", "0", "-sandwich", "0"},
		{"-inherit", "none", "-reward", "eq5", "-objective", "accuracy", "-distance", "relative"},
		{"-compare=false", "-trial", "0", "-race=false", "-against=false", "-reward", "published", "-distance",
			"unbiased"},
		{"-elites", "2", "-keep-previous", "-trial", "0.01", "-distance", "calibrated"},
	} {
		r := report(t, tiny(t, append(more, "-always", "-volumes", "20,50", "-retrain-epochs", "2",
			"-retrain-later-epochs", "1", "-retrain-steps", "6", "-iterations", "6")...))
		s := r.Snapshots[1]
		if s.Decision == Kept || r.Final.Arch != s.ArchAfter {
			t.Errorf("%v: %+v", more, s)
		}
	}
}
