package dataset

import (
	"context"
	"strings"
	"testing"
)

// claims is a data set that says what a test wants it to.
type claims struct {
	Dataset
	len, size, label int
	image            func(dst []uint8) error
}

func (c claims) Len() int                     { return c.len }
func (c claims) Size() int                    { return c.size }
func (c claims) Label(int) int                { return c.label }
func (c claims) Classes() []string            { return []string{"a", "b"} }
func (c claims) Image(_ int, b []uint8) error { return c.image(b) }

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		ds   Dataset
		want string // "" for none
	}{
		{claims{len: 3, size: 2, label: 1}, ""},
		{claims{}, ""},
		{nil, "no data set"},
		{(*Memory)(nil), "no data set"},
		{claims{len: -1, size: 2}, "-1 images"},
		{claims{len: 3}, "0 pixels"},
		{claims{len: 3, size: 1 << 30}, "pixels"},
		{claims{len: 3, size: 2, label: 2}, "label 2"},
		{claims{len: 3, size: 2, label: -1}, "label -1"},
		{struct{ Dataset }{}, "panic: "},
	} {
		err := Check(c.ds)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: error %v, expected %q", c.ds, err, c.want)
		}
		if c.want == "" {
			continue
		}
		for _, err := range Batches(context.Background(), c.ds, LoaderOptions{}) {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("batches of %v: error %v, expected %q", c.ds, err, c.want)
			}
		}
	}
}

// A panic while an image is made is an error that says where.
func TestBatchesPanic(t *testing.T) {
	var short []uint8
	ds := claims{len: 20, size: 2, image: func([]uint8) error { short[3] = 1; return nil }}
	var err error
	for _, err = range Batches(context.Background(), ds, LoaderOptions{BatchSize: 20}) {
	}
	if _, err := Measure(context.Background(), ds); err == nil || !strings.Contains(err.Error(), "check_test.go:") {
		t.Errorf("measured: error %v", err)
	}
	if err == nil || !strings.Contains(err.Error(), "image 0: panic: ") ||
		!strings.Contains(err.Error(), "check_test.go:") {
		t.Errorf("error %v, expected one with image, panic and line", err)
	}
}

// Views of data that contradict themselves are errors, wherever the contradiction lies.
func TestViewsOfClaims(t *testing.T) {
	g, err := NewGrowing(2, nil)
	if err != nil {
		t.Fatal(err)
	}
	far := claims{len: 3 * 4096, size: 2}
	for what, ds := range map[string]Dataset{
		"label":      claims{len: 3, size: 2, label: 7},
		"number":     claims{len: -1, size: 2},
		"size":       claims{len: 3, size: -2},
		"nothing":    (*Memory)(nil),
		"far label":  farLabel{far},
		"everything": struct{ Dataset }{},
	} {
		for name, view := range map[string]func() error{
			"Subset":      func() error { _, err := Subset(ds, []int{0}); return err },
			"Shuffle":     func() error { _, err := Shuffle(ds, 1); return err },
			"KeepClasses": func() error { _, err := KeepClasses(ds, 0); return err },
			"ByClass":     func() error { _, err := ByClass(ds, 1); return err },
			"Relabel":     func() error { _, err := Relabel(ds, []string{"x"}, []int{0, 0}); return err },
			"Fraction":    func() error { _, err := Fraction(ds, 0.5, 1); return err },
			"Split":       func() error { _, _, err := Split(ds, 0.5, 1); return err },
			"Concat":      func() error { _, err := Concat(ds, ds); return err },
			"Augmented":   func() error { _, err := Augmented(ds, Augment{}, 1); return err },
			"Append":      func() error { return g.Append(t.Context(), ds) },
		} {
			reads := name != "Subset" && name != "Shuffle" && name != "Concat" && name != "Augmented"
			if err := view(); err == nil && (reads || what != "far label") {
				t.Errorf("%s of a wrong %s: no error", name, what)
			}
		}
	}
	if n := Count(struct{ Dataset }{}); n != nil {
		t.Errorf("counted %v of a data set that panics", n)
	}
	if n := Count(claims{len: 3, size: 2, label: 7}); len(n) != 2 || n[0] != 0 || n[1] != 0 {
		t.Errorf("counted %v", n)
	}
}

// farLabel has one wrong label where Check does not look.
type farLabel struct{ claims }

func (f farLabel) Label(i int) int {
	if i == 4 {
		return 9
	}
	return 0
}

func (f farLabel) Image(_ int, dst []uint8) error { return nil }
