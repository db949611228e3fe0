package data

import (
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

func TestPerClass(t *testing.T) {
	labels := []int{0, 0, 1, 0, 1, 0, 0, 2, 1, 0}
	pixels := make([]uint8, 3*len(labels))
	for i := range labels {
		pixels[3*i] = uint8(i)
	}
	ds, err := dataset.FromPixels(1, []string{"a", "b", "c"}, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	which := func(n int, seed uint64) (out []uint8) {
		t.Helper()
		some, err := PerClass(ds, n, seed)
		if err != nil {
			t.Fatal(err)
		}
		for c, have := range dataset.Count(some) {
			if all := []int{6, 3, 1}[c]; n > 0 && have != min(n, all) {
				t.Errorf("%d images of class %d for %d", have, c, n)
			}
		}
		pixel := make([]uint8, 3)
		for i := range some.Len() {
			if err := some.Image(i, pixel); err != nil {
				t.Fatal(err)
			}
			if k := len(out); k > 0 && out[k-1] >= pixel[0] {
				t.Error("not in the order of the data")
			}
			out = append(out, pixel[0])
		}
		return out
	}
	if n := len(which(0, 1)); n != ds.Len() {
		t.Errorf("%d images of all", n)
	}
	draws := map[string]bool{}
	for seed := range uint64(5) {
		one, again := string(which(2, seed)), string(which(2, seed))
		if one != again {
			t.Error("one seed draws differently")
		}
		draws[one] = true
	}
	if len(draws) < 2 {
		t.Error("all seeds draw alike")
	}
}

// SplitPerClass draws what PerClass does, and leaves the rest.
func TestSplitPerClass(t *testing.T) {
	labels := []int{0, 0, 1, 0, 1, 0, 2}
	ds, err := dataset.FromPixels(1, []string{"a", "b", "c"}, labels, make([]uint8, 3*len(labels)))
	if err != nil {
		t.Fatal(err)
	}
	drawn, rest, err := SplitPerClass(ds, 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	a, b := dataset.Count(drawn), dataset.Count(rest)
	if drawn.Len()+rest.Len() != ds.Len() || a[0] != 2 || b[0] != 2 || a[1] != 2 || b[1] != 0 || a[2] != 1 {
		t.Errorf("%v drawn, %v left", a, b)
	}
}
