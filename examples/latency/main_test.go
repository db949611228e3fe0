package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// fakeTimer makes networks whose layers take times that follow from the layer,
// and a call a fixed time beside them. Nothing runs.
type fakeTimer struct {
	name    string
	opened  *int               // networks made
	runs    *int               // of all networks
	stop    context.CancelFunc // called in run number at
	at      int
	slower  float64 // of whole networks against their parts
	kernel  string
	refused error
	limit   int64 // of parameters; larger networks fail to open
}

func newFake() *fakeTimer {
	return &fakeTimer{name: "abacus", opened: new(int), runs: new(int), slower: 1, kernel: "beads"}
}

type fakeNetwork struct {
	*fakeTimer
	g     *searchspace.Graph
	batch int
}

func (f *fakeTimer) cpu() string { return f.name }

func (f *fakeTimer) open(space *searchspace.Space, a searchspace.Arch, c *config) (network, error) {
	*f.opened++
	g, err := space.Lower(a)
	if err == nil && f.limit > 0 && g.Cost().Params > f.limit {
		err = fmt.Errorf("%d parameters", g.Cost().Params)
	}
	return &fakeNetwork{f, g, c.batch}, err
}

const fakeFixed = 0.25

// layerSeconds is exact in binary, so that sums are.
func layerSeconds(l searchspace.LatencyLayer) float64 {
	work := float64(l.Out.Size()) * float64(1+l.Kernel*l.Kernel)
	return (work + float64(l.In.C)) / (1 << 20)
}

func (n *fakeNetwork) graph() *searchspace.Graph { return n.g }
func (n *fakeNetwork) kernels() string           { return n.kernel }

func (n *fakeNetwork) whole() (float64, error) {
	p, err := n.parts()
	if err != nil {
		return 0, err
	}
	return p.Total * n.slower, nil
}

func (n *fakeNetwork) parts() (*supernet.Profile, error) {
	*n.runs++
	if n.stop != nil && *n.runs == n.at {
		n.stop()
	}
	layers, seen := n.g.Latencies(), map[int]bool{}
	p := &supernet.Profile{Nodes: make([]float64, len(n.g.Nodes)), Total: fakeFixed}
	for i, k := range n.g.LatencyIndex() {
		if k >= 0 && !seen[k] {
			seen[k] = true
			p.Nodes[i] = layerSeconds(layers[k]) * float64(n.batch)
			p.Total += p.Nodes[i]
		}
	}
	return p, n.refused
}

func start(t *testing.T, ctx context.Context, timer timer, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	status = program(timer).Start(ctx, args, run.Streams{Out: &out, Err: &errs})
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

// TestExact: where a network takes the sum of its layers, the table predicts
// every random architecture of every space but those too wide for a table.
func TestExact(t *testing.T) {
	names := []string{"mobilenetv3", "danas-shuffle+mobile", "proxylessnas", "resnet50", "danas-mobile+"}
	if testing.Short() {
		names = names[:2]
	}
	for _, space := range names {
		table := filepath.Join(t.TempDir(), "table.json")
		fake := newFake()
		args := []string{"-space", space, "-size", "64", "-table", table, "-check", "20", "-rounds", "2", "-passes", "1", "-batch", "4"}
		status, out, errs := start(t, context.Background(), fake, args...)
		if status != 0 || errs != "" {
			t.Fatalf("%s: status %d, printed %s and %s", space, status, out, errs)
		}
		for _, want := range []string{"checked 20 architectures", "Spearman 1.0000, Kendall 1.0000", "mean relative error 0.00 %", "measured = 0.000 ms + 1.000 · predicted", "fixed part 250.000 ms"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: printed %q without %q", space, out, want)
			}
		}
		read := readTable(t, table)
		if read.CPU != "abacus" || read.Kernels != "beads" || read.Batch != 4 || read.Workers < 1 || math.Abs(read.Fixed-fakeFixed) > 1e-9 {
			t.Errorf("%s: table of %s, %s, batch %d, %d workers, fixed part %v", space, read.CPU, read.Kernels, read.Batch, read.Workers, read.Fixed)
		}
		for _, e := range read.Entries {
			if want := 4 * layerSeconds(e.Layer); math.Abs(e.Seconds-want) > 1e-9*want || e.Spread != 0 {
				t.Fatalf("%s: %v takes %v ± %v, expected %v", space, e.Layer, e.Seconds, e.Spread, want)
			}
		}
		// A complete table is not measured again.
		*fake.opened = 0
		args[len(args)-7] = "2" // check
		if status, out, errs := start(t, context.Background(), fake, args...); status != 0 || *fake.opened != 2 || !strings.Contains(out, "measuring 0 networks") {
			t.Errorf("%s: again: status %d, %d networks made, expected the 2 of the check; printed %s and %s", space, status, *fake.opened, out, errs)
		}
	}
}

// TestScaled: what whole networks take longer than the sum of their parts is in the table.
func TestScaled(t *testing.T) {
	fake := newFake()
	fake.slower = 1.25
	table := filepath.Join(t.TempDir(), "table.json")
	status, out, errs := start(t, context.Background(), fake, "-table", table, "-check", "5", "-rounds", "1", "-size", "32")
	if status != 0 || !strings.Contains(out, "Spearman 1.0000") || !strings.Contains(out, "mean relative error 0.00 %, bias +0.00 %, worst 0.00 %") {
		t.Errorf("status %d, printed %s and %s", status, out, errs)
	}
	read := readTable(t, table)
	for _, e := range read.Entries {
		if want := 1.25 * layerSeconds(e.Layer); math.Abs(e.Seconds-want) > 1e-9 {
			t.Errorf("%v takes %v, expected %v", e.Layer, e.Seconds, want)
		}
	}
	if want := 1.25 * fakeFixed; math.Abs(read.Fixed-want) > 1e-9 {
		t.Errorf("fixed part %v, expected %v", read.Fixed, want)
	}
	// A machine that has become slower since shows as bias, not as disorder.
	fake.slower = 2.5
	status, out, errs = start(t, context.Background(), fake, "-table", table, "-check", "5", "-rounds", "1", "-size", "32")
	if status != 0 || !strings.Contains(out, "Spearman 1.0000") || !strings.Contains(out, "mean relative error 50.00 %, bias -50.00 %, worst 50.00 %") || !strings.Contains(out, "2.000 · predicted") {
		t.Errorf("status %d, printed %s and %s", status, out, errs)
	}
}

// TestMixed: every part of the list has its share of both kinds.
func TestMixed(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {3, 0}, {0, 4}, {5, 5}, {19, 50}, {40, 7}} {
		rows := make([]*checkedNetwork, c[1])
		for i := range rows {
			rows[i] = &checkedNetwork{}
		}
		jobs := shuffled(make([]searchspace.Arch, c[0]), rows)
		if len(jobs) != c[0]+c[1] {
			t.Fatalf("%v: %d jobs", c, len(jobs))
		}
		parts := 0.0
		for i, j := range jobs {
			if j.parts {
				parts++
			}
			if want := float64(c[0]) / float64(len(jobs)) * float64(i+1); math.Abs(parts-want) > 1 {
				t.Errorf("%v: %v of the first %d are for the table, expected %v", c, parts, i+1, want)
			}
		}
	}
}

// TestResumed: a measurement that was stopped goes on with what it has, and a table of a narrower space is extended, its times kept.
func TestResumed(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table.json")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	fake := newFake()
	fake.stop, fake.at = stop, 10 // in the second group
	args := []string{"-table", table, "-size", "32", "-group", "2", "-rounds", "1", "-passes", "3"}
	status, _, errs := start(t, ctx, fake, args...)
	if status != run.ExitInterrupted || !strings.Contains(errs, "stopped; the same command goes on with what "+table) {
		t.Fatalf("status %d, message %q", status, errs)
	}
	part := readTable(t, table)
	if len(part.Entries) == 0 {
		t.Fatal("the table is empty after the first group")
	}
	fake.stop = nil
	if status, _, errs := start(t, context.Background(), fake, args...); status != 0 {
		t.Fatalf("resumed: status %d, message %q", status, errs)
	}
	whole := readTable(t, table)
	if len(whole.Entries) <= len(part.Entries) {
		t.Errorf("%d layers after %d", len(whole.Entries), len(part.Entries))
	}
	for i, e := range part.Entries {
		if whole.Entries[i] != e {
			t.Errorf("entry %d is %v, was %v", i, whole.Entries[i], e)
		}
	}
	before := len(whole.Entries)
	if status, _, errs := start(t, context.Background(), fake, append(args, "-width", "0.5")...); status != 0 {
		t.Fatalf("other width: status %d, message %q", status, errs)
	}
	if wide := readTable(t, table); len(wide.Entries) <= before || wide.Entries[0] != whole.Entries[0] || wide.Fixed != whole.Fixed {
		t.Errorf("%d layers after %d of another width", len(wide.Entries), before)
	}
}

// TestOtherMachine: times of different machines do not mix.
func TestOtherMachine(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table.json")
	args := []string{"-table", table, "-size", "32", "-rounds", "1", "-passes", "1", "-workers", "2"}
	if status, _, errs := start(t, context.Background(), newFake(), args...); status != 0 {
		t.Fatal(errs)
	}
	was, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	other, kernels, failing := newFake(), newFake(), newFake()
	other.name, kernels.kernel, failing.refused = "rule", "slides", fmt.Errorf("beads stuck")
	for want, c := range map[string]struct {
		timer timer
		more  []string
	}{
		"is of abacus with 2 workers and batch 1, expected rule": {other, nil},
		"expected abacus with 3 and 1":                           {newFake(), []string{"-workers", "3"}},
		"expected abacus with 2 and 8":                           {newFake(), []string{"-batch", "8"}},
		"is of beads, expected slides":                           {kernels, []string{"-check", "2"}},
		"beads stuck":                                            {failing, []string{"-check", "2"}},
	} {
		status, _, errs := start(t, context.Background(), c.timer, append(args, c.more...)...)
		if status != 1 || !strings.Contains(errs, want) {
			t.Errorf("status %d, message %q, expected %q", status, errs, want)
		}
	}
	if is, err := os.ReadFile(table); err != nil || string(is) != string(was) {
		t.Errorf("the table has changed, error %v", err)
	}
	if err := os.WriteFile(table, was[:len(was)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := start(t, context.Background(), newFake(), args...); status != 1 || !strings.Contains(errs, "table.json: searchspace: latency table: unexpected EOF") {
		t.Errorf("damaged table: status %d, message %q", status, errs)
	}
}

// TestTooFewNetworks: what stays unmeasured is said, and architectures that cannot be predicted are left out.
func TestTooFewNetworks(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table.json")
	status, out, errs := start(t, context.Background(), newFake(), "-table", table, "-size", "32", "-rounds", "1", "-networks", "1", "-check", "9")
	if status != 1 || !strings.Contains(out, "layers stay unmeasured, -networks") || !strings.Contains(out, "9 of 9 architectures have layers") || !strings.Contains(errs, "predicts 0 of 9") {
		t.Errorf("status %d, printed %s and %s", status, out, errs)
	}
}

// TestLargeNetworks: what is over the limit is neither measured nor checked.
func TestLargeNetworks(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table.json")
	fake := newFake()
	fake.limit = 4e6
	status, out, errs := start(t, context.Background(), fake, "-space", "mobilenetv3", "-size", "32", "-classes", "10", "-table", table, "-rounds", "1", "-check", "5", "-params", "4")
	if status != 0 || !strings.Contains(out, "checked 5 architectures") {
		t.Errorf("status %d, printed %s and %s", status, out, errs)
	}
	if status, _, errs := start(t, context.Background(), newFake(), "-table", table, "-check", "5", "-params", "1"); status != 1 || !strings.Contains(errs, "limit of parameters") {
		t.Errorf("nothing within the limit: status %d, message %q", status, errs)
	}
	if status, _, errs := start(t, context.Background(), newFake(), "-table", table, "-params", "1"); status != 1 || !strings.Contains(errs, "no architecture of mobilenetv3 has at most 1 million") {
		t.Errorf("nothing within the limit: status %d, message %q", status, errs)
	}
}

func TestUsage(t *testing.T) {
	for want, args := range map[string][]string{
		`argument "x"`:                    {"x"},
		"-batch 0, expected at least 1":   {"-batch", "0"},
		"-workers -1, expected at least":  {"-workers", "-1"},
		"-check 1, expected 0 or":         {"-check", "1"},
		"-table is empty":                 {"-table", ""},
		"-csv and -plot need -check":      {"-csv", "x"},
		`space "x", expected one of`:      {"-space", "x"},
		"flag provided but not defined":   {"-fast"},
		"-rounds -2, expected at least 1": {"-rounds", "-2"},
	} {
		if status, _, errs := start(t, context.Background(), newFake(), args...); status != 2 || !strings.Contains(errs, want) {
			t.Errorf("%v: status %d, message %q, expected 2 and %q", args, status, errs, want)
		}
	}
	if status, out, errs := start(t, context.Background(), newFake(), "-h"); status != 0 || !strings.Contains(out, "-check") || errs != "" {
		t.Errorf("-h: status %d, printed %q and %q", status, out, errs)
	}
}

// TestReal measures layers and networks of a small space with the clock.
func TestReal(t *testing.T) {
	dir := t.TempDir()
	table, list, picture := filepath.Join(dir, "table.json"), filepath.Join(dir, "list.csv"), filepath.Join(dir, "dots.svg")
	status, out, errs := start(t, context.Background(), supernetTimer{}, "-space", "mobilenetv3", "-width", "0.1", "-size", "16", "-classes", "3",
		"-table", table, "-rounds", "1", "-passes", "2", "-views", "1", "-check", "3", "-csv", list, "-plot", picture)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, printed %s and %s", status, out, errs)
	}
	if !regexp.MustCompile(`rank correlation: Spearman -?[01]\.\d{4}, Kendall -?[01]\.\d{4}`).MatchString(out) {
		t.Errorf("printed %s", out)
	}
	read := readTable(t, table)
	sum := 0.0
	for _, e := range read.Entries {
		sum += e.Seconds
	}
	if len(read.Entries) < 100 || !(sum > 0) || !strings.HasPrefix(read.Kernels, "cpu") || read.CPU == "" {
		t.Errorf("%d layers of %v s on %s, %s", len(read.Entries), sum, read.CPU, read.Kernels)
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
