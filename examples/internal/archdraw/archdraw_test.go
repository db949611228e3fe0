package archdraw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const (
	small = "2,2:3,3,3,3,3,3,3,3:3,3,3,3,3,3,3,3"
	other = "3,2:3,7,3,3,3,3,3,3:3,3,6,3,3,3,3,3"
)

func TestParseColumn(t *testing.T) {
	c, err := ParseColumn("10 %", other)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Units) != 2 || len(c.Units[0]) != 3 || len(c.Units[1]) != 2 {
		t.Fatalf("units %v", c.Units)
	}
	if c.Units[0][1] != (Layer{7, 3}) || c.Units[0][2] != (Layer{3, 6}) {
		t.Errorf("unit 1 is %v", c.Units[0])
	}
	for _, bad := range []string{"", "1:2", "a,2:3,3:3,3", "2,2:3,3,3:3,3,3", "3,1:3,3,3,3:3,3,3,3",
		"2:3,3:3"} {
		if _, err := ParseColumn("x", bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestSVGMarksChanges(t *testing.T) {
	a, err := ParseColumn("first & <only>", small, "1.0 M")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseColumn("second", other)
	if err != nil {
		t.Fatal(err)
	}
	out := SVG("growth", []Column{a, b, a})
	dec := xml.NewDecoder(bytes.NewReader(out))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
	for class, want := range map[string]int{"same": 4 + 3 + 3, "changed": 1 + 1, "added": 1, "removed": 1} {
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
