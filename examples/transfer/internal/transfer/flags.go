package transfer

import (
	"cmp"
	"flag"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Program is examples/transfer.
func Program() *run.Program[Config, *Report] {
	return &run.Program[Config, *Report]{
		Path:     "examples/transfer",
		Keeps:    run.State,
		Defaults: Default,
		Quick:    (*Config).quick,
		Suit:     (*Config).suit,
		Flags:    func(fs *flag.FlagSet, c *Config) { c.bind(fs) },
		Check:    func(_ *flag.FlagSet, c *Config) error { return c.check() },
		Work:     Run,
	}
}

// bind makes flags set the fields of c; its present values are the defaults.
func (c *Config) bind(fs *flag.FlagSet) {
	fs.StringVar(&c.Data, "data", c.Data, "folder of class folders with images, tar of such a "+
		"folder, or directory with IDX or CIFAR files (empty: the embedded Fashion-MNIST images)")
	fs.IntVar(&c.Size, "size", c.Size, "side that images are scaled to, `pixels`")
	c.Seed.Bind(fs)
	fs.IntVar(&c.PerClass, "per-class", c.PerClass,
		"training `images` of each class that are drawn, those held out among them (0: all)")
	fs.StringVar(&c.Baseline, "baseline", c.Baseline,
		"scratch: train from initial weights, for comparison (empty: from pretrained ones)")
	fs.Float64Var(&c.Minutes, "minutes", c.Minutes,
		"`minutes` of two cores that training may take: they decide epochs where these are 0")
	fs.Float64Var(&c.ValShare, "val", c.ValShare,
		"`share` of the images of each class that is held out of training, for choices")
	fs.BoolVar(&c.Adapt, "adapt", c.Adapt, "search for a cheaper network after fine-tuning")
	fs.IntVar(&c.Head.Passes, "head-passes", c.Head.Passes,
		"passes over changed images for the linear head, beside that over images as they are")
	c.Tune.bind(fs, "tune")
	c.Search.bind(fs)
	c.Last.bind(fs, "last")
}

func (t *Training) bind(fs *flag.FlagSet, name string) {
	t.Training.Bind(fs, name)
	fs.Lookup(name + "-epochs").Usage = "epochs of " + name + " training (0: as many as the minutes allow)"
	fs.Float64Var(&t.Inherited, name+"-inherited", t.Inherited,
		"`factor` of the learning rate in "+name+" training for layers that have learnt already")
	fs.BoolVar(&t.KeepNorms, name+"-keep-norms", t.KeepNorms,
		"leave batch normalisations of such layers as they are in "+name+" training")
	fs.IntVar(&t.Frozen, name+"-frozen", t.Frozen,
		"first stages that stay as they are in "+name+" training, the stem included")
	fs.Float64Var(&t.Share, name+"-share", t.Share, "`share` of the minutes that "+name+" training gets")
	fs.Float64Var(&t.Distill, name+"-distill", t.Distill,
		"`weight` of the fine-tuned network as a teacher in "+name+" training")
}

func (s *Search) bind(fs *flag.FlagSet) {
	fs.IntVar(&s.Images, "search-images", s.Images,
		"held-out images that judge candidates of the search (0: as many as the minutes allow)")
	fs.IntVar(&s.Calibrated, "calibration", s.Calibrated,
		"training images behind the batch-norm statistics of a candidate")
	fs.Float64Var(&s.Loss, "search-loss", s.Loss,
		"cross entropy that the changes found may cost together, before the last training")
}

// Sizes of images that networks are for.
const (
	leastSize = 32
	mostSize  = 512
)

// check reports the first field that makes no sense whatever the data are, and makes the data path
// absolute.
func (c *Config) check() error {
	if c.Size < leastSize || c.Size > mostSize {
		return fmt.Errorf("-size %d: expected %d to %d pixels", c.Size, leastSize, mostSize)
	}
	if c.Baseline != "" && c.Baseline != Scratch {
		return fmt.Errorf("-baseline %q: expected %s", c.Baseline, Scratch)
	}
	if c.Baseline == Scratch && c.Adapt {
		return fmt.Errorf("-baseline %s has no third step: -adapt", Scratch)
	}
	const most = math.MaxInt32
	if err := cmp.Or(
		run.Within("minutes", c.Minutes, 0.01, 1e5),
		run.Within("val", c.ValShare, 0.01, 0.9),
		run.Within("per-class", c.PerClass, 0, most),
		run.Within("head-passes", c.Head.Passes, 0, 100),
		run.Within("search-images", c.Search.Images, 0, most),
		run.Within("search-loss", c.Search.Loss, 0, 1e3),
		run.Within("calibration", c.Search.Calibrated, 1, most),
	); err != nil {
		return err
	}
	for _, t := range []struct {
		name string
		of   *Training
	}{{"tune", &c.Tune}, {"last", &c.Last}} {
		if err := t.of.check(t.name); err != nil {
			return err
		}
	}
	return run.Absolute(&c.Data)
}

// stages of Lite0, with the stem and the head.
const stages = 8

func (t *Training) check(name string) error {
	table := t.Training
	if table.Epochs == 0 { // the minutes decide
		table.Epochs = 1
	}
	if err := table.Check(name); err != nil {
		return err
	}
	return cmp.Or(
		run.Within(name+"-inherited", t.Inherited, 0, 1),
		run.Within(name+"-frozen", t.Frozen, 0, stages-1),
		run.Within(name+"-distill", t.Distill, 0, 1e3),
		run.Within(name+"-share", t.Share, 0, 1),
	)
}
