package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// A cell runs on small images, and its record makes a page.
func TestCellsRun(t *testing.T) {
	place, dir := t.TempDir(), t.TempDir()
	if err := stripes.Write(place, 16, 80, 24); err != nil {
		t.Fatal(err)
	}
	groups := filepath.Join(dir, "superclasses")
	if err := os.WriteFile(groups, []byte(`{"0": "first", "1": "first", "2": "second", "3": "second"}`),
		0o644); err != nil {
		t.Fatal(err)
	}
	page := thePage()
	page.Cells = page.Cells[:2]
	for i, c := range page.Cells {
		page.Cells[i] = runCell(c.Name, append(c.Args,
			strings.Fields("-size 16 -width 0.25 -stem-stride 2 -learn 0.2 "+
				"-choose 0.2 -calibration 16 -supernet-epochs 5 -supernet-batch 16 -supernet-crop 1 -generator-steps 2 "+
				"-generator-batch 4 -samples 2 -ofa-archs 10 -ofa-population 6 -ofa-generations 1 -headroom 2 "+
				"-superclasses "+groups)...))
	}
	var out, errs bytes.Buffer
	code := page.Program().Start(t.Context(), []string{"-dir", dir, "-page", filepath.Join(dir, "page.md"),
		"-work",
		filepath.Join(dir, "work"), "-tiny", place, "-run", "."}, run.Streams{Out: &out, Err: &errs})
	if code != run.ExitOK {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	r, err := page.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Cells {
		one := r.Get(c.Name)
		if one == nil || one.Result.CPU == 0 || one.Result.Report.Images.Path != "" ||
			len(one.Result.Report.Headroom) != 4 ||
			fmt.Sprint(one.Result.Report.Drop) != strings.Split(c.Name, "-")[1] {
			t.Errorf("%s: %+v", c.Name, one)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "page.md"))
	if err != nil || !strings.Contains(string(text), "2 of 2 cells are done") {
		t.Errorf("%v\n%s", err, text)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, thePage().Program(), nil) }
