package cells

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
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
				Run: func(ctx context.Context, j *run.Job, _ string) (found, error) {
					return adder(calls, second).Call(ctx, j, args)
				}})
		}
	}
	p.Cells = append(p.Cells, Cell[found]{Name: "pictures", Data: "pictures",
		Run: func(_ context.Context, _ *run.Job, place string) (found, error) {
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
		{[]string{"-run", "pictures", "-pictures", "here"}, 4, 4, "4 of 7"},
		{[]string{"-run", "(other|ours)"}, 7, 7, "| other-3 | `go run ./examples/adder -seed 3 -bonus 10` | 0 |"},
	} {
		code, s, _, errs := start(t, p, dir, c.args...)
		if code != run.ExitOK || calls != c.calls || len(s.Done) != c.done || s.Cells != 7 {
			t.Errorf("%v: exit code %d, %d calls, %+v: %s", c.args, code, calls, s, errs)
		}
		text, err := os.ReadFile(filepath.Join(dir, "docs", "page.md"))
		if err != nil || !strings.Contains(string(text), c.page) {
			t.Errorf("%v: %v\n%s\nwant %q", c.args, err, text, c.page)
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
	p.Cells[1].Run = func(ctx context.Context, j *run.Job, _ string) (found, error) {
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

// Runs are paired by their seed, wherever they stand.
func TestPairs(t *testing.T) {
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
	if one := r.Of("ours-2"); len(one) != 1 || len(r.Of("our")) != 0 {
		t.Errorf("%v", one)
	}
}

// Quantiles of Student's t, from tables: 12.706 for one degree of freedom, 2.776 for four.
func TestInterval(t *testing.T) {
	m, h := Interval([]float64{1, 3})
	if m != 2 || math.Abs(h-12.706205) > 1e-5 {
		t.Errorf("two values: %v ± %v", m, h)
	}
	m, h = Interval([]float64{1, 2, 3, 4, 5})
	if m != 3 || math.Abs(h-2.776445*math.Sqrt(2.5/5)) > 1e-5 {
		t.Errorf("five values: %v ± %v", m, h)
	}
	if _, h = Interval([]float64{1}); !math.IsInf(h, 1) {
		t.Errorf("one value: ± %v", h)
	}
	if m, e := MeanAndError([]float64{1, 2, 3, 4}); m != 2.5 || math.Abs(e-math.Sqrt(5.0/3)/2) > 1e-12 {
		t.Errorf("got %v ± %v", m, e)
	}
	for want, got := range map[string]string{
		NotRun: Contrast("%+.1f", nil), "+1.5 (one seed)": Contrast("%+.1f", []float64{1.5}),
		"+2.0 (95 % interval -10.7 to +14.7, 2 seeds)": Contrast("%+.1f", []float64{1, 3}),
		"+2.0 ± 1.4": Spread("%+.1f", []float64{1, 3}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
