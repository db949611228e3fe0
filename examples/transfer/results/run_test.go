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

// Every kind of cell runs on small images.
func TestCellsRun(t *testing.T) {
	place, dir := t.TempDir(), t.TempDir()
	if err := stripes.Write(place, 12, 240, 24); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields("-size 32 -per-class 30 -val 0.2 -tune-epochs 1 -tune-steps 2 -tune-batch 16 -tune-crop 2 " +
		"-last-epochs 1 -last-steps 1 -last-batch 16 -search-images 4 -search-loss 0.02 -calibration 4 -seed 1")
	small := strings.Fields("-size 32 -width 0.2 -volumes 50,100 -val 0.25 -iterations 2 -candidates 2 -reward-images 8 " +
		"-calibration 8 -retrain-epochs 1 -retrain-steps 2 -supernet-epochs 1 -supernet-steps 2 -seed 1")
	var python string
	page := thePage()
	data := cifar().name
	page.Cells = []cell{transferCell("cifar-400-96-1", data, args),
		transferCell("scratch-cifar-400-96-1", data, append(args, "-baseline", "scratch")),
		jobCell("main-cifar-400-1", data, 30, 1, small), peerCell("peer-cifar-400-64-1", data, args, &python)}
	start := func(more ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		code := page.Program().Start(t.Context(), append([]string{"-dir", dir, "-page", filepath.Join(dir, "page.md"),
			"-work", filepath.Join(dir, "work"), "-cifar", place, "-run", "."}, more...),
			run.Streams{Out: &out, Err: &errs})
		if code != run.ExitOK {
			t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
		}
		return out.String()
	}
	if out := start(); !strings.Contains(out, "peer-cifar-400-64-1 waits for -python") {
		t.Errorf("printed:\n%s", out)
	}
	r, err := page.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	mine, scratch := r.Get("cifar-400-96-1").Result, r.Get("scratch-cifar-400-96-1").Result
	if len(mine.Steps) < 3 || len(scratch.Steps) != 1 || *mine.Tune != *scratch.Tune || mine.Images.Path != "" ||
		mine.Images.Train+mine.Images.Held != 4*30 {
		t.Errorf("%+v, from nothing %+v", mine, scratch)
	}
	if j := r.Get("main-cifar-400-1").Result.Job; j.MAdds == 0 || j.Accuracy == 0 || j.Seconds == 0 {
		t.Errorf("%+v", j)
	}
	// A stand-in for PyTorch, which sees what finetune.py would.
	python = filepath.Join(t.TempDir(), "python")
	script := fmt.Sprintf("#!/bin/sh\ncat \"$2/settings.json\" > %q\ntest $(wc -c < \"$2/train.u8\") = %d || exit 1\n"+
		"echo '{\"seconds\": 2, \"cpu_seconds\": 4, \"accuracy\": 0.5, \"steps\": %d, \"torch\": \"x\"}'\n",
		filepath.Join(dir, "seen.json"), mine.Images.Train*32*32*3, mine.Tune.Steps)
	if err := os.WriteFile(python, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	start("-python", python)
	if r, err = page.Read(dir); err != nil {
		t.Fatal(err)
	}
	peer := r.Get("peer-cifar-400-64-1").Result
	if len(peer.Rounds) != rounds || peer.Torch != "x" || peer.Rounds[0].Tendril.Accuracy != mine.Steps[1].Accuracy ||
		peer.Rounds[1].Tendril.Accuracy != mine.Steps[1].Accuracy || peer.Rounds[0].PyTorch.CPU != 4 {
		t.Errorf("%+v, fine-tuned %+v", peer, mine.Steps[1])
	}
	seen, err := os.ReadFile(filepath.Join(dir, "seen.json"))
	if err != nil || !strings.Contains(string(seen), `"frozen":3,"lr":0.01,"inherited":0.3,"weight_decay":0.0001,"clip":10`) {
		t.Errorf("%.300s, %v", seen, err)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, thePage().Program(), nil) }
