package cells

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// found is what a cell of the test page finds.
type found struct {
	Score float64 `json:"score"`
}

// adder is the program behind the cells: it adds up its seed in two phases, the second of which may
// fail.
type adderSettings struct {
	Seed  float64 `json:"seed"`
	Bonus float64 `json:"bonus"`
}

func adder(calls *int, second func() error) *run.Program[adderSettings, found] {
	return &run.Program[adderSettings, found]{
		Path: "examples/adder", Keeps: run.State,
		Flags: func(fs *flag.FlagSet, c *adderSettings) {
			fs.Float64Var(&c.Seed, "seed", c.Seed, "")
			fs.Float64Var(&c.Bonus, "bonus", c.Bonus, "")
		},
		Work: func(ctx context.Context, j *run.Job, c *adderSettings) (found, error) {
			half, err := run.Once(j, "first", func() (float64, error) {
				*calls++
				return c.Seed + c.Bonus, ctx.Err()
			})
			if err != nil {
				return found{}, err
			}
			return run.Once(j, "second", func() (found, error) { return found{2 * half}, second() })
		},
	}
}

// page has two configurations of three seeds and a cell on data of others.
func page(calls *int, second func() error) *Page[found] {
	p := &Page[found]{
		Path: "examples/adder/results", Name: "adder",
		Data:     map[string]string{"pictures": "some pictures"},
		Template: "{{done}}; {{machines}}; ours {{ours}}\n{{commands}}",
		Functions: func(r *Results[found]) template.FuncMap {
			return template.FuncMap{"ours": func() string { return Spread("%.1f", r.Values("ours", score)) }}
		},
	}
	for i, config := range []string{"ours", "other"} {
		for seed := 1; seed <= 3; seed++ {
			args := []string{"-seed", strconv.Itoa(seed), "-bonus", strconv.Itoa(10 * i)}
			p.Cells = append(p.Cells, Cell[found]{Name: fmt.Sprintf("%s-%d", config, seed), Args: args,
				Command: "go run ./examples/adder",
				Run: func(ctx context.Context, j *run.Job, args []string, _ string) (found, error) {
					return adder(calls, second).Call(ctx, j, args)
				}})
		}
	}
	p.Cells = append(p.Cells, Cell[found]{Name: "pictures", Data: "pictures", Flag: "large",
		Command: "go run ./examples/show",
		Run: func(_ context.Context, _ *run.Job, _ []string, place string) (found, error) {
			return found{float64(len(place))}, nil
		}})
	return p
}

func score(f *found) float64 { return f.Score }

// start runs the page's program with its files below dir.
func start(t *testing.T, p *Page[found], dir string,
	args ...string) (code int, s Summary, stdout, stderr string) {
	t.Helper()
	js := filepath.Join(t.TempDir(), "summary.json")
	args = append([]string{"-dir", filepath.Join(dir, "cells"), "-page",
		filepath.Join(dir, "docs", "page.md"), "-work", filepath.Join(dir, "work"), "-json", js}, args...)
	var out, errs bytes.Buffer
	code = p.Program().Start(t.Context(), args, run.Streams{Out: &out, Err: &errs})
	if data, err := os.ReadFile(js); err == nil {
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
	}
	return code, s, out.String(), errs.String()
}

func never() error { return nil }

// Each cell runs once; the page is written again whenever the program runs, from the records alone.
func TestCellsRunOnce(t *testing.T) {
	dir, calls := t.TempDir(), 0
	p := page(&calls, never)
	for _, c := range []struct {
		args  []string
		calls int // so far
		done  int
		page  string
	}{
		{nil, 0, 0, "0 of 7 cells are done; no cell was run; ours not run"},
		{[]string{"-run", "^ours-[12]$"}, 2, 2, "2 of 7 cells are done; "},
		{[]string{"-run", "ours"}, 3, 3, "ours 4.0 ± 2.0"},
		{[]string{"-run", "ours-1", "-again"}, 4, 3, "ours 4.0 ± 2.0"},
		{[]string{"-run", "pictures", "-pictures", "here"}, 4, 4, "| pictures | `go run ./examples/show -large PICTURES` |"},
		{[]string{"-run", "(other|ours)"}, 7, 7, "| other-3 | `go run ./examples/adder -seed 3 -bonus 10` | 0 |"},
	} {
		code, s, _, errs := start(t, p, dir, c.args...)
		if code != run.ExitOK || calls != c.calls || len(s.Done) != c.done || s.Cells != 7 {
			t.Errorf("%v: exit code %d, %d calls, %+v: %s", c.args, code, calls, s, errs)
		}
		if text := readPage(t, dir); !strings.Contains(text, c.page) {
			t.Errorf("%v:\n%s\nwant %q", c.args, text, c.page)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "work")); len(left) > 0 {
		t.Errorf("state of finished cells is left: %v", left)
	}
	_, _, out, _ := start(t, p, dir, "-list")
	if strings.Count(out, "done in 0 s") != 7 || strings.Contains(out, "other settings") {
		t.Errorf("-list:\n%s", out)
	}
	p.Cells[0].Args = []string{"-seed", "9"}
	if _, _, out, _ = start(t, p, dir, "-list"); !strings.Contains(out, "done in 0 s, with other settings") {
		t.Errorf("-list after a change:\n%s", out)
	}
}

// A cell that stops goes on with the phases that it has finished, and its time with it.
func TestStoppedCellGoesOn(t *testing.T) {
	dir, calls := t.TempDir(), 0
	broken := errors.New("out of memory")
	p := page(&calls, func() error { return broken })
	code, s, _, errs := start(t, p, dir, "-run", "ours-(1|2)")
	if code != run.ExitError || !strings.Contains(errs, "ours-1: out of memory") ||
		!strings.Contains(errs, "ours-2: ") || len(s.Done) != 0 {
		t.Errorf("exit code %d, %q: one failure must not stop the others", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "docs", "page.md")); err != nil {
		t.Errorf("no page: %v", err)
	}
	broken = nil
	if code, s, _, errs = start(t, p, dir, "-run", "ours-1"); code != run.ExitOK || calls != 2 ||
		!slices.Equal(s.Run, []string{"ours-1"}) {
		t.Errorf("exit code %d, %d calls, ran %v: %s", code, calls, s.Run, errs)
	}
	// The state of ours-2 belongs to its settings: others are refused.
	p.Cells[1].Run = func(ctx context.Context, j *run.Job, _ []string, _ string) (found, error) {
		return adder(&calls, never).Call(ctx, j, []string{"-seed", "8"})
	}
	if code, _, _, errs = start(t, p, dir, "-run", "ours-2"); code != run.ExitError ||
		!strings.Contains(errs, "seed is 2 there and 8 here") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

func TestMistakes(t *testing.T) {
	dir, calls := t.TempDir(), 0
	p := page(&calls, never)
	if code, _, _, errs := start(t, p, dir, "-run", "pictures"); code != run.ExitError ||
		!strings.Contains(errs, "needs -pictures, the place of some pictures") {
		t.Errorf("a cell without its data: %d, %q", code, errs)
	}
	if code, _, _, errs := start(t, p, dir, "-run", "("); code != run.ExitUsage ||
		!strings.Contains(errs, "-run") {
		t.Errorf("a bad pattern: %d, %q", code, errs)
	}
	if err := os.MkdirAll(filepath.Join(dir, "cells"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cells", "ours-1.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, _, errs := start(t, p, dir); code != run.ExitError || !strings.Contains(errs, "ours-1") {
		t.Errorf("a damaged record: %d, %q", code, errs)
	}
}

// The settings of a cell may follow from the record of another one. It waits until that is there,
// and keeps the settings that it ran with.
func TestMoreSettings(t *testing.T) {
	dir, calls := t.TempDir(), 0
	p := page(&calls, never)
	p.Cells[3].More = func(r *Results[found]) ([]string, error) {
		ours, err := r.Need("ours-1")
		if err != nil {
			return nil, err
		}
		return []string{"-bonus", fmt.Sprint(100 * ours.Result.Score)}, nil
	}
	code, s, out, errs := start(t, p, dir, "-run", "other-[12]")
	if code != run.ExitOK || !slices.Equal(s.Waiting, []string{"other-1"}) ||
		!slices.Equal(s.Run, []string{"other-2"}) || !strings.Contains(out, "other-1 waits for ours-1") {
		t.Errorf("exit code %d, %+v\n%s%s", code, s, out, errs)
	}
	if _, _, out, _ = start(t, p, dir, "-list"); !strings.Contains(out, "not run, waits for ours-1") {
		t.Errorf("-list:\n%s", out)
	}
	if text := readPage(t, dir); !strings.Contains(text,
		"| other-1 | `go run ./examples/adder/results -run '^other-1$'` | not run |") {
		t.Errorf("the command of a cell without settings:\n%s", text)
	}
	// Both in one start, in the order of the page: 2·(1 + 100·2).
	if _, s, _, _ = start(t, p, dir, "-run", "-1$"); s.Waiting != nil ||
		!slices.Equal(s.Run, []string{"ours-1", "other-1"}) {
		t.Errorf("%+v", s)
	}
	r, err := p.Read(filepath.Join(dir, "cells"))
	if err != nil || r.Get("other-1").Result.Score != 402 {
		t.Errorf("%v, %+v", err, r.Get("other-1"))
	}
	want := "go run ./examples/adder -seed 1 -bonus 10 -bonus 200`"
	if text := readPage(t, dir); !strings.Contains(text, want) {
		t.Errorf("the page lacks %q:\n%s", want, text)
	}
	if _, _, out, _ = start(t, p, dir, "-list"); strings.Contains(out, "other settings") {
		t.Errorf("-list:\n%s", out)
	}
	// Without the record that they follow from the settings are those of the cell's own record.
	if err := os.Remove(filepath.Join(dir, "cells", "ours-1.json")); err != nil {
		t.Fatal(err)
	}
	if _, _, out, _ = start(t, p, dir, "-list"); !strings.Contains(out, "done in 0 s, now waits for ours-1") {
		t.Errorf("-list:\n%s", out)
	}
	start(t, p, dir)
	if text := readPage(t, dir); !strings.Contains(text, want) {
		t.Errorf("the page lacks %q:\n%s", want, text)
	}
	// Other trouble than a missing record is an error.
	p.Cells[4].More = func(*Results[found]) ([]string, error) { return nil, errors.New("out of range") }
	if code, _, _, errs = start(t, p, dir, "-run", "other-2", "-again"); code != run.ExitError ||
		!strings.Contains(errs, "other-2: out of range") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

func readPage(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "docs", "page.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Runs are paired by their seed, wherever they stand.
func TestTogether(t *testing.T) {
	calls := 0
	p := page(&calls, never)
	r := p.Results(&Record[found]{Name: "ours-2", Result: found{5}},
		&Record[found]{Name: "ours-3", Result: found{7}},
		&Record[found]{Name: "other-3", Result: found{1}},
		&Record[found]{Name: "other-1", Result: found{100}})
	if d := r.Differences("ours", "other", score); !slices.Equal(d, []float64{6}) {
		t.Errorf("differences %v", d)
	}
	if v := r.Values("other", score); !slices.Equal(v, []float64{100, 1}) {
		t.Errorf("values %v", v)
	}
	if rows := r.Together("other", "ours"); len(rows) != 1 || rows[0][0].Score != 1 || rows[0][1].Score != 7 {
		t.Errorf("together: %v", rows)
	}
	if n := r.Planned("ours"); n != 3 || r.Planned("ours-2") != 1 || r.Planned("our") != 0 {
		t.Errorf("%d planned", n)
	}
	if one := r.Of("ours-2"); len(one) != 1 || len(r.Of("our")) != 0 {
		t.Errorf("%v", one)
	}
}
