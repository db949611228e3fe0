// Package cellstest tests pages of results: what they say of cells that never ran.
package cellstest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// Record is a cell that took 100 seconds on two cores of "CPU A" and found result.
func Record[R any](c cells.Cell[R], args []string, result R) *cells.Record[R] {
	return &cells.Record[R]{Name: c.Name, Data: c.Data, Args: args, Seconds: 100, CPU: "CPU A", Cores: 2,
		Result: result}
}

// Fake is results of a page of which the chosen cells are done and found what fake says.
func Fake[R any](page *cells.Page[R], chosen func(name string) bool,
	fake func(name string) R) *cells.Results[R] {
	var records []*cells.Record[R]
	for _, c := range page.Cells {
		if chosen(c.Name) {
			records = append(records, Record(c, c.Args, fake(c.Name)))
		}
	}
	return page.Results(records...)
}

// Render is the page, which has to be the same each time and without numbers that are none.
func Render[R any](t testing.TB, page *cells.Page[R], r *cells.Results[R]) string {
	t.Helper()
	out, err := page.Render(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := page.Render(r)
	if err != nil || !bytes.Equal(out, again) {
		t.Error("the same records give another page")
	}
	sound(t, string(out))
	return string(out)
}

// Has requires parts of a text, which has to be without numbers that are none.
func Has(t testing.TB, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	sound(t, text)
}

func sound(t testing.TB, text string) {
	t.Helper()
	for _, bad := range []string{"NaN", "Inf", "%!", "<no value>"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page says %s", bad)
		}
	}
}

// Narrow requires a template whose prose is at most 100 columns wide.
func Narrow(t testing.TB, template string) {
	t.Helper()
	for i, line := range strings.Split(template, "\n") {
		if n := len([]rune(line)); n > 100 {
			t.Errorf("page.tmpl:%d: %d columns", i+1, n)
		}
	}
}

// Golden requires a whole page to be testdata/page.md, letter by letter, or writes that file.
func Golden(t testing.TB, text string, update bool) {
	t.Helper()
	if strings.Contains(text, cells.NotRun) {
		t.Error("a whole page says that a cell was not run")
	}
	path := filepath.Join("testdata", "page.md")
	if update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(file) == text {
		return
	}
	want, got := strings.SplitAfter(string(file), "\n"), strings.SplitAfter(text, "\n")
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Errorf("%s:%d: expected %q\ngot %q", path, i+1, want[i], got[i])
		}
	}
	if len(want) != len(got) {
		t.Errorf("%s: expected %d lines, got %d", path, len(want), len(got))
	}
}
