package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
)

func TestCells(t *testing.T) {
	page := thePage()
	seen := map[string]bool{}
	rates := map[float64]int{}
	for _, c := range page.Cells {
		if seen[c.Name] {
			t.Errorf("two cells are named %s", c.Name)
		}
		seen[c.Name] = true
		if _, known := page.Data[c.Data]; !known {
			t.Errorf("%s: unknown data %q", c.Name, c.Data)
		}
		cfg, err := eas.Program().Settings(append(slices.Clone(c.Args), "-data", "/place"))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if c.Name != timed {
			rates[cfg.Drop]++
		}
		if cfg.LearnShare != 0.1 || cfg.ChooseShare != 0.1 || cfg.Images != 0 || cfg.Tested != 0 ||
			cfg.Samples != 8 || cfg.Generator.Steps != 1500 || cfg.Size != 32 ||
			cfg.Width != 0.35 || cfg.Stride != 1 {
			t.Errorf("%s is not what the page says: %+v", c.Name, cfg)
		}
		if c.Name == timed {
			continue
		}
		if told := cfg.Drop == with().rate || cfg.Drop == without().rate; told != (cfg.Headroom == headroomArchs) ||
			told == (cfg.Headroom == 0) {
			t.Errorf("%s looks at %d architectures for the headroom", c.Name, cfg.Headroom)
		}
	}
	if rates[0] != seeds || rates[0.6] != seeds || rates[1] != 1 {
		t.Errorf("cells by rate: %v", rates)
	}
}

// Cells of a seed share all settings but the rate and the methods.
func TestCellsShareSettings(t *testing.T) {
	var want eas.Config
	for i, d := range allDrops() {
		cfg, err := eas.Program().Settings(append(d.cell(3, usual, headroomArchs).Args, "-data", "/place"))
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Drop != d.rate {
			t.Errorf("%s has rate %v", d.name, cfg.Drop)
		}
		cfg.Drop, cfg.Methods, cfg.Budgets = 0, nil, nil
		if i == 0 {
			want = cfg
		} else if cfg.Seed != want.Seed || cfg.Supernet != want.Supernet || cfg.Generator != want.Generator ||
			cfg.OFA != want.OFA || cfg.Samples != want.Samples || cfg.Headroom != want.Headroom {
			t.Errorf("%s: %+v, others %+v", d.name, cfg, want)
		}
	}
	for _, list := range []string{usual, more, brief} {
		for _, m := range strings.Split(list, ",") {
			if !slices.Contains(eas.Methods(), m) || title(m) == "" {
				t.Errorf("unknown method %q", m)
			}
		}
	}
}
