package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// table writes a latency table of the space of tiny: a layer takes longer the larger its output is.
func table(t *testing.T) string {
	t.Helper()
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: 0.25, InputSize: 16,
		StemStride: 2,
		Classes:    4})
	if err != nil {
		t.Fatal(err)
	}
	g, err := space.LowerChoices()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := g.Latencies()
	if err != nil {
		t.Fatal(err)
	}
	latencies := &searchspace.LatencyTable{CPU: "test", Kernels: "test", Workers: 1, Batch: 1, Fixed: 1e-4}
	for _, l := range layers {
		latencies.Entries = append(latencies.Entries, searchspace.Latency{Layer: l,
			Seconds: 1e-6 + 1e-9*float64(l.Out.Size())*float64(l.Kernel+1)})
	}
	path := filepath.Join(t.TempDir(), "table.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := latencies.Write(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLatency: with a table, budgets, answers and queries are milliseconds, and another table is
// other data.
func TestLatency(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	path := table(t)
	args := tiny(t, "-methods", "eas,random", "-headroom", "0", "-latency", path, "-out", out)
	r, text := report(t, args...)
	if r.Unit.Name != "ms" || !(r.Low > 1e-4 && r.Low < r.High && r.High < 1) || !strings.Contains(text, "ms,") {
		t.Errorf("%+v, %v to %v\n%s", r.Unit, r.Low, r.High, text)
	}
	for _, m := range r.Methods {
		for _, a := range m.Answers {
			if a.Cost > a.Budget*(1+1e-9) || a.Cost < r.Low*(1-1e-9) {
				t.Errorf("%s: %+v", m.Name, a)
			}
		}
	}
	answered, _ := report(t, "-resume", "-out", out, "-query", "second:"+r.Unit.Text(r.Budgets[2]))
	if q := answered.Queries; len(q) != 1 || q[0].Cost > q[0].Budget {
		t.Errorf("%+v", q)
	}
	if code, _, errs := start.Run(t, "-resume", "-out", out, "-query", "second:1M"); code != run.ExitUsage {
		t.Errorf("multiply-adds were taken: %s", errs)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), `"Fixed": 0.0001`, `"Fixed": 0.0002`, 1)),
		0o644); err != nil {
		t.Fatal(err)
	}
	code, _, errs := start.Run(t, append(args, "-resume")...)
	if code != run.ExitError || !strings.Contains(errs, "on other data") {
		t.Errorf("another table: exit code %d, %s", code, errs)
	}
	if err := os.WriteFile(path, []byte(`{}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := start.Run(t, tiny(t, "-latency", path)...); code != run.ExitError {
		t.Errorf("an empty table: exit code %d, %s", code, errs)
	}
}
