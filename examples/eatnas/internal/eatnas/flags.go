package eatnas

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Program is examples/eatnas.
func Program() *run.Program[Config, *Report] {
	return &run.Program[Config, *Report]{
		Path:     "examples/eatnas",
		Keeps:    run.State,
		Defaults: Default,
		Quick:    (*Config).quick,
		Suit:     (*Config).suit,
		Flags:    func(fs *flag.FlagSet, c *Config) { c.bind(fs) },
		Check:    func(_ *flag.FlagSet, c *Config) error { return c.check() },
		Work:     Run,
	}
}

func baselines() []string { return []string{Scratch, Random, RandomBasic, Regularized} }

// bind makes flags set the fields of c; its present values are the defaults.
func (c *Config) bind(fs *flag.FlagSet) {
	const where = ": folder of class folders, tar of one, or directory with IDX or CIFAR files " +
		"(empty: embedded Fashion-MNIST images)"
	fs.StringVar(&c.Data, "data", c.Data, "images of the small task"+where)
	fs.StringVar(&c.LargeData, "large", c.LargeData, "images of the large task"+where)
	c.Seed.Bind(fs)
	fs.StringVar(&c.Baseline, "baseline", c.Baseline, "what the large task's search is in the place of "+
		"transfer: "+
		strings.Join(baselines(), ", "))
	fs.StringVar(&c.Basic, "basic", c.Basic,
		"`architecture` that the large task begins from, without a small one (empty: what the small task finds)")
	fs.BoolVar(&c.Transfer, "transfer", c.Transfer, "go on to the large task")
	fs.BoolVar(&c.Sharing, "sharing", c.Sharing, "candidates go on from the weights of those before")
	fs.BoolVar(&c.Carry, "carry", c.Carry, "the large task goes on from the shared weights of the small one")
	fs.IntVar(&c.Population, "population", c.Population, "candidates of a population")
	fs.IntVar(&c.Sample, "sample", c.Sample, "candidates of a tournament")
	fs.IntVar(&c.Cycles, "cycles", c.Cycles, "candidates after the first population")
	fs.Float64Var(&c.Tolerance, "tolerance", c.Tolerance,
		"relative `change` of the population's quality below which a search has converged (0: it goes "+
			"through all cycles)")
	fs.IntVar(&c.Top, "top", c.Top, "architectures of the best population that are retrained")
	fs.IntVar(&c.Channels, "channels", c.Channels, "channels of the stem, a multiple of 8")
	fs.IntVar(&c.Size, "size", c.Size, "side that images are scaled to, `pixels`")
	fs.Float64Var(&c.ValShare, "val", c.ValShare, "`share` of the images of each class that is held out "+
		"of training")
	fs.IntVar(&c.Calibrated, "calibration", c.Calibrated,
		"training images behind the batch-norm statistics that networks are judged with (0: those of training)")
	c.Evaluate.Bind(fs, "evaluate")
	c.Retrain.Bind(fs, "retrain")
	c.Small.bind(fs, "small")
	c.Large.bind(fs, "large")
}

func (t *Task) bind(fs *flag.FlagSet, name string) {
	fs.IntVar(&t.Images, name+"-images", t.Images,
		"training images of an epoch of a candidate on the "+name+" task (0: all)")
	fs.IntVar(&t.Judged, name+"-judged", t.Judged,
		"held-out images that judge a candidate on the "+name+" task (0: all)")
	fs.IntVar(&t.Retrain, name+"-retrain", t.Retrain,
		"training images of an epoch of retraining on the "+name+" task (0: all)")
	fs.IntVar(&t.Stride, name+"-stride", t.Stride, "stride of the stem on the "+name+" task, 1 or 2")
	fs.Float64Var(&t.MAdds, name+"-madds", t.MAdds,
		"most `millions` of multiply-adds of a candidate on the "+name+" task (0: no bound)")
	fs.Float64Var(&t.Target, name+"-target", t.Target,
		"`millions` of multiply-adds at which the score is the accuracy on the "+name+" task (0: the median "+
			"of the space)")
}

// check reports the first field that makes no sense whatever the data are, and makes data paths
// absolute.
func (c *Config) check() error {
	if c.Baseline != "" && !slices.Contains(baselines(), c.Baseline) {
		return fmt.Errorf("-baseline %q: expected one of %s", c.Baseline, strings.Join(baselines(), ", "))
	}
	switch {
	case c.Baseline != "" && c.Basic != "":
		return errors.New("-baseline and -basic are two ways to begin: give one of them")
	case !c.Transfer && (c.Baseline != "" || c.Basic != "" || c.LargeData != ""):
		return errors.New("-baseline, -basic and -large are about the large task, which -transfer=false leaves out")
	case c.Transfer && c.hasSmall() && (c.Data == "") != (c.LargeData == ""):
		return errors.New("-data and -large: give both, or none for the embedded images")
	case !c.hasSmall() && c.Data != "":
		return errors.New("-data: with -baseline or -basic there is no small task")
	case c.Carry && !(c.Sharing && c.Transfer && c.hasSmall()):
		return errors.New("-carry needs shared weights and both tasks")
	case c.Sample > c.Population:
		return fmt.Errorf("-sample %d: expected at most the population, %d", c.Sample, c.Population)
	}
	if err := c.checkNumbers(); err != nil {
		return err
	}
	for name, t := range map[string]*run.Training{"evaluate": &c.Evaluate, "retrain": &c.Retrain} {
		if err := t.Check(name); err != nil {
			return err
		}
	}
	return run.Absolute(&c.Data, &c.LargeData)
}

func (c *Config) checkNumbers() error {
	const most = math.MaxInt32
	if err := cmp.Or(
		run.Within("population", c.Population, 2, 1e4),
		run.Within("sample", c.Sample, 1, 1e4),
		run.Within("cycles", c.Cycles, 0, 1e6),
		run.Within("tolerance", c.Tolerance, 0, 1),
		run.Within("top", c.Top, 1, 1e3),
		run.Within("channels", c.Channels, 8, 256),
		run.Within("size", c.Size, 16, 512),
		run.Within("val", c.ValShare, 0.01, 0.9),
		run.Within("calibration", c.Calibrated, 0, most),
	); err != nil {
		return err
	}
	for name, t := range map[string]*Task{"small": &c.Small, "large": &c.Large} {
		if err := cmp.Or(
			run.Within(name+"-images", t.Images, 0, most),
			run.Within(name+"-judged", t.Judged, 0, most),
			run.Within(name+"-retrain", t.Retrain, 0, most),
			run.Within(name+"-stride", t.Stride, 1, 2),
			run.Within(name+"-madds", t.MAdds, 0, 1e9),
			run.Within(name+"-target", t.Target, 0, 1e9),
		); err != nil {
			return err
		}
	}
	if c.Channels%8 != 0 {
		return fmt.Errorf("-channels %d: expected a multiple of 8", c.Channels)
	}
	return nil
}
