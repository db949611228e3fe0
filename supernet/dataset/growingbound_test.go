package dataset

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// slowShares shares room out one image at a time, in turns.
func slowShares(o *GrowingOptions, seen []int64) []int64 {
	share := make([]int64, len(seen))
	room := int64(math.MaxInt64)
	if o.MaxImages > 0 {
		room = int64(o.MaxImages)
	}
	for given := true; given; {
		given = false
		for c := range share {
			if room > 0 && share[c] < seen[c] && (o.MaxPerClass == 0 || share[c] < int64(o.MaxPerClass)) {
				share[c]++
				room--
				given = true
			}
		}
	}
	return share
}

func TestGrowingShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seen := rapid.SliceOfN(rapid.Int64Range(0, 12), 0, 6).Draw(t, "seen")
		o := &GrowingOptions{MaxImages: rapid.IntRange(0, 40).Draw(t, "images"), MaxPerClass: rapid.IntRange(0, 9).Draw(t, "class")}
		if got, want := o.shares(seen), slowShares(o, seen); !slices.Equal(got, want) {
			t.Fatalf("%+v of %v: %v, want %v", o, seen, got, want)
		}
	})
}

// Every image that came has the same chance to stay, whenever it came, also where another class
// takes room away later.
func TestGrowingIsUniform(t *testing.T) {
	first := greys(t, 12, "a")
	other := greys(t, 6, "b")
	const runs = 4000
	var stays [12]int
	kept := 0
	for seed := range uint64(runs) {
		g := newGrowing(t, &GrowingOptions{MaxImages: 6, Seed: seed})
		appendTo(t, g, must(t)(Subset(first, sequence(12)[:5])))
		appendTo(t, g, must(t)(Subset(first, sequence(12)[5:8])))
		appendTo(t, g, other) // 3 images of each from here on
		appendTo(t, g, must(t)(Subset(first, sequence(12)[8:])))
		ds := g.Snapshot()
		for i := range ds.Len() {
			if ds.Label(i) == 0 {
				stays[imageOf(t, ds, i)[0]]++
				kept++
			}
		}
	}
	mean := float64(kept) / 12
	sigma := math.Sqrt(mean * (1 - mean/runs))
	for i, n := range stays {
		if math.Abs(float64(n)-mean) > 4.5*sigma {
			t.Errorf("image %d stayed %d times, want %.0f ± %.0f", i, n, mean, sigma)
		}
	}
	if kept != 3*runs {
		t.Errorf("%d images in %d runs, want 3 each", kept, runs)
	}
}

// Where a bound is raised, images get in at the rate of those that came before.
func TestGrowingRaised(t *testing.T) {
	g := newGrowing(t, &GrowingOptions{MaxImages: 60, Seed: 1})
	appendTo(t, g, grid(t, 240, 2, 1))
	dir := t.TempDir()
	if err := g.Save(ctx, dir); err != nil {
		t.Fatal(err)
	}
	g, err := LoadGrowing(dir, &GrowingOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if g.Snapshot().Len() != 60 {
		t.Fatalf("%d images, want 60", g.Snapshot().Len())
	}
	appendTo(t, g, grid(t, 2400, 2, 1))
	if n := g.Snapshot().Len() - 60; n < 400 || n > 800 {
		t.Errorf("%d of 2400 images got in, want about a quarter", n)
	}
}
