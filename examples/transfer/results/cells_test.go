package main

import (
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/adaxpert/job"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
)

func TestCells(t *testing.T) {
	page := thePage()
	seen := map[string]bool{}
	for i, c := range page.Cells {
		if seen[c.Name] {
			t.Errorf("two cells are named %s", c.Name)
		}
		seen[c.Name] = true
		if _, known := page.Data[c.Data]; !known {
			t.Errorf("%s: unknown data %q", c.Name, c.Data)
		}
		if first := "cifar-400-96-1"; i == 0 && c.Name != first {
			t.Errorf("%s is the first cell, expected %s", c.Name, first)
		}
		if strings.HasPrefix(c.Name, "adaxpert-") || strings.HasPrefix(c.Name, "main-") {
			if err := job.Check(c.Args); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
			continue
		}
		cfg, err := transfer.Program().Settings(c.Args)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if scratch := strings.HasPrefix(c.Name, "scratch-"); (cfg.Baseline == transfer.Scratch) != scratch {
			t.Errorf("%s: baseline %q", c.Name, cfg.Baseline)
		}
		if cfg.PerClass == 0 || cfg.Tune.Epochs == 0 || cfg.Last.Epochs == 0 || cfg.Tune.Crop != cfg.Size/16 {
			t.Errorf("%s: %+v", c.Name, cfg)
		}
	}
	for _, name := range strings.Fields("cifar-40-64-3 cifar-400-128-3 cifar-5000-128-1 fashion-400-64-2 " +
		"scratch-cifar-5000-64-1 scratch-fashion-40-128-3 adaxpert-cifar-400-64-3 main-cifar-400-1 " +
		"peer-cifar-400-64-1 peer-cifar-400-96-1") {
		if !seen[name] {
			t.Errorf("no cell %s", name)
		}
	}
	if len(seen) != 2*(3*3+3*3+3+2*3*3)+2*3+2 {
		t.Errorf("%d cells", len(seen))
	}
}

// A run from initial weights has the images and the steps of that from pretrained ones.
func TestSameSteps(t *testing.T) {
	page := thePage()
	for _, c := range page.Cells {
		if c.Name != "scratch-cifar-400-96-2" {
			continue
		}
		got, err := transfer.Program().Settings(c.Args)
		if err != nil {
			t.Fatal(err)
		}
		want, err := transfer.Program().Settings(c.Args[:len(c.Args)-2])
		if err != nil {
			t.Fatal(err)
		}
		a, b := got.Tune, want.Tune
		a.LR, a.WeightDecay, a.Inherited, a.KeepNorms, a.Frozen = b.LR, b.WeightDecay, b.Inherited, b.KeepNorms, b.Frozen
		if a != b || got.Seed != want.Seed || got.PerClass != want.PerClass || got.Size != want.Size {
			t.Errorf("%+v, from pretrained weights %+v", got, want)
		}
	}
}
