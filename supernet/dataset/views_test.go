package dataset

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func must(t testing.TB) func(ds Dataset, err error) Dataset {
	return func(ds Dataset, err error) Dataset {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return ds
	}
}

// chosen says what a view should hold: image of the base and label.
type chosen struct{ image, label int }

// A random stack of views holds what the same selections on a plain list hold.
func TestViewStack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		classes := rapid.IntRange(1, 5).Draw(rt, "classes")
		base := grid(t, rapid.IntRange(0, 40).Draw(rt, "images"), 2, classes)
		var ds Dataset = base
		var want []chosen
		for i := range base.Len() {
			want = append(want, chosen{i, base.Label(i)})
		}
		ok := func(next Dataset, err error) {
			if err != nil {
				rt.Fatal(err)
			}
			ds = next
		}
		for range rapid.IntRange(0, 4).Draw(rt, "depth") {
			k := len(ds.Classes())
			switch rapid.IntRange(0, 4).Draw(rt, "view") {
			case 0:
				var index []int
				if ds.Len() > 0 {
					index = rapid.SliceOfN(rapid.IntRange(0, ds.Len()-1), 0, 30).Draw(rt, "index")
				}
				var next []chosen
				for _, i := range index {
					next = append(next, want[i])
				}
				ok(Subset(ds, index))
				want = next
			case 1:
				labels := rapid.Permutation(sequence(k)).Draw(rt, "labels")[:rapid.IntRange(1, k).Draw(rt, "count")]
				ok(ByClass(ds, labels...))
				var next []chosen
				for _, c := range want {
					if p := slices.Index(labels, c.label); p >= 0 {
						next = append(next, chosen{c.image, p})
					}
				}
				want = next
			case 2:
				labels := rapid.Permutation(sequence(k)).Draw(rt, "labels")[:rapid.IntRange(1, k).Draw(rt, "count")]
				ok(KeepClasses(ds, labels...))
				want = slices.DeleteFunc(slices.Clone(want), func(c chosen) bool { return !slices.Contains(labels, c.label) })
			case 3:
				mapping := rapid.SliceOfN(rapid.IntRange(-1, 2), k, k).Draw(rt, "mapping")
				ok(Relabel(ds, []string{"x", "y", "z"}, mapping))
				var next []chosen
				for _, c := range want {
					if m := mapping[c.label]; m >= 0 {
						next = append(next, chosen{c.image, m})
					}
				}
				want = next
			case 4:
				empty, err := Subset(ds, nil)
				if err != nil {
					rt.Fatal(err)
				}
				ok(Concat(empty, ds, empty, ds))
				want = append(slices.Clone(want), want...)
			}
		}
		if ds.Len() != len(want) {
			rt.Fatalf("%d images, want %d", ds.Len(), len(want))
		}
		for i, c := range want {
			if ds.Label(i) != c.label {
				rt.Fatalf("image %d: label %d, want %d", i, ds.Label(i), c.label)
			}
			if !slices.Equal(imageOf(t, ds, i), imageOf(t, base, c.image)) {
				rt.Fatalf("image %d is not image %d of the base", i, c.image)
			}
			if lent := lend(ds, i); lent == nil || &lent[0] != &base.images[c.image][0] {
				rt.Fatalf("image %d is lent from the wrong place", i)
			}
		}
	})
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// indices finds the images of a view in its base by address.
func indices(base *Memory, ds Dataset) []int {
	where := map[*uint8]int{}
	for i, p := range base.images {
		where[&p[0]] = i
	}
	var list []int
	for i := range ds.Len() {
		list = append(list, where[&lend(ds, i)[0]])
	}
	return list
}

// Fractions are stratified, in the order of the base, grow by inclusion, and Split divides without
// loss or overlap.
func TestFractionAndSplit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		base := grid(t, rapid.IntRange(1, 80).Draw(rt, "images"), 1, rapid.IntRange(1, 4).Draw(rt, "classes"))
		f := rapid.Float64Range(0.01, 0.99).Draw(rt, "f")
		g := rapid.Float64Range(f, 1).Draw(rt, "g")
		seed := rapid.Uint64().Draw(rt, "seed")
		small, err := Fraction(base, f, seed)
		if err != nil {
			rt.Fatal(err)
		}
		large, err := Fraction(base, g, seed)
		if err != nil {
			rt.Fatal(err)
		}
		a, b, err := Split(base, f, seed)
		if err != nil {
			rt.Fatal(err)
		}
		si, li, ai, bi := indices(base, small), indices(base, large), indices(base, a), indices(base, b)
		for _, list := range [][]int{si, li, ai, bi} {
			if !slices.IsSorted(list) {
				rt.Fatalf("not in the order of the base: %v", list)
			}
		}
		for _, i := range si {
			if !slices.Contains(li, i) {
				rt.Fatalf("image %d is in the fraction %v and not in %v", i, f, g)
			}
		}
		for l, n := range Count(base) {
			want := min(Count(small)[l], max(n-1, 0))
			if n == 1 && f > 0.5 {
				want = 1
			}
			if got := Count(a)[l]; got != want {
				rt.Fatalf("class %d: %d of %d images in the first part, want %d", l, got, n, want)
			}
		}
		for _, i := range ai {
			if !slices.Contains(si, i) {
				rt.Fatalf("image %d is in the first part of the split and not in the fraction", i)
			}
		}
		both := slices.Sorted(slices.Values(append(slices.Clone(ai), bi...)))
		if !slices.Equal(both, sequence(base.Len())) {
			rt.Fatalf("the parts together are %v", both)
		}
		counts := Count(small)
		for l, n := range Count(base) {
			want := int(math.Round(f * float64(n)))
			if n > 0 {
				want = max(want, 1)
			}
			if counts[l] != want {
				rt.Fatalf("class %d: %d of %d images, want %d", l, counts[l], n, want)
			}
		}
	})
}

// Another seed draws other images; the whole is the whole.
func TestFractionSeed(t *testing.T) {
	base := grid(t, 200, 1, 3)
	a, b := must(t)(Fraction(base, 0.5, 1)), must(t)(Fraction(base, 0.5, 2))
	if slices.Equal(indices(base, a), indices(base, b)) {
		t.Error("two seeds drew the same images")
	}
	same(t, must(t)(Fraction(base, 1, 9)), base)
}

func TestViewErrors(t *testing.T) {
	base := grid(t, 10, 2, 3)
	other := grid(t, 10, 3, 3)
	fewer := grid(t, 10, 2, 2)
	for name, call := range map[string]func() (Dataset, error){
		"index below":      func() (Dataset, error) { return Subset(base, []int{-1}) },
		"index beyond":     func() (Dataset, error) { return Subset(base, []int{10}) },
		"no classes":       func() (Dataset, error) { return ByClass(base) },
		"class beyond":     func() (Dataset, error) { return ByClass(base, 3) },
		"class twice":      func() (Dataset, error) { return KeepClasses(base, 1, 1) },
		"short mapping":    func() (Dataset, error) { return Relabel(base, []string{"a"}, []int{0}) },
		"mapping beyond":   func() (Dataset, error) { return Relabel(base, []string{"a"}, []int{0, 1, 0}) },
		"fraction 0":       func() (Dataset, error) { return Fraction(base, 0, 1) },
		"fraction above 1": func() (Dataset, error) { return Fraction(base, 1.01, 1) },
		"fraction NaN":     func() (Dataset, error) { return Fraction(base, math.NaN(), 1) },
		"split at 1":       func() (Dataset, error) { a, _, err := Split(base, 1, 1); return a, err },
		"nothing":          func() (Dataset, error) { return Concat() },
		"nil shuffled":     func() (Dataset, error) { return Shuffle(nil, 1) },
		"some of nil":      func() (Dataset, error) { return Subset(nil, nil) },
		"classes of nil":   func() (Dataset, error) { return KeepClasses(nil, 0) },
		"nil renumbered":   func() (Dataset, error) { return ByClass(nil, 0) },
		"nil renamed":      func() (Dataset, error) { return Relabel(nil, nil, nil) },
		"fraction of nil":  func() (Dataset, error) { return Fraction(nil, 0.5, 1) },
		"nil split":        func() (Dataset, error) { a, _, err := Split(nil, 0.5, 1); return a, err },
		"nil and more":     func() (Dataset, error) { return Concat(nil, base) },
		"and nil":          func() (Dataset, error) { return Concat(base, nil) },
		"sizes":            func() (Dataset, error) { return Concat(base, other) },
		"classes":          func() (Dataset, error) { return Concat(base, fewer) },
		"size 0":           func() (Dataset, error) { return FromPixels(0, []string{"a"}, nil, nil) },
		"without classes":  func() (Dataset, error) { return FromPixels(1, nil, nil, nil) },
		"pixels":           func() (Dataset, error) { return FromPixels(2, []string{"a"}, []int{0}, make([]uint8, 5)) },
		"label":            func() (Dataset, error) { return FromPixels(1, []string{"a"}, []int{1}, make([]uint8, 3)) },
	} {
		if _, err := call(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	both := must(t)(Concat(base, base))
	view := must(t)(Subset(base, []int{1}))
	for _, ds := range []Dataset{base, both, view} {
		if err := ds.Image(ds.Len(), make([]uint8, 12)); err == nil {
			t.Errorf("%T: image beyond the end", ds)
		}
		if err := ds.Image(-1, make([]uint8, 12)); err == nil {
			t.Errorf("%T: image −1", ds)
		}
		if err := ds.Image(0, make([]uint8, 11)); err == nil {
			t.Errorf("%T: short buffer", ds)
		}
	}
}

func TestByClassNames(t *testing.T) {
	base := grid(t, 30, 2, 4)
	ds := must(t)(ByClass(base, 3, 1))
	if fmt.Sprint(ds.Classes()) != "[c3 c1]" {
		t.Errorf("classes %v", ds.Classes())
	}
	counts, all := Count(ds), Count(base)
	if counts[0] != all[3] || counts[1] != all[1] {
		t.Errorf("counts %v of %v", counts, all)
	}
}
