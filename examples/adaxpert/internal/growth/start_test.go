package growth

import (
	"math"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// Architectures are drawn near the multiply-adds asked for, at the ends of the space too, and
// differ from seed to seed.
func TestAtMAdds(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.2, InputSize: 12,
		StemStride: 1, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	cost := func(a searchspace.Arch) float64 {
		c, err := space.Cost(a)
		if err != nil {
			t.Fatal(err)
		}
		return float64(c.MAdds) / 1e6
	}
	lo, hi := cost(space.Smallest()), cost(space.Largest())
	seen := map[searchspace.Arch]bool{}
	targets := []float64{lo, 1.1 * lo, math.Sqrt(lo * hi), hi}
	for i, want := range slices.Concat(targets, targets) {
		a, err := atMAdds(space, want, run.Seed(i).Stream("test"))
		if err != nil {
			t.Fatal(err)
		}
		if got := cost(a); math.Abs(got/want-1) > nearMAdds {
			t.Errorf("%v million multiply-adds, want %v", got, want)
		}
		seen[a] = true
	}
	if len(seen) != 2*len(targets) {
		t.Errorf("%d different architectures", len(seen))
	}
	for _, want := range []float64{lo / 2, hi * 2} {
		if _, err := atMAdds(space, want, run.Seed(1).Stream("test")); err == nil {
			t.Errorf("drew an architecture of %v million multiply-adds", want)
		}
	}
}

// The architecture of baseline random stays as long as its multiply-adds do.
func TestRandomChanges(t *testing.T) {
	e := ready(t, "-baseline", "random", "-madds", "0.4,0.4,0.5")
	if a := e.starts; a[0] != a[1] || a[1] == a[2] {
		t.Errorf("%v", a)
	}
	cfg, err := Program().Settings(tiny(t, "-baseline", "random", "-madds", "0.4,0.5"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newEngine(t.Context(), &cfg, run.NewJob("", nil, nil)); err == nil {
		t.Error("two numbers for three snapshots were accepted")
	}
}

func TestMiddle(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := middle(space)
	if err != nil {
		t.Fatal(err)
	}
	on := space.Active(a)
	for i, d := range space.Decisions() {
		if on[i] && !slices.Contains([]int{3, 5, 4}, d.Values[a.At(i)]) {
			t.Errorf("%s is %d", d.Name, d.Values[a.At(i)])
		}
	}
}
