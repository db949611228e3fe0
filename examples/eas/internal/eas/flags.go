package eas

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

// Program is examples/eas.
func Program() *run.Program[Config, *Report] {
	return &run.Program[Config, *Report]{
		Path:     "examples/eas",
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
	fs.StringVar(&c.Data, "data", c.Data, "images: folder of class folders, tar of one, or directory with IDX "+
		"or CIFAR files (empty: embedded Fashion-MNIST images)")
	fs.StringVar(&c.Superclasses, "superclasses", c.Superclasses, "`file` of a JSON object from class names to "+
		"names of superclasses (empty: those of Tiny ImageNet, or of the embedded images)")
	fs.StringVar(&c.Latency, "latency", c.Latency, "`file` of a table of examples/latency for this space; "+
		"budgets are then milliseconds (empty: multiply-adds)")
	c.Seed.Bind(fs)
	fs.Var(&names{&c.Methods}, "methods", "what finds architectures, separated by commas: "+
		strings.Join(Methods(), ", "))
	fs.Float64Var(&c.Drop, "drop", c.Drop, "`rate` at which a sample's other superclasses leave the softmax")
	fs.Var(run.Amounts(&c.Budgets), "budgets",
		"`budgets`, millions of multiply-adds or milliseconds, separated "+
			"by commas (empty: four of the range)")
	fs.Float64Var(&c.Width, "width", c.Width, "width multiplier of the space")
	fs.IntVar(&c.Stride, "stem-stride", c.Stride, "`stride` of the first convolution, 1 or 2")
	fs.IntVar(&c.Size, "size", c.Size, "side that images are scaled to, `pixels`")
	fs.Float64Var(&c.LearnShare, "learn", c.LearnShare, "`share` of each class that generators learn from")
	fs.Float64Var(&c.ChooseShare, "choose", c.ChooseShare,
		"`share` of each class that chooses among architectures")
	fs.IntVar(&c.Images, "images", c.Images, "training images of the supernet (0: all)")
	fs.IntVar(&c.Tested, "tested", c.Tested, "test images (0: all)")
	fs.IntVar(&c.Calibrated, "calibration", c.Calibrated,
		"training images behind the batch-norm statistics that networks are judged with")
	c.Supernet.Bind(fs, "supernet")
	fs.Float64Var(&c.TeacherLR, "teacher-lr", c.TeacherLR,
		"peak learning rate of the supernet's largest network; -supernet-lr is that of the others")
	fs.IntVar(&c.Generator.Steps, "generator-steps", c.Generator.Steps, "steps of training a generator")
	fs.IntVar(&c.Generator.Batch, "generator-batch", c.Generator.Batch, "images of such a step")
	fs.Float64Var(&c.Generator.LR, "generator-lr", c.Generator.LR, "learning rate of a generator")
	fs.Float64Var(&c.Generator.Lambda, "generator-lambda", c.Generator.Lambda, "weight of the cost in its loss")
	fs.IntVar(&c.Samples, "samples", c.Samples, "architectures for a scenario from which held-out images choose")
	fs.IntVar(&c.Headroom, "headroom", c.Headroom,
		"architectures of each budget that say how much they differ at all (0: none)")
	fs.IntVar(&c.OFA.Archs, "ofa-archs", c.OFA.Archs, "architectures that are measured for predictors")
	fs.IntVar(&c.OFA.Population, "ofa-population", c.OFA.Population, "population of evolution by predictors")
	fs.IntVar(&c.OFA.Generations, "ofa-generations", c.OFA.Generations, "its generations")
	fs.StringVar(&c.Query, "query", "", "`scenarios` to answer from the state in -out, with -resume: "+
		"insect:4.5M,dog+insect:6M (ms with -latency); what is missing is trained before")
	fs.StringVar(&c.Extract, "extract", "", "`folder` for the networks of the answers to -query as ONNX files, "+
		"each with the classes of its superclass alone")
}

// names is the flag value of methods.
type names struct{ x *[]string }

func (n *names) String() string {
	if n.x == nil { // package flag asks a zero value
		return ""
	}
	return strings.Join(*n.x, ",")
}

func (n *names) Set(text string) error {
	var out []string
	for _, m := range Methods() { // their order
		if slices.Contains(strings.Split(text, ","), m) {
			out = append(out, m)
		}
	}
	if len(out) != strings.Count(text, ",")+1 {
		return fmt.Errorf("got %q, expected some of %s, each once", text, strings.Join(Methods(), ", "))
	}
	*n.x = out
	return nil
}

// check reports the first field that makes no sense whatever the data are, and makes paths
// absolute.
func (c *Config) check() error {
	switch {
	case len(c.Methods) == 0:
		return errors.New("-methods: expected at least one")
	case c.Query != "" && !slices.Contains(c.Methods, EAS):
		return fmt.Errorf("-query asks the generator: -methods has to have %s", EAS)
	case c.Extract != "" && c.Query == "":
		return errors.New("-extract writes the networks of answers to -query, which is missing")
	case c.Headroom == 1:
		return errors.New("-headroom 1: expected 0, or at least 2 to differ")
	case c.LearnShare+c.ChooseShare > 0.9:
		return errors.New("-learn and -choose: expected at most 0.9 together")
	}
	if c.Query != "" {
		u := mega
		if c.Latency != "" {
			u = milli
		}
		if _, _, err := parseQuery(c.Query, u); err != nil {
			return err
		}
	}
	if err := c.checkNumbers(); err != nil {
		return err
	}
	if err := c.Supernet.Check("supernet"); err != nil {
		return err
	}
	return run.Absolute(&c.Data, &c.Superclasses, &c.Latency, &c.Extract)
}

func (c *Config) checkNumbers() error {
	const most = math.MaxInt32
	return cmp.Or(
		run.Within("drop", c.Drop, 0, 1),
		run.Within("width", c.Width, 0.05, 4),
		run.Within("stem-stride", c.Stride, 1, 2),
		run.Within("size", c.Size, 16, 512),
		run.Within("learn", c.LearnShare, 0.01, 0.8),
		run.Within("choose", c.ChooseShare, 0.01, 0.8),
		run.Within("images", c.Images, 0, most),
		run.Within("tested", c.Tested, 0, most),
		run.Within("calibration", c.Calibrated, 1, most),
		run.Within("teacher-lr", c.TeacherLR, 1e-9, 10),
		run.Within("generator-steps", c.Generator.Steps, 1, 1e7),
		run.Within("generator-batch", c.Generator.Batch, 2, 1e5),
		run.Within("generator-lr", c.Generator.LR, 1e-9, 1),
		run.Within("generator-lambda", c.Generator.Lambda, 0, 1e6),
		run.Within("samples", c.Samples, 1, 1e4),
		run.Within("headroom", c.Headroom, 0, 1e5),
		run.Within("ofa-archs", c.OFA.Archs, 10, 1e6),
		run.Within("ofa-population", c.OFA.Population, 2, 1e5),
		run.Within("ofa-generations", c.OFA.Generations, 0, 1e5),
	)
}
