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
		{claims{len: 3, size: 1 << 40}, "pixels"},
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
	if err == nil || !strings.Contains(err.Error(), "image 0: panic: ") ||
		!strings.Contains(err.Error(), "check_test.go:") {
		t.Errorf("error %v, expected one with image, panic and line", err)
	}
}
