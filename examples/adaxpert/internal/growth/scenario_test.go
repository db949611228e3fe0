package growth

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// numbered is a data set of classes × perClass one-pixel images; image i holds its own index.
func numbered(t testing.TB, classes, perClass int) dataset.Dataset {
	t.Helper()
	names := make([]string, classes)
	for i := range names {
		names[i] = string(rune('a' + i))
	}
	n := classes * perClass
	labels := make([]int, n)
	pixels := make([]uint8, 3*n)
	for i := range n {
		labels[i] = i % classes
		pixels[3*i], pixels[3*i+1], pixels[3*i+2] = uint8(i), uint8(i>>8), 7
	}
	ds, err := dataset.FromPixels(1, names, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// ids lists which images of numbered a selection holds.
func ids(t testing.TB, ds dataset.Dataset) []int {
	t.Helper()
	out := make([]int, ds.Len())
	var px [3]uint8
	for i := range out {
		if err := ds.Image(i, px[:]); err != nil {
			t.Fatal(err)
		}
		out[i] = int(px[0]) | int(px[1])<<8
	}
	return out
}

func must(t testing.TB) func(dataset.Dataset, error) dataset.Dataset {
	return func(ds dataset.Dataset, err error) dataset.Dataset {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return ds
	}
}

func TestScenarioIsNestedAndDisjoint(t *testing.T) {
	pool, test := numbered(t, 10, 40), numbered(t, 10, 3)
	rapid.Check(t, func(rt *rapid.T) {
		seed := run.Seed(rapid.Uint64().Draw(rt, "seed"))
		val := rapid.Float64Range(0.1, 0.5).Draw(rt, "val")
		n := rapid.IntRange(1, 5).Draw(rt, "snapshots")
		steps := make([]Step, n)
		volume, classes := 0.25, 2
		for i := range steps {
			volume = min(1, volume+rapid.Float64Range(0, 0.3).Draw(rt, "more"))
			classes = min(10, classes+rapid.IntRange(0, 3).Draw(rt, "new classes"))
			steps[i] = Step{volume, classes}
		}
		steps = slices.Compact(steps)
		s, err := NewScenario(pool, test, steps, val, seed)
		if err != nil {
			rt.Fatal(err)
		}
		var before, valBefore []int
		for k := 1; k <= s.Len(); k++ {
			all := ids(t, must(t)(s.All(k)))
			if want := steps[k-1].Classes * int(steps[k-1].Volume*40+0.5); len(all) != want {
				rt.Fatalf("snapshot %d has %d images, want %d", k, len(all), want)
			}
			for _, i := range before {
				if !slices.Contains(all, i) {
					rt.Fatalf("image %d left at snapshot %d", i, k)
				}
			}
			arrived := ids(t, must(t)(s.Arrived(k-1, k)))
			if len(arrived) != len(all)-len(before) {
				rt.Fatalf("%d arrived, %d → %d images", len(arrived), len(before), len(all))
			}
			train, judges := ids(t, must(t)(s.Train(k))), ids(t, must(t)(s.Val(k)))
			both := slices.Concat(train, judges)
			slices.Sort(both)
			if !slices.Equal(both, slices.Sorted(slices.Values(all))) {
				rt.Fatal("training and validation images are not the snapshot divided in two")
			}
			for _, i := range valBefore {
				if !slices.Contains(judges, i) {
					rt.Fatalf("validation image %d moved to training at snapshot %d", i, k)
				}
			}
			if share := float64(len(judges)) / float64(len(all)); share < val/3 || share > val+0.05 {
				rt.Fatalf("validation share %.2f, want about %.2f", share, val)
			}
			tst := must(t)(s.Test(k))
			if tst.Len() != 3*steps[k-1].Classes || len(tst.Classes()) != steps[k-1].Classes {
				rt.Fatalf("%d test images of %d classes", tst.Len(), len(tst.Classes()))
			}
			before, valBefore = all, judges
		}
	})
}

func TestScenarioLabelsAreStable(t *testing.T) {
	pool := numbered(t, 6, 20)
	s, err := NewScenario(pool, pool, Labels(2, 4, 6), 0.2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k <= 3; k++ {
		ds := must(t)(s.All(k))
		if !slices.Equal(ds.Classes(), pool.Classes()[:2*k]) {
			t.Errorf("snapshot %d: classes %v", k, ds.Classes())
		}
		for i, id := range ids(t, ds) {
			if ds.Label(i) != id%6 {
				t.Fatalf("snapshot %d: image %d has label %d, want %d", k, id, ds.Label(i), id%6)
			}
		}
	}
	again, err := NewScenario(pool, pool, Labels(2, 4, 6), 0.2, 3)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewScenario(pool, pool, Labels(2, 4, 6), 0.2, 4)
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := ids(t, must(t)(s.Val(2))), ids(t, must(t)(again.Val(2))), ids(t, must(t)(other.Val(2)))
	if !slices.Equal(a, b) {
		t.Error("the same seed divides differently")
	}
	if slices.Equal(a, c) {
		t.Error("another seed divides alike")
	}
}

func TestScenarioErrors(t *testing.T) {
	pool := numbered(t, 4, 10)
	for name, c := range map[string]struct {
		steps []Step
		val   float64
		want  string
	}{
		"none":       {nil, 0.1, "no snapshot"},
		"volume":     {Volumes(4, 1.5), 0.1, "volume 1.5"},
		"zero":       {Volumes(4, 0), 0.1, "volume 0"},
		"classes":    {Labels(5), 0.1, "5 classes, expected 2 to 4"},
		"one class":  {Labels(1), 0.1, "number of classes 1"},
		"shrinking":  {Volumes(4, 0.5, 0.4), 0.1, "snapshot 2 is smaller"},
		"fewer":      {Labels(4, 3), 0.1, "snapshot 2 is smaller"},
		"the same":   {Labels(2, 4, 4), 0.1, "snapshot 3 brings nothing new"},
		"validation": {Volumes(4, 1), 1, "validation fraction 1"},
		"too few":    {Volumes(4, 0.1), 0.1, "too few; -volumes"},
	} {
		_, err := NewScenario(pool, pool, c.steps, c.val, 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := NewScenario(pool, numbered(t, 3, 3), Volumes(4, 1), 0.1, 1); err == nil {
		t.Error("test data of other classes were accepted")
	}
	one := numbered(t, 1, 10)
	if _, err := NewScenario(one, one, Labels(2), 0.1, 1); err == nil ||
		!strings.Contains(err.Error(), "data have 1 class, expected at least 2") {
		t.Errorf("one class: %v", err)
	}
}

func TestLabelCounts(t *testing.T) {
	if got := LabelCounts(3, 0.5, 0.6, 1); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("halves of three classes: %v", got)
	}
	for classes, want := range map[int][]int{
		10: {2, 4, 6, 8, 10}, 100: {10, 20, 40, 80, 100}, 2: {2}, 3: {2, 3}, 1000: {100, 200, 400, 800, 1000},
	} {
		if got := LabelCounts(classes); !slices.Equal(got, want) {
			t.Errorf("%d classes: got %v, want %v", classes, got, want)
		}
	}
}

func TestCopiesBringNothingNew(t *testing.T) {
	pool := numbered(t, 4, 20)
	s, err := NewScenario(pool, pool, Volumes(4, 0.5), 0.2, 5)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.WithCopies(0, 9)
	if err != nil {
		t.Fatal(err)
	}
	first, second := must(t)(c.All(1)), must(t)(c.Arrived(1, 2))
	if c.Len() != 2 || first.Len() != 40 || second.Len() != 40 {
		t.Fatalf("%d snapshots, %d images, then %d more", c.Len(), first.Len(), second.Len())
	}
	// One-pixel images do not change when they are mirrored.
	a, b := ids(t, first), ids(t, second)
	if !slices.Equal(a, b) {
		t.Errorf("copies of %v are %v", a, b)
	}
	train, judges := ids(t, must(t)(c.Train(2))), ids(t, must(t)(c.Val(2)))
	for _, i := range judges {
		if slices.Contains(train, i) {
			t.Fatalf("a copy of validation image %d trains the supernet", i)
		}
	}
}

func TestCopiesShiftAndMirror(t *testing.T) {
	const n = 5
	pixels := make([]uint8, 64*n*n*3)
	labels := make([]int, 64)
	for i := range 64 {
		for p := range n * n {
			pixels[(i*n*n+p)*3] = uint8(p + 1)
		}
	}
	ds, err := dataset.FromPixels(n, []string{"a", "b"}, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	c := &copies{ds, 1, 3}
	kinds := map[[3]uint8]bool{}
	dst, again := make([]uint8, n*n*3), make([]uint8, n*n*3)
	for i := range 64 {
		if err := c.Image(i, dst); err != nil {
			t.Fatal(err)
		}
		if err := c.Image(i, again); err != nil || !slices.Equal(dst, again) {
			t.Fatalf("image %d differs when asked for again (%v)", i, err)
		}
		at := func(x, y int) int { return int(dst[3*(y*n+x)]) }
		// The middle says where the picture moved, its neighbours whether it is mirrored.
		mid := at(2, 2) - 1
		step := at(3, 2) - at(2, 2)
		if step != 1 && step != -1 || mid/n < 1 || mid/n > 3 || mid%n < 1 || mid%n > 3 {
			t.Fatalf("image %d: middle shows pixel %d, step %d", i, mid, step)
		}
		kinds[[3]uint8{uint8(mid / n), uint8(mid % n), uint8(step + 1)}] = true
	}
	if len(kinds) != 18 {
		t.Errorf("%d of 9 shifts × 2 seen", len(kinds))
	}
	if err := c.Image(0, dst[:3]); err == nil {
		t.Error("a short buffer was accepted")
	}
}
