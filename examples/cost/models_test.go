package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/spaces"
	"github.com/tendril-nas/tendril/searchspace"
)

// TestModelNames: -model knows every network of the published table, and the line it prints agrees
// to the unit.
func TestModelNames(t *testing.T) {
	text, err := os.ReadFile("../../searchspace/testdata/cost.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Name      string
		Input     [4]int
		Classes   int
		MAdds     int64 `json:"madds"`
		ConvMAdds int64 `json:"conv_madds"`
		Params    int64
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 64 {
		t.Errorf("%d networks, expected 64", len(all))
	}
	for _, p := range all {
		want := fmt.Sprintf("madds=%d conv_madds=%d params=%d\n", p.MAdds, p.ConvMAdds, p.Params)
		if status, out, errs := start(t, "", "-model", p.Name); status != 0 || out != want {
			t.Errorf("%s: status %d, printed %q and %q, expected %q", p.Name, status, out, errs, want)
		}
	}
	if status, out, errs := start(t, "", "-model", "no such net"); status != 1 || out != "" ||
		!strings.Contains(errs, "-list") {
		t.Errorf("unknown model: status %d, printed %q and %q", status, out, errs)
	}
	if status, _, errs := start(t, "", "-model", "resnet18", "-arch", "x"); status != 2 ||
		!strings.Contains(errs, "-arch") {
		t.Errorf("-model with -arch: status %d, message %q", status, errs)
	}
}

// TestModelResized: -size and -classes apply to a published network.
func TestModelResized(t *testing.T) {
	status, out, errs := start(t, "", "-model", "resnet18", "-classes", "10")
	if want := "madds=1813566464 conv_madds=1813561344 params=11181642\n"; status != 0 || out != want {
		t.Errorf("status %d, printed %q and %q, expected %q", status, out, errs, want)
	}
}

func TestList(t *testing.T) {
	status, out, errs := start(t, "", "-list")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	for _, m := range searchspace.Models() {
		if !strings.Contains(out, m.Name) || !strings.Contains(out, m.Note) {
			t.Errorf("the list lacks %s or its remark", m.Name)
		}
	}
}

// TestEverySpace counts an architecture of every space that -space names.
func TestEverySpace(t *testing.T) {
	scaled := 0
	for _, name := range spaces.Names() {
		f := spaces.Flags{Name: name, Width: 1, Stem: 2}
		space, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		a := space.Smallest()
		cost, err := space.Cost(a)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("madds=%d conv_madds=%d params=%d\n", cost.MAdds, cost.ConvMAdds, cost.Params)
		if status, out, errs := start(t, "", "-space", name, "-arch", space.Format(a)); status != 0 ||
			out != want {
			t.Errorf("%s: status %d, printed %q and %q, expected %q", name, status, out, errs, want)
		}
		status, out, errs := start(t, "", "-space", name, "-arch", "?")
		if status != 1 || out != "" || !strings.Contains(errs, "position 0") {
			t.Errorf("%s: bad text gives status %d, %q and %q", name, status, out, errs)
		}
		switch status, _, errs := start(t, space.Format(a), "-space", name, "-width", "1.1"); {
		case status == 0, status == 1 && strings.Contains(errs, ".width"): // texts that name channels
			scaled++
		case status != 2 || !strings.Contains(errs, "no -width"):
			t.Errorf("%s: -width gives status %d and %q", name, status, errs)
		}
	}
	if scaled != 13 {
		t.Errorf("%d spaces take -width, expected mobilenetv3, proxylessnas, efficientnetlite, five of "+
			"small networks and five of danas", scaled)
	}
}
