package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func TestCells(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cells() {
		if seen[c.name] {
			t.Errorf("two cells are named %s", c.name)
		}
		seen[c.name] = true
		cfg, err := growth.Parse("cell", c.args, nil, nil, os.Stderr)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err := cfg.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, known := dataSets()[c.data]; c.data != "" && !known {
			t.Errorf("%s: unknown data %q", c.name, c.data)
		}
	}
}

func fakeRun(h, acc float64, madds int64, decision string) *growth.Report {
	s := growth.SnapshotReport{Images: 800, Classes: 10, Decision: growth.First, AccAfter: 0.5, MAddsAfter: 1e6}
	u := growth.SnapshotReport{Images: 1600, Classes: 10, H: h, D: 0.25, Decision: decision, AccBefore: 0.5, AccAfter: acc, MAddsAfter: madds,
		Seconds: map[string]float64{growth.SecondsSupernet: 10, growth.SecondsAdjuster: 5, growth.SecondsRetrain: 7}}
	return &growth.Report{Snapshots: []growth.SnapshotReport{s, u}, Final: growth.FinalReport{MAdds: madds, TestAccuracy: acc}}
}

func TestRender(t *testing.T) {
	empty, err := render(map[string]*record{})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(empty), notRun); n < len(cells()) {
		t.Errorf("an empty page says %d times that cells were not run", n)
	}
	records := map[string]*record{}
	for _, r := range []*record{
		{Name: "fashion-I-ours-1", Kind: kindGrowth, Args: []string{"-seed", "1"}, Seconds: 100, CPU: "CPU A", Cores: 2, Report: fakeRun(4, 0.80, 2e6, growth.Adjusted)},
		{Name: "fashion-I-ours-2", Kind: kindGrowth, Seconds: 300, CPU: "CPU A", Cores: 2, Report: fakeRun(2, 0.82, 2e6, growth.Kept)},
		{Name: "fashion-I-fixed-1", Kind: kindGrowth, CPU: "CPU A", Cores: 2, Report: fakeRun(4, 0.70, 1e6, growth.Kept)},
		{Name: "fashion-I-fixed-2", Kind: kindGrowth, CPU: "CPU A", Cores: 2, Report: fakeRun(4, 0.74, 1e6, growth.Kept)},
		{Name: "fashion-I-random-2", Kind: kindGrowth, CPU: "CPU A", Cores: 2, Report: fakeRun(4, 0.83, 4e6, growth.Kept)},
		{Name: "table3-unseen-adjusted-1", Kind: kindGrowth, Report: fakeRun(6, 0.81, 2e6, growth.Adjusted), CPU: "CPU B", Cores: 4},
		{Name: "table3-unseen-fixed-1", Kind: kindGrowth, Report: fakeRun(6, 0.79, 1e6, growth.Kept), CPU: "CPU B", Cores: 4},
		{Name: "policy", Kind: kindPolicy, Learnt: []growth.Learnt{{Seed: 1, First: -0.1, Last: 0.1, EntropyFirst: 30, EntropyLast: 20, Policy: 0.2, Random: 0.1}, {Seed: 2, First: 0, Last: 0.3, EntropyFirst: 30, EntropyLast: 20, Policy: 0.2, Random: 0.1}}},
		{Name: "rank", Kind: kindRank, Ranked: []growth.Ranked{{Arch: "a", Inherited: 0.1, Retrained: 0.5, MAdds: 3}, {Arch: "b", Inherited: 0.2, Retrained: 0.6, MAdds: 2}, {Arch: "c", Inherited: 0.3, Retrained: 0.7, MAdds: 1}}},
		{Name: "tiny-linear", Kind: kindLinear, Linear: &linearResult{TestAccuracy: 0.081}},
	} {
		records[r.Name] = r
	}
	out, err := render(records)
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	for _, want := range []string{
		"10 of ",
		"goes from 1.00 ± 0.00 to 2.00 ± 0.00 million", "Beside fixed: more accurate, +9.00 points (standard error 1.00), with 2.00 times the multiply-adds",
		"Beside random: one seed only, -1.00 points, with 0.50 times", "Beside scratch: not run", "CPU A, 2 cores; CPU B, 4 cores", "| ours | 81.00 ± 1.41 | 2.00 ± 0.00 |", "2 seeds, mean ± standard deviation", "3.00 ± 1.41", "1× adjusted, 1× kept",
		"| unseen images of the same classes | 6.00 | 0.25 | 79.00 | 81.00 | +2.00 | 1.00 → 2.00 |", "rises by 0.2500 (standard error 0.0500, ratio 5.0)",
		"accuracy is 1.00, not below 0.5; of MAdds and retrained accuracy, -1.00", "reaches 8.1 %", "go run ./examples/adaxpert -seed 1`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	again, err := render(records)
	if err != nil || !bytes.Equal(out, again) {
		t.Error("the same records give another page")
	}
}

func TestRecordsSurvive(t *testing.T) {
	dir := t.TempDir()
	want := &record{Name: "policy", Kind: kindPolicy, Args: []string{"-x"}, Seconds: 2.5, Learnt: []growth.Learnt{{Seed: 3}}}
	if err := writeRecord(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := readRecords(dir)
	if err != nil || len(got) != 1 || got["policy"].Seconds != 2.5 || got["policy"].Learnt[0].Seed != 3 {
		t.Errorf("%v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rank.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readRecords(dir); err == nil {
		t.Error("a damaged record was accepted")
	}
}

func TestLinearLearnsWhatIsLinear(t *testing.T) {
	const n, side = 90, 4
	pixels, labels := make([]uint8, n*side*side*3), make([]int, n)
	for i := range n {
		labels[i] = i % 3
		for p := range side * side * 3 {
			pixels[i*side*side*3+p] = uint8((i*31 + p*17) % 97)
		}
		pixels[i*side*side*3+labels[i]*5] = 255
	}
	ds, err := dataset.FromPixels(side, []string{"a", "b", "c"}, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	r, err := trainLinear(t.Context(), ds, ds, 20, 1)
	if err != nil || r.TestAccuracy < 0.99 || r.Classes != 3 || r.Images != n {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRunWritesThePage(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-dir", filepath.Join(dir, "cells"), "-page", filepath.Join(dir, "docs", "page.md"), "-work", filepath.Join(dir, "work")}
	var out bytes.Buffer
	if err := run(t.Context(), args, &out, &out); err != nil {
		t.Fatal(err)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "docs", "page.md")); err != nil || !strings.Contains(string(page), notRun) {
		t.Errorf("%v", err)
	}
	if err := run(t.Context(), append(args, "-list"), &out, &out); err != nil || !strings.Contains(out.String(), "tiny-linear") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := run(t.Context(), append(args, "-run", "tiny-linear"), &out, &out); err == nil || !strings.Contains(err.Error(), "needs -tiny") {
		t.Errorf("a cell without its data: %v", err)
	}
	if err := run(t.Context(), append(args, "-run", "("), &out, &out); err == nil {
		t.Error("a bad pattern was accepted")
	}
}

// TestStudies runs both studies as small as they get, and stops one on its way.
func TestStudies(t *testing.T) {
	dir := t.TempDir()
	data := t.TempDir()
	if err := stripes.Write(data, 12, 240, 40); err != nil {
		t.Fatal(err)
	}
	s := &settings{work: dir, data: map[string]*string{"tiny": &data}}
	args := strings.Fields("-volumes 50,100 -val 0.25 -width 0.2 -supernet-epochs 1 -supernet-later-epochs 1 -supernet-steps 1 -retrain-epochs 1 -retrain-later-epochs 1 " +
		"-retrain-steps 1 -iterations 10 -candidates 2 -reward-images 20 -calibration 20")
	quiet := progress.New(&bytes.Buffer{}, nil)
	policy := cell{"policy", kindPolicy, "tiny", args}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.runCell(stopped, policy, quiet, nil); err == nil {
		t.Error("a stopped cell finished")
	}
	r, err := s.runCell(t.Context(), policy, quiet, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Learnt) != 5 || len(r.Learnt[4].Rewards) != 10 || r.Learnt[0].EntropyFirst <= 0 || r.Seconds <= 0 {
		t.Errorf("policy: %+v", r.Learnt)
	}
	if r.Learnt[0].Random == r.Learnt[1].Random && r.Learnt[1].Random == r.Learnt[2].Random {
		t.Error("random search finds the same from every seed")
	}
	r, err = s.runCell(t.Context(), cell{"rank", kindRank, "tiny", args}, quiet, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, n := range r.Ranked {
		seen[n.Arch] = true
		if n.Inherited <= 0 || n.Retrained <= 0 || n.MAdds <= 0 {
			t.Errorf("rank: %+v", n)
		}
	}
	if len(seen) != 12 {
		t.Errorf("%d different architectures", len(seen))
	}
}
