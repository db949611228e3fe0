package dataset

import (
	"testing"
)

// Every reader says how it made images square, and so do views and growing sets, saved ones too.
func TestPreparation(t *testing.T) {
	images, labels := idxFiles(4, 6, 6, func(i int) byte { return byte(i % 2) })
	pad, err := readPair(images, labels, &Options{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	crop, err := readPair(images, labels, &Options{Size: 10, Fit: FitCrop})
	if err != nil {
		t.Fatal(err)
	}
	native, err := readPair(images, labels, nil)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := OpenFolder(ctx, writeFolder(t, sampleFiles(t)), &Options{RawOrientation: true})
	if err != nil {
		t.Fatal(err)
	}
	part, err := Fraction(pad, 0.5, 1)
	if err != nil {
		t.Fatal(err)
	}
	same, err := Concat(part, pad)
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := Concat(pad, crop)
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGrowing(10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Append(ctx, part); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := g.Save(ctx, dir); err != nil {
		t.Fatal(err)
	}
	saved, err := LoadGrowing(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := g.Snapshot()
	if err := g.Append(ctx, crop); err != nil {
		t.Fatal(err)
	}
	padded := Preparation{Fit: FitPad}
	for _, c := range []struct {
		name string
		ds   Dataset
		want Preparation
	}{
		{"padded", pad, padded}, {"native", native, Preparation{Fit: FitCrop}},
		{"folder", folder, Preparation{Fit: FitCrop, RawOrientation: true}},
		{"view", part, padded}, {"concatenation", same, padded}, {"of two kinds", mixed, Preparation{}},
		{"snapshot", before, padded}, {"saved", saved.Snapshot(), padded},
		{"grown by another kind", g.Snapshot(), Preparation{}},
	} {
		if got := PreparationOf(c.ds); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
