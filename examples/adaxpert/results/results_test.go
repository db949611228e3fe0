package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func TestCells(t *testing.T) {
	page := thePage()
	seen := map[string]bool{}
	for _, c := range page.Cells {
		if seen[c.Name] {
			t.Errorf("two cells are named %s", c.Name)
		}
		seen[c.Name] = true
		if _, err := growth.Program().Settings(c.Args); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if _, known := page.Data[c.Data]; c.Data != "" && !known {
			t.Errorf("%s: unknown data %q", c.Name, c.Data)
		}
	}
}

func fakeRun(h, acc float64, madds int64, decision string) *growth.Report {
	s := growth.SnapshotReport{Images: 800, Classes: 10, Decision: growth.First, AccAfter: 0.5,
		MAddsAfter: 1e6}
	u := growth.SnapshotReport{Images: 1600, Classes: 10, H: h, D: 0.25, Decision: decision, AccBefore: 0.5,
		AccAfter: acc, MAddsAfter: madds,
		Seconds: map[string]float64{growth.SecondsSupernet: 10, growth.SecondsAdjuster: 5,
			growth.SecondsRetrain: 7}}
	return &growth.Report{Snapshots: []growth.SnapshotReport{s, u},
		Final: growth.FinalReport{MAdds: madds, TestAccuracy: acc}}
}

func TestRender(t *testing.T) {
	page := thePage()
	empty, err := page.Render(page.Results())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(empty), cells.NotRun); n < len(page.Cells) {
		t.Errorf("an empty page says %d times that cells were not run", n)
	}
	a := func(name string, seconds float64, r *growth.Report) *record {
		return &record{Name: name, Seconds: seconds, CPU: "CPU A", Cores: 2, Result: result{Report: r}}
	}
	first := a("fashion-I-ours-1", 100, fakeRun(4, 0.80, 2e6, growth.Adjusted))
	first.Args = []string{"-seed", "1"}
	other := a("table3-unseen-adjusted-1", 0, fakeRun(6, 0.81, 2e6, growth.Adjusted))
	other.CPU, other.Cores = "CPU B", 4
	done := page.Results(first, other,
		a("fashion-I-ours-2", 300, fakeRun(2, 0.82, 2e6, growth.Kept)),
		a("fashion-I-fixed-1", 0, fakeRun(4, 0.70, 1e6, growth.Kept)),
		a("fashion-I-fixed-2", 0, fakeRun(4, 0.74, 1e6, growth.Kept)),
		a("fashion-I-random-2", 0, fakeRun(4, 0.83, 4e6, growth.Kept)),
		a("table3-unseen-fixed-1", 0, fakeRun(6, 0.79, 1e6, growth.Kept)),
		&record{Name: "policy", Result: result{Learnt: []growth.Learnt{{Seed: 1, First: -0.1, Last: 0.1,
			EntropyFirst: 30, EntropyLast: 20, Policy: 0.2, Random: 0.1},
			{Seed: 2, First: 0, Last: 0.3, EntropyFirst: 30, EntropyLast: 20, Policy: 0.2, Random: 0.1}}}},
		&record{Name: "rank", Result: result{Ranked: []growth.Ranked{{Arch: "a", Inherited: 0.1,
			Retrained: 0.5, MAdds: 3}, {Arch: "b", Inherited: 0.2, Retrained: 0.6, MAdds: 2},
			{Arch: "c", Inherited: 0.3, Retrained: 0.7, MAdds: 1}}}},
		&record{Name: "tiny-linear", Result: result{Linear: &linearResult{TestAccuracy: 0.081}}})
	out, err := page.Render(done)
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	for _, want := range []string{
		"10 of ",
		"goes from 1.00 ± 0.00 to 2.00 ± 0.00 million",
		"Beside fixed: more accurate, +9.00 points (standard error 1.00), with 2.00 times the multiply-adds",
		"Beside random: one seed only, -1.00 points, with 0.50 times", "Beside scratch: not run",
		"CPU A, 2 cores; CPU B, 4 cores", "| ours | 81.00 ± 1.41 | 2.00 ± 0.00 |",
		"2 seeds, mean ± standard deviation", "3.00 ± 1.41", "1× adjusted, 1× kept",
		"| unseen images of the same classes | 6.00 | 0.25 | 79.00 | 81.00 | +2.00 | 1.00 → 2.00 |",
		"rises by 0.2500 (standard error 0.0500, ratio 5.0)",
		"accuracy is 1.00, not below 0.5; of MAdds and retrained accuracy, -1.00", "reaches 8.1 %", "go run ./examples/adaxpert -seed 1`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	again, err := page.Render(done)
	if err != nil || !bytes.Equal(out, again) {
		t.Error("the same records give another page")
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

// TestStudies runs both studies as small as they get.
func TestStudies(t *testing.T) {
	place := t.TempDir()
	if err := stripes.Write(place, 12, 240, 40); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields("-volumes 50,100 -val 0.25 -width 0.2 -supernet-epochs 1 -supernet-later-epochs 1 -supernet-steps 1 -retrain-epochs 1 -retrain-later-epochs 1 " +
		"-retrain-steps 1 -iterations 10 -candidates 2 -reward-images 20 -calibration 20")
	r, err := studyCell("policy", "", args, policyStudy).Run(t.Context(), run.NewJob(t.TempDir(), nil, nil), place)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Learnt) != 5 || len(r.Learnt[4].Rewards) != 10 || r.Learnt[0].EntropyFirst <= 0 {
		t.Errorf("policy: %+v", r.Learnt)
	}
	if r.Learnt[0].Random == r.Learnt[1].Random && r.Learnt[1].Random == r.Learnt[2].Random {
		t.Error("random search finds the same from every seed")
	}
	r, err = studyCell("rank", "", args, rankStudy).Run(t.Context(), run.NewJob(t.TempDir(), nil, nil), place)
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
