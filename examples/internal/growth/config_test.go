package growth

import (
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTables(t *testing.T) {
	c, err := Parse("x", nil, nil, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Default(), c); d != "" {
		t.Errorf("no flags is not the default table:\n%s", d)
	}
	q, err := Parse("x", []string{"-seed", "7", "-quick", "-width=0.25"}, nil, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := QuickTable()
	want.Seed, want.Width = 7, 0.25
	if d := cmp.Diff(want, q); d != "" {
		t.Errorf("quick:\n%s", d)
	}
	saved := want
	saved.Epsilon = 3
	r, err := Parse("x", []string{"-retrain-epochs", "9"}, &saved, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := Differences(&saved, &r); len(got) != 1 || got[0] != "retrain.epochs is 4 there and 9 here" {
		t.Errorf("differences %q", got)
	}
}

func TestParseErrors(t *testing.T) {
	for _, args := range [][]string{
		{"-nonsense"}, {"positional"}, {"-volumes", "0"}, {"-volumes", "10,x"}, {"-volumes", "101"}, {"-classes", "2,0"}, {"-seed", "-1"}, {"-width", "wide"},
	} {
		if _, err := Parse("x", args, nil, nil, io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
	var help strings.Builder
	if _, err := Parse("x", []string{"-help"}, nil, nil, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-scenario") {
		t.Errorf("help: %v, %q", err, help.String())
	}
}

func TestCheck(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"scenario":   func(c *Config) { c.Scenario = "III" },
		"baseline":   func(c *Config) { c.Baseline = "best" },
		"stem":       func(c *Config) { c.Stem = 3 },
		"width":      func(c *Config) { c.Width = math.NaN() },
		"size":       func(c *Config) { c.Size = 4 },
		"val":        func(c *Config) { c.ValShare = 1 },
		"volumes":    func(c *Config) { c.Volumes = nil },
		"late":       func(c *Config) { c.LateMore = 1 },
		"iterations": func(c *Config) { c.Adjuster.Iterations = 0 },
		"epochs":     func(c *Config) { c.Retrain.Epochs = 0 },
		"rate":       func(c *Config) { c.Supernet.LR = 0 },
		"batch":      func(c *Config) { c.Supernet.Batch = 1 },
	} {
		c := Default()
		change(&c)
		if err := c.Check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, c := range []Config{Default(), QuickTable()} {
		for _, s := range Scenarios() {
			c.Scenario = s
			if err := c.Check(); err != nil {
				t.Error(err)
			}
		}
	}
	c := Default()
	c.Data = "pictures"
	if err := c.Check(); err != nil || !filepath.IsAbs(c.Data) {
		t.Errorf("data path %q, %v", c.Data, err)
	}
}

func TestSteps(t *testing.T) {
	c := Default()
	if got := c.Steps(10); !slices.Equal(got, []Step{{.1, 10}, {.2, 10}, {.4, 10}, {.8, 10}, {1, 10}}) {
		t.Errorf("I: %v", got)
	}
	c.Scenario = "II"
	if got := c.Steps(10); !slices.Equal(got, []Step{{1, 2}, {1, 4}, {1, 6}, {1, 8}, {1, 10}}) {
		t.Errorf("II: %v", got)
	}
	q := QuickTable()
	q.Scenario = "II"
	steps := q.Steps(10)
	if last := steps[len(steps)-1]; last.Volume != 1 || last.Classes != steps[len(steps)-2].Classes {
		t.Errorf("quick II ends with %v: no small arrival to keep the architecture at", steps)
	}
	if err := (*percents)(&c.Volumes).Set("12.5, 100%"); err != nil || !slices.Equal(c.Volumes, []float64{.125, 1}) {
		t.Errorf("volumes %v, %v", c.Volumes, err)
	}
	if got := (*percents)(&c.Volumes).String(); got != "12.5,100" {
		t.Errorf("printed as %q", got)
	}
}

func TestStoreRefusesAndResumes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	c := Default()
	if _, err := openStore("", &c, true); err == nil {
		t.Error("resuming without a directory was accepted")
	}
	if _, err := openStore(dir, &c, true); err != nil {
		t.Fatalf("resuming where nothing is: %v", err)
	}
	if _, err := openStore(dir, &c, false); !errors.Is(err, ErrRunThere) {
		t.Errorf("a second run in the same place: %v", err)
	}
	other := c
	other.Seed++
	if _, err := openStore(dir, &other, true); err == nil || !strings.Contains(err.Error(), "seed is 1 there and 2 here") {
		t.Errorf("resuming with another seed: %v", err)
	}
	litter := filepath.Join(dir, ".model-1.ckpt.tmp-123")
	if err := os.WriteFile(litter, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := openStore(dir, &c, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(litter); !errors.Is(err, os.ErrNotExist) {
		t.Error("the temporary file of a killed writer is still there")
	}
	if err := os.WriteFile(s.path("x.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	var v any
	if _, err := s.read("x.json", &v); err == nil || !strings.Contains(err.Error(), "x.json is damaged") {
		t.Errorf("damaged file: %v", err)
	}
	if ok, err := s.read("y.json", &v); ok || err != nil {
		t.Errorf("missing file: %v, %v", ok, err)
	}
}
