package growth

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// aloneConfig is that of a study on small images.
func aloneConfig(t *testing.T, j *run.Job, place string, more ...string) *Config {
	t.Helper()
	args := strings.Fields("-width 0.2 -scenario II -classes 2,4 -val 0.25 -retrain-epochs 1 " +
		"-retrain-later-epochs 1 -retrain-steps 3 -retrain-batch 16 -data " + place)
	cfg, err := Program().Prepare(j, append(args, more...))
	if err != nil {
		t.Fatal(err)
	}
	return &cfg
}

func TestHeadroomStudy(t *testing.T) {
	place := t.TempDir()
	if err := stripes.Write(place, 12, 120, 40); err != nil {
		t.Fatal(err)
	}
	study := func(last bool, seed string) []Alone {
		t.Helper()
		j := run.NewJob("", nil, nil)
		out, err := HeadroomStudy(t.Context(), j, aloneConfig(t, j, place, "-seed", seed), last)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first, last, other := study(false, "1"), study(true, "1"), study(true, "2")
	if len(first) != 8 || first[0].Name != Smallest || first[1].Name != Middle || first[2].Name != Largest ||
		first[7].Name != "random 5" {
		t.Fatalf("%+v", first)
	}
	seen := map[string]bool{}
	for i, a := range first {
		seen[a.Arch] = true
		if a.Arch != other[i].Arch || last[i].Arch != other[i].Arch {
			t.Errorf("%s is %s, of seed 2 %s, at the last snapshot %s", a.Name, a.Arch, other[i].Arch, last[i].Arch)
		}
		if off := float64(a.MAdds)/float64(first[1].MAdds) - 1; i > 2 && math.Abs(off) > 0.031 {
			t.Errorf("%s has %+.1f %% of the middle one's multiply-adds", a.Name, 100*off)
		}
		if !(a.Accuracy > 0 && a.Accuracy <= 1 && a.Loss > 0) || last[i].MAdds <= a.MAdds {
			t.Errorf("%+v, at the last snapshot %+v", a, last[i])
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d different architectures", len(seen))
	}
	if cmp.Equal(last, other) {
		t.Error("another seed trains the same networks")
	}

	// The smallest one at the first snapshot is the network that baseline fixed begins with.
	j := run.NewJob("", nil, nil)
	r, err := Run(t.Context(), j, aloneConfig(t, j, place, "-seed", "1", "-baseline", Fixed))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Snapshots[0]; got.AccAfter != first[0].Accuracy || got.MAddsAfter != first[0].MAdds {
		t.Errorf("baseline fixed begins with %+v, alone it is %+v", got, first[0])
	}
}

func TestIndependentStudy(t *testing.T) {
	place, dir := t.TempDir(), t.TempDir()
	if err := stripes.Write(place, 12, 120, 40); err != nil {
		t.Fatal(err)
	}
	study := func(ctx context.Context, dir, start string) ([]Alone, error) {
		t.Helper()
		j := run.NewJob(dir, nil, nil)
		return IndependentStudy(ctx, j, aloneConfig(t, j, place, "-start", start))
	}
	if _, err := study(t.Context(), "", ""); err == nil {
		t.Error("a study without an architecture")
	}
	layers := func(a, b string) string {
		return strings.TrimSuffix(strings.Repeat(a+","+b+",", 10), ",")
	}
	start := "2,3,2,3,2:" + layers("3", "5") + ":" + layers("4", "3")
	out, err := study(t.Context(), "", start)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 5 || out[3].Name != Ours || out[4].Name != Random {
		t.Fatalf("%+v", out)
	}
	if off := float64(out[4].MAdds)/float64(out[3].MAdds) - 1; math.Abs(off) > 0.03 {
		t.Errorf("random has %+.1f %% of our multiply-adds", 100*off)
	}
	// Stopped at once, and gone on with.
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := study(stopped, dir, start); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	for range 2 {
		again, err := study(t.Context(), dir, start)
		if d := cmp.Diff(out, again); err != nil || d != "" {
			t.Errorf("%v; gone on with (-whole +resumed):\n%s", err, d)
		}
	}
	// Our architecture may be one of the fixed ones.
	same, err := study(t.Context(), "", out[0].Arch)
	if err != nil {
		t.Fatal(err)
	}
	if same[3].Name = Smallest; same[3] != same[0] {
		t.Errorf("%+v and %+v", same[0], same[3])
	}
}
