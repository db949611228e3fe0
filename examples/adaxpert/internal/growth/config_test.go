package growth

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTables(t *testing.T) {
	c, err := Program().Settings(nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Default(), c); d != "" {
		t.Errorf("no flags is not the default table:\n%s", d)
	}
	q, err := Program().Settings([]string{"-seed", "7", "-quick", "-width=0.25"})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.quick()
	want.Seed, want.Width = 7, 0.25
	if d := cmp.Diff(want, q); d != "" {
		t.Errorf("quick:\n%s", d)
	}
	p, err := Program().Settings([]string{"-pretrained", "-size", "40", "-quick"})
	if err != nil {
		t.Fatal(err)
	}
	want = Default()
	want.quick()
	want.Pretrained = true
	want.suit(want, true)
	want.Size = 40
	if d := cmp.Diff(want, p); d != "" {
		t.Errorf("pretrained:\n%s", d)
	}
}

func TestFlagErrors(t *testing.T) {
	for _, args := range [][]string{
		{"-pretrained", "-width", "0.5"}, {"-pretrained", "-stem", "1"},
		{"-nonsense"}, {"positional"}, {"-volumes", "0"}, {"-volumes", "10,x"}, {"-volumes", "101"},
		{"-classes", "2,0"}, {"-scenario", "II", "-volumes", "10,100"}, {"-seed", "-1"}, {"-width", "wide"},
	} {
		if _, err := Program().Settings(args); err == nil {
			t.Errorf("%v was accepted", args)
		}
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
		"inherit":    func(c *Config) { c.Inherit = "father" },
		"objective":  func(c *Config) { c.Adjuster.Objective = "beauty" },
		"reward":     func(c *Config) { c.Adjuster.Reward = "" },
		"distance":   func(c *Config) { c.Adjuster.Distance = "far" },
		"distill":    func(c *Config) { c.Distill = -1 },
		"trial":      func(c *Config) { c.Trial = 1.1 },
		"sandwich":   func(c *Config) { c.Supernet.Sandwich = -1 },
		"no madds":   func(c *Config) { c.Baseline = Random },
		"madds":      func(c *Config) { c.MAdds = []float64{2} },
		"iterations": func(c *Config) { c.Adjuster.Iterations = 0 },
		"epochs":     func(c *Config) { c.Retrain.Epochs = 0 },
		"rate":       func(c *Config) { c.Supernet.LR = 0 },
		"batch":      func(c *Config) { c.Supernet.Batch = 1 },
		"epsilon":    func(c *Config) { c.Epsilon = math.NaN() },
		"images":     func(c *Config) { c.Adjuster.Images = -5 },
		"statistics": func(c *Config) { c.Adjuster.Calibration = -1 },
		"adjuster":   func(c *Config) { c.Adjuster.LR = 0 },
		"entropy":    func(c *Config) { c.Adjuster.Entropy = -1 },
		"classes":    func(c *Config) { c.Counts = []int{2, 4} },
		"fewer":      func(c *Config) { c.Scenario, c.Counts = "II", []int{4, 2} },
		"smaller":    func(c *Config) { c.Volumes = []float64{0.5, 0.2} },
		"start":      func(c *Config) { c.Start = "2,2" },
		"frozen":     func(c *Config) { c.Retrain.Frozen = -1 },
		"inherited":  func(c *Config) { c.Retrain.Inherited = 1.5 },
	} {
		c := Default()
		change(&c)
		if err := c.Check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	quick := Default()
	quick.quick()
	for _, c := range []Config{Default(), quick} {
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
	q := Default()
	q.quick()
	q.Scenario = "II"
	if got := q.Steps(6); !slices.Equal(got, []Step{{1, 3}, {1, 6}}) {
		t.Errorf("quick II: %v", got)
	}
}
