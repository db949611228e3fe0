package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/zoo"
)

// Every kind of cell runs on small images.
func TestCellsRun(t *testing.T) {
	place, dir := t.TempDir(), t.TempDir()
	if err := stripes.Write(place, 28, 60, 24); err != nil {
		t.Fatal(err)
	}
	small := strings.Fields("-size 28 -known 2 -models 1 -candidates 2 -search-population 2 " +
		"-search-block 2 -search-macro 1 -search-images 16 " +
		"-search-judged 8 -search-batch 8 -search-layout 0-_8_1-1-1-1 -search-channels 8 -search-blocks 1 " +
		"-pretrain-epochs 1 -pretrain-batch 8 -tune-batch 8 -tune-judged 16 -task-fewest 4 -task-most 8 " +
		"-shortest 2 -longest 3 -seed 1")
	with := func(text string) []string { return append(strings.Fields(text), small...) }
	p := places{cifar: place, zoo: filepath.Join(dir, "zoo"), identity: nasoa.Identity}
	page := thePage()
	o := nasoa.GridOptions{Models: 1, Rates: []float64{0.1}, Frozen: []int{0, 4}, Checkpoints: []int{2, 24}}
	page.Cells = []cell{p.zooCell(with("-run zoo")), p.streamCell("random-1",
		with("-run stream -random 2 -chosen 0"), false),
		p.streamCell("random-2", with("-run stream -random 1 -chosen 0"), false),
		p.streamCell("random-3", with("-run stream -random 1 -chosen 0"), false),
		p.gridCell("grid-1", with("-run stream"), 1, o), p.streamCell("taught-1",
			with("-run stream -random 0 -chosen 2"), true),
		p.networkCell("network-1", with("-run stream"), 0), p.replayCell(replay)}
	start := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := program(page).Start(t.Context(), append([]string{"-dir", dir, "-page", filepath.Join(dir, "page.md"),
			"-work", filepath.Join(dir, "work"), "-tiny", place}, args...), run.Streams{Out: &out, Err: &errs})
		return code, out.String() + errs.String()
	}
	if code, said := start("-run", "."); code != run.ExitOK {
		t.Fatalf("exit code %d\n%s", code, said)
	}
	r, err := page.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	built := r.Get(zooCell).Result
	if z := built.Zoo; len(z) != 1 || len(built.Candidates) != 2 || z[0].Steps[0] == 0 ||
		z[0].Inference == 0 || z[0].Memory == 0 {
		t.Errorf("%+v", built)
	}
	g := r.Get("grid-1").Result.Grid
	if len(g.Cells) != 4 || g.Cells[1].Iterations != 24 || g.Cells[3].Frozen != 4 || g.Cells[0].Step == 0 ||
		g.Samples == 0 {
		t.Errorf("%+v", g)
	}
	if n := r.Get("network-1").Result.Network; n.MAdds == 0 || len(n.Steps) != 1 || n.Steps[0] == 0 ||
		n.Inference == 0 || len(n.Beside) != len(built.Zoo) || !(n.Beside[built.Zoo[0].Name] > 0) {
		t.Errorf("%+v", n)
	}
	if log := r.Get("taught-1").Result.Log; len(log) != 2 || log[0].Kind != "chosen" || log[0].Predicted == 0 {
		t.Errorf("%+v", log)
	}
	if e := r.Get(replay).Result.Replays; e.Outcomes != 4 || len(e.Rivals) != len(nasoa.Rivals(4)) {
		t.Errorf("%+v", e)
	}
	f, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	if log, err := nasoa.ReadLog(bytes.NewReader(f)); err != nil || len(log) != 4 {
		t.Errorf("%+v, %v", log, err)
	}
	for _, name := range []string{regretPicture, errorPicture, frontPicture} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "page.md"))
	if err != nil || !strings.Contains(string(text), "4 outcomes in 3 cells") {
		t.Errorf("%s, %v", text, err)
	}
	// A zoo that is lost is built again, and is the same one.
	log := r.Get("random-2").Result.Log
	if err := os.RemoveAll(p.zoo); err != nil {
		t.Fatal(err)
	}
	if code, said := start("-run", "^random-2$", "-again"); code != run.ExitOK ||
		!strings.Contains(said, "random-2 waits for the zoo") {
		t.Errorf("without a zoo: exit code %d\n%s", code, said)
	}
	if code, said := start("-run", "^(zoo|random-2)$", "-again"); code != run.ExitError ||
		!strings.Contains(said, "told other outcomes") || strings.Contains(said, "grid-1") {
		t.Errorf("with a zoo built again: exit code %d\n%s", code, said) // seconds of outcomes are others
	}
	again, err := page.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := built, again.Get(zooCell).Result; a.Identity != b.Identity ||
		cmp.Diff(a.Models, b.Models)+cmp.Diff(a.Zoo, b.Zoo)+cmp.Diff(a.Candidates, b.Candidates) != "" {
		t.Errorf("%s\n%s", cmp.Diff(a.Models, b.Models), cmp.Diff(a.Zoo, b.Zoo))
	}
	if got := again.Get("random-2").Result.Log; len(got) != 1 || got[0].Accuracy != log[0].Accuracy ||
		got[0].Similarity != log[0].Similarity {
		t.Errorf("%+v, before %+v", got, log)
	}
	changeZoo(t, p.zoo)
	if code, said := start("-run", "^zoo$", "-again"); code != run.ExitError ||
		!strings.Contains(said, "cannot be built again") {
		t.Errorf("a zoo that is another: exit code %d\n%s", code, said)
	}
	if code, said := start("-run", "^random-2$", "-again"); code != run.ExitError ||
		!strings.Contains(said, "holds another zoo") {
		t.Errorf("with another zoo: exit code %d\n%s", code, said)
	}
}

// changeZoo makes the zoo in a folder another one.
func changeZoo(t *testing.T, dir string) {
	t.Helper()
	z, err := zoo.Open(filepath.Join(dir, "zoo"), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := z.Entries()[0]
	e.Accuracy = 1 - e.Accuracy/2
	if err := z.Describe(e); err != nil {
		t.Fatal(err)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, thePage().Program(), nil) }
