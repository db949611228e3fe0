package main

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// fake makes up a table: every layer of the space takes a time that follows from the layer, whole
// networks take factor times the sum. Nothing runs.
type fake struct {
	t       *testing.T
	factor  float64
	missing int   // layers that are left out
	fail    error // after the first report of a table
	asked   *supernet.LatencyOptions
}

func (f *fake) measure(ctx context.Context, space *searchspace.Space,
	o *supernet.LatencyOptions) (*supernet.LatencyResult, error) {
	f.asked = o
	g, err := space.LowerChoices()
	if err != nil {
		f.t.Fatal(err)
	}
	layers, err := g.Latencies()
	if err != nil {
		f.t.Fatal(err)
	}
	res := &supernet.LatencyResult{Table: &searchspace.LatencyTable{CPU: "abacus", Kernels: "beads",
		Workers: 2, Batch: o.Batch, Fixed: 0.25}}
	for _, l := range layers[f.missing:] {
		e := searchspace.Latency{Layer: l, Seconds: float64(l.Out.Size()) * float64(1+l.Kernel*l.Kernel) / (1 << 20)}
		res.Table.Entries = append(res.Table.Entries, e)
	}
	res.Missing = layers[:f.missing]
	for _, networks := range []int{0, 5} {
		p := supernet.LatencyProgress{Networks: networks, OfNetworks: 5, OfLayers: len(layers),
			Table: res.Table}
		if err := o.Progress(p); err != nil {
			return res, err
		}
	}
	if f.fail != nil {
		return res, f.fail
	}
	for _, a := range o.Check {
		if seconds, err := res.Table.Cost(space, a); err == nil {
			res.Checked = append(res.Checked, supernet.LatencyCheck{Arch: a, Predicted: seconds,
				Measured: f.factor * seconds})
		}
	}
	return res, nil
}

func start(ctx context.Context, measure measureFunc, args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = program(measure).Start(ctx, args, run.Streams{Out: &out, Err: &errs})
	return status, out.String(), errs.String()
}

func readTable(t *testing.T, path string) *searchspace.LatencyTable {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := searchspace.ReadLatencyTable(f)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestReport: a machine that is twice as slow as the table shows as bias, not as disorder; the
// table is on disk, and the next call goes on with it.
func TestReport(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table.json")
	f := &fake{t: t, factor: 2}
	args := []string{"-size", "32", "-table", table, "-check", "20", "-batch", "4", "-rounds", "3",
		"-networks", "9", "-params", "7", "-seed", "5"}
	status, out, errs := start(context.Background(), f.measure, args...)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, printed %s and %s", status, out, errs)
	}
	for _, want := range []string{"measuring 5 networks, batch 4", "checked 20 architectures",
		"Spearman 1.0000, Kendall 1.0000",
		"mean relative error 50.00 %, bias -50.00 %, worst 50.00 %", "2.000 · predicted",
		"fixed part 250.000 ms"} {
		if !strings.Contains(out, want) {
			t.Errorf("printed %q without %q", out, want)
		}
	}
	if o := f.asked; o.Table != nil || o.Batch != 4 || o.Rounds != 3 || o.Networks != 9 ||
		o.MaxParams != 7e6 || o.Seed != 5 || len(o.Check) != 20 {
		t.Errorf("asked for %+v", o)
	}
	read := readTable(t, table)
	if status, _, errs := start(context.Background(), f.measure, args...); status != 0 ||
		f.asked.Table == nil || len(f.asked.Table.Entries) != len(read.Entries) {
		t.Errorf("again: status %d, message %q, table %v", status, errs, f.asked.Table)
	}
}

// TestFailures: what was measured before a failure is on disk, and the message says what to do.
func TestFailures(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table.json")
	ctx, stop := context.WithCancel(context.Background())
	stop()
	args := []string{"-size", "32", "-table", table}
	status, _, errs := start(ctx, (&fake{t: t, fail: context.Canceled}).measure, args...)
	if status != run.ExitInterrupted || !strings.Contains(errs,
		"stopped; the same command goes on with what "+table) {
		t.Errorf("status %d, message %q", status, errs)
	}
	was := readTable(t, table)
	if len(was.Entries) == 0 {
		t.Error("the table is empty after the first group")
	}
	status, _, errs = start(context.Background(), (&fake{t: t, fail: errors.New("beads stuck")}).measure,
		args...)
	if status != 1 || !strings.Contains(errs, "table.json: beads stuck") ||
		strings.Contains(errs, "goes on") {
		t.Errorf("status %d, message %q", status, errs)
	}
	// Every architecture has the layers that come first.
	f := &fake{t: t, missing: 1}
	status, out, errs := start(context.Background(), f.measure, append(args, "-check", "9")...)
	if status != 1 || !strings.Contains(out, "1 layers stay unmeasured, -networks") ||
		!strings.Contains(out, "9 of 9 architectures have layers") ||
		!strings.Contains(errs, "predicts 0 of 9") {
		t.Errorf("status %d, printed %s and %s", status, out, errs)
	}
	if err := os.WriteFile(table, []byte(`{"Batch": 1`), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := start(context.Background(), f.measure, args...); status != 1 ||
		!strings.Contains(errs, "table.json: searchspace: latency table: unexpected EOF") {
		t.Errorf("damaged table: status %d, message %q", status, errs)
	}
	if status, _, errs := start(context.Background(), f.measure, "-table", table+"2", "-check", "5",
		"-params", "1"); status != 1 || !strings.Contains(errs, "limit of parameters") {
		t.Errorf("nothing within the limit: status %d, message %q", status, errs)
	}
}

func TestUsage(t *testing.T) {
	f := &fake{t: t, factor: 1}
	for want, args := range map[string][]string{
		`argument "x"`:                     {"x"},
		"-batch 0, expected at least 1":    {"-batch", "0"},
		"-workers -1, expected at least":   {"-workers", "-1"},
		"-check 1, expected 0 or":          {"-check", "1"},
		"-check 2000000, expected at most": {"-check", "2000000"},
		"-batch 70000, expected at most":   {"-batch", "70000"},
		"-table is empty":                  {"-table", ""},
		"-csv and -plot need -check":       {"-csv", "x"},
		`space "x", expected one of`:       {"-space", "x"},
		"flag provided but not defined":    {"-fast"},
		"-rounds -2, expected at least 1":  {"-rounds", "-2"},
	} {
		if status, _, errs := start(context.Background(), f.measure, args...); status != 2 ||
			!strings.Contains(errs, want) {
			t.Errorf("%v: status %d, message %q, expected 2 and %q", args, status, errs, want)
		}
	}
	if status, out, errs := start(context.Background(), f.measure, "-h"); status != 0 ||
		!strings.Contains(out, "-check") || errs != "" {
		t.Errorf("-h: status %d, printed %q and %q", status, out, errs)
	}
}

// TestReal measures layers and networks of a small space with the clock.
func TestReal(t *testing.T) {
	dir := t.TempDir()
	table, list, picture := filepath.Join(dir, "table.json"), filepath.Join(dir, "list.csv"),
		filepath.Join(dir, "dots.svg")
	status, out, errs := start(context.Background(), supernet.MeasureLatency, "-space", "mobilenetv3",
		"-width", "0.1", "-size", "16", "-classes", "3",
		"-table", table, "-rounds", "1", "-passes", "2", "-views", "1", "-check", "3", "-csv", list, "-plot",
		picture)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, printed %s and %s", status, out, errs)
	}
	if !regexp.MustCompile(`rank correlation: Spearman -?[01]\.\d{4}, Kendall -?[01]\.\d{4}`).MatchString(out) {
		t.Errorf("printed %s", out)
	}
	if read := readTable(t, table); len(read.Entries) < 100 || !strings.HasPrefix(read.Kernels, "cpu") ||
		read.CPU == "" {
		t.Errorf("%d layers on %s, %s", len(read.Entries), read.CPU, read.Kernels)
	}
	f, err := os.Open(list)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, error %v, expected a heading and 3", len(rows), err)
	}
	for _, r := range rows[1:] {
		for _, cell := range r[1:4] {
			if v, err := strconv.ParseFloat(cell, 64); err != nil || v < 0 {
				t.Errorf("row %v: %v, error %v", r, v, err)
			}
		}
	}
	if svg, err := os.ReadFile(picture); err != nil || !strings.Contains(string(svg), "measured, ms") {
		t.Errorf("picture of %d bytes, error %v", len(svg), err)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, program(nil), nil) }
