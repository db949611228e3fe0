package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

func TestCells(t *testing.T) {
	page := thePage()
	seen := map[string]bool{}
	for _, c := range page.Cells {
		if seen[c.Name] {
			t.Errorf("two cells are named %s", c.Name)
		}
		seen[c.Name] = true
		if c.Name == "pymoo" {
			continue
		}
		if _, known := page.Data[c.Data]; !known {
			t.Errorf("%s: unknown data %q", c.Name, c.Data)
		}
		args := c.Args
		if c.More != nil {
			args = append(slices.Clone(args), "-basic", "x")
		}
		cfg, err := eatnas.Program().Settings(withData(args, c.Data, "/place"))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if cfg.Transfer != (c.Data == tiny) || cfg.Sharing == strings.HasPrefix(c.Name, alone) ||
			cfg.Tolerance != 0 ||
			cfg.Population+cfg.Cycles != shown()[len(shown())-1] || cfg.Population != shown()[0] ||
			cfg.Small.Images != 6000 || cfg.Large.Images != 5000 && cfg.Transfer {
			t.Errorf("%s: %+v", c.Name, cfg)
		}
	}
	if len(seen) != 1+2*headroomSeeds+seeds*(2+len(arms())) {
		t.Errorf("%d cells", len(seen))
	}
}

// Searches that go on from other cells wait for them, and begin with what they found; of networks
// trained alike held-out images choose, where the best of the test images is worst.
func TestWaiting(t *testing.T) {
	page := thePage()
	more := func(name string, r *cells.Results[result]) ([]string, error) {
		for _, c := range page.Cells {
			if c.Name == name {
				return c.More(r)
			}
		}
		t.Fatalf("no cell %s", name)
		return nil, nil
	}
	for _, name := range []string{"transfer-2", "worse-2", "pymoo"} {
		if _, err := more(name, page.Results()); !errors.Is(err, cells.ErrWaits) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := fakes(func(string) bool { return true })
	if args, err := more("transfer-2", r); err != nil || !slices.Equal(args, []string{"-basic",
		"found small-2"}) {
		t.Errorf("%q, %v", args, err)
	}
	if args, err := more("worse-2", r); err != nil || !slices.Equal(args, []string{"-basic", "arch 5"}) {
		t.Errorf("%q, %v", args, err)
	}
}

// Arms of a seed share all settings but how they begin.
func TestArmsShareSettings(t *testing.T) {
	var want eatnas.Config
	for i, a := range arms() {
		c := a.cell(3)
		args := c.Args
		if c.More != nil {
			args = append(slices.Clone(args), "-basic", "x")
		}
		cfg, err := eatnas.Program().Settings(withData(args, tiny, "/place"))
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Baseline, cfg.Basic = "", ""; i == 0 {
			want = cfg
		} else if cfg != want {
			t.Errorf("%s: %+v, transfer %+v", a.name, cfg, want)
		}
	}
}
