package growth

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Check reports the first field that makes no sense whatever the data are, and makes the data path
// absolute.
func (c *Config) Check() error {
	for _, check := range []func() error{c.checkWords, c.checkRanges,
		func() error { return c.Supernet.check("supernet") },
		func() error { return c.Retrain.check("retrain") }, c.checkSteps, c.checkStart, c.checkFrozen} {
		if err := check(); err != nil {
			return err
		}
	}
	if (c.Baseline == Random) != (len(c.MAdds) > 0) {
		return fmt.Errorf("-madds belongs to -baseline %s, which needs it", Random)
	}
	return run.Absolute(&c.Data)
}

func (c *Config) checkWords() error {
	for _, w := range []struct {
		flag, value string
		words       []string
	}{
		{"scenario", c.Scenario, Scenarios()},
		{"baseline", c.Baseline, append(Baselines(), "")},
		{"inherit", c.Inherit, Inheritances()},
		{"objective", c.Adjuster.Objective, Objectives()},
		{"reward", c.Adjuster.Reward, Rewards()},
		{"distance", c.Adjuster.Distance, Distances()},
	} {
		if !slices.Contains(w.words, w.value) {
			return fmt.Errorf("-%s %q: expected one of %s", w.flag, w.value,
				strings.TrimSuffix(strings.Join(w.words, ", "), ", "))
		}
	}
	return nil
}

// checkSteps checks the snapshots as far as they do not depend on the data.
func (c *Config) checkSteps() error {
	flag, steps := "volumes", Volumes(2, c.Volumes...)
	switch {
	case c.Scenario == "I" && c.Counts != nil:
		return errors.New("-classes belongs to -scenario II")
	case c.Scenario == "II" && c.Counts == nil:
		return nil // shares of what the data have
	case c.Scenario == "II":
		flag, steps = "classes", Labels(c.Counts...)
	}
	if err := checkGrowth(steps); err != nil {
		return fmt.Errorf("-%s: %w", flag, err)
	}
	return nil
}

// checkStart checks -start: which architectures there are does not depend on the data.
func (c *Config) checkStart() error {
	if c.Start == "" || c.Start == Smallest {
		return nil
	}
	space, err := c.origin().space(0, 0)
	if err == nil {
		_, err = space.Parse(c.Start)
	}
	if err != nil {
		return fmt.Errorf("-start: %w", err)
	}
	return nil
}

// checkFrozen checks the numbers of frozen stages: the stem and those that are searched may be, the
// head with the classifier learns.
func (c *Config) checkFrozen() error {
	space, err := c.origin().space(0, 0)
	if err != nil {
		return err
	}
	g, err := space.Lower(space.Smallest())
	if err != nil {
		return err
	}
	for _, n := range []struct {
		flag   string
		frozen int
	}{{"supernet", c.Supernet.Frozen}, {"retrain", c.Retrain.Frozen}} {
		if n.frozen > g.Stages+1 {
			return fmt.Errorf("-%s-frozen %d: expected at most %d, the stem and %d stages", n.flag, n.frozen,
				g.Stages+1, g.Stages)
		}
	}
	return nil
}

func (c *Config) checkRanges() error {
	const most = math.MaxInt32
	s := &c.Adjuster
	for _, n := range []struct {
		flag   string
		value  float64
		lo, hi float64
	}{
		{"stem", float64(c.Stem), 1, 2},
		{"width", c.Width, 1e-3, 4},
		{"val", c.ValShare, 1e-3, 0.999},
		{"epsilon", c.Epsilon, 0, 100},
		{"distill", c.Distill, 0, most},
		{"trial", c.Trial, 0, 1},
		{"sandwich", float64(c.Supernet.Sandwich), 0, most},
		{"final-epochs", float64(c.Final), 0, most},
		{"iterations", float64(s.Iterations), 1, most},
		{"candidates", float64(s.Candidates), 1, most},
		{"elites", float64(s.Elites), 0, most},
		{"lambda", s.Lambda, 0, most},
		{"adjuster-lr", s.LR, 1e-9, 1e3},
		{"entropy", s.Entropy, 0, most},
		{"reward-images", float64(s.Images), 0, most},
		{"calibration", float64(s.Calibration), 0, most},
	} {
		if n.value < n.lo && n.hi == most {
			return fmt.Errorf("-%s %v: expected at least %g", n.flag, n.value, n.lo)
		}
		if !(n.value >= n.lo && n.value <= n.hi) {
			return fmt.Errorf("-%s %v: expected %g to %g", n.flag, n.value, n.lo, n.hi)
		}
	}
	if c.Size != 0 && (c.Size < 8 || c.Size > 512) {
		return fmt.Errorf("-size %d: expected 8 to 512, or 0", c.Size)
	}
	return nil
}

func (t *Training) check(name string) error {
	if t.LaterEpochs < 1 || !(t.LaterLR >= 0) {
		return fmt.Errorf("-%s-later-epochs %d, -%s-later-lr %v: expected at least 1 and 0", name,
			t.LaterEpochs, name, t.LaterLR)
	}
	if t.Frozen < 0 || !(t.Inherited >= 0 && t.Inherited <= 1) {
		return fmt.Errorf("-%s-frozen %d, -%s-inherited %v: expected at least 0, and 0 to 1", name, t.Frozen,
			name, t.Inherited)
	}
	return t.Training.Check(name)
}
