package archdraw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// column is that of an architecture, by its text.
func column(t *testing.T, space *searchspace.Space, text, title string, notes ...string) Column {
	t.Helper()
	a, err := space.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return NewColumn(space, a, title, notes...)
}

func mobile(t *testing.T) *searchspace.Space {
	t.Helper()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{})
	if err != nil {
		t.Fatal(err)
	}
	return space
}

const (
	small = "2,2,2,2,2:3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3:3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3"
	other = "3,2,2,2,2:3,7,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3:3,3,6,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3"
)

func TestNewColumn(t *testing.T) {
	c := column(t, mobile(t), other, "10 %")
	if len(c.Units) != 5 || len(c.Units[0]) != 3 || len(c.Units[1]) != 2 {
		t.Fatalf("units %v", c.Units)
	}
	if c.Units[0][1] != (Layer{7, 3}) || c.Units[0][2] != (Layer{3, 6}) {
		t.Errorf("unit 1 is %v", c.Units[0])
	}
}

// Stages of different depths, and one kernel and ratio for all layers of a stage.
func TestNewColumnOfOtherSpaces(t *testing.T) {
	for _, perStage := range []bool{false, true} {
		space, err := searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{PerStage: perStage})
		if err != nil {
			t.Fatal(err)
		}
		c := NewColumn(space, space.Largest(), "largest")
		var depths []int
		for _, u := range c.Units {
			depths = append(depths, len(u))
			for _, l := range u {
				if l != (Layer{7, 6}) {
					t.Errorf("layer %v, want kernel 7 and ratio 6", l)
				}
			}
		}
		if !slices.Equal(depths, []int{3, 3, 4, 4, 5, 1}) {
			t.Errorf("depths %v", depths)
		}
	}
}

func TestSVGMarksChanges(t *testing.T) {
	a := column(t, mobile(t), small, "first & <only>", "1.0 M")
	b := column(t, mobile(t), other, "second")
	out := SVG("growth", []Column{a, b, a})
	dec := xml.NewDecoder(bytes.NewReader(out))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
	for class, want := range map[string]int{"same": 10 + 9 + 9, "changed": 1 + 1, "added": 1, "removed": 1} {
		if got := strings.Count(string(out), `class="`+class+`"`); got != want {
			t.Errorf("%d boxes are %s, want %d", got, class, want)
		}
	}
}

func TestSVGOfNothing(t *testing.T) {
	if out := SVG("empty", nil); !bytes.HasSuffix(out, []byte("</svg>\n")) {
		t.Errorf("got %q", out)
	}
}
