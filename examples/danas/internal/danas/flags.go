package danas

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/pruning"
)

// Program is examples/danas.
func Program() *run.Program[Config, *Report] {
	return &run.Program[Config, *Report]{
		Path:     "examples/danas",
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
	fs.StringVar(&c.Data, "data", c.Data,
		"images: folder of class folders, tar of one, or directory with IDX or "+
			"CIFAR files (empty: embedded Fashion-MNIST images)")
	c.Seed.Bind(fs)
	fs.IntVar(&c.Size, "size", c.Size, "side that images are scaled to, `pixels`")
	fs.IntVar(&c.PerClass, "per-class", c.PerClass, "training images of a class (0: all)")
	fs.IntVar(&c.Val, "val", c.Val, "validation images of a class, taken from the training part")
	fs.StringVar(&c.Variant, "variant", c.Variant,
		"space: mobile, mobile+, shuffle, shuffle+ or shuffle+mobile")
	fs.Float64Var(&c.Width, "width", c.Width, "width multiplier of the space")
	fs.IntVar(&c.Layers, "layers", c.Layers, "layers of a stage")
	fs.IntVar(&c.Stride, "stride", c.Stride, "stride of the stem, 1 or 2")
	fs.Float64Var(&c.Target, "target", c.Target,
		"`millions` of multiply-adds that the architecture shall have")
	fs.Func("references", "families that rank classes, of "+strings.Join(families(), ", ")+", or "+Supernet+
		", separated by commas (default "+strings.Join(c.References, ",")+")", func(text string) error {
		c.References = strings.Split(text, ",")
		return nil
	})
	fs.Func("ranking",
		"`numbers` of all classes, easiest first, separated by commas, in the place of references",
		func(text string) (err error) {
			c.Ranking, err = numbers(text)
			return err
		})
	fs.BoolVar(&c.OnlyEasiness, "only-easiness", c.OnlyEasiness, "rank classes and search nothing")
	c.Reference.Bind(fs, "reference")
	fs.BoolVar(&c.Unseen, "unseen", c.Unseen,
		"measure easiness on validation images, not on those of training")
	fs.StringVar(&c.Order, "order", c.Order, "order of classes: "+join(pruning.Orders()))
	fs.Var(run.Percents(&c.Shares), "shares", "`percentages` of the classes in warm-up and every step")
	fs.IntVar(&c.Warmup, "warmup", c.Warmup, "epochs of the warm-up (0: none)")
	c.Search.Bind(fs, "search")
	fs.BoolVar(&c.Prune, "prune", c.Prune, "remove candidates")
	fs.Float64Var(&c.Fraction, "fraction", c.Fraction,
		"`share` of its candidates that a layer loses in a step")
	fs.Float64Var(&c.Sure, "sure", c.Sure,
		"remove only what is less probable by more than so many standard `errors` (0: whatever is)")
	fs.BoolVar(&c.Pairs, "pairs", c.Pairs, "compute two candidates of a layer at a time")
	fs.StringVar(&c.Form, "form", c.Form, "how the cost enters the loss: "+join(pruning.CostForms()))
	fs.Float64Var(&c.Gamma, "gamma", c.Gamma, "weight of the cost")
	fs.BoolVar(&c.Hard, "hard", c.Hard, "the cost is that of the most probable choices")
	fs.Float64Var(&c.Tau, "tau", c.Tau, "temperature of the noisy rows at first: the higher, the more alike")
	fs.Float64Var(&c.LastTau, "last-tau", c.LastTau, "temperature at the end")
	fs.Float64Var(&c.ArchLR, "arch-lr", c.ArchLR, "learning rate of the architecture")
	fs.IntVar(&c.Every, "every", c.Every, "updates of the weights for a step on the architecture")
	c.Retrain.Bind(fs, "retrain")
	fs.IntVar(&c.Calibrated, "calibration", c.Calibrated,
		"training images behind the batch-norm statistics of a trained network (0: those of training)")
	fs.StringVar(&c.Baseline, "baseline", c.Baseline, "what searches in the place of pruning: "+SinglePath)
	fs.IntVar(&c.Evaluations, "evaluations", c.Evaluations, "sub-networks that the baseline judges")
}

// numbers reads whole numbers from 0, separated by commas.
func numbers(text string) (out []int, err error) {
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(word, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%q: expected numbers from 0, separated by commas", text)
		}
		out = append(out, int(n))
	}
	return out, nil
}

func join[T ~string](list []T) string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return strings.Join(out, ", ")
}

// check reports the first field that makes no sense whatever the data are, and makes the data path
// absolute.
func (c *Config) check() error {
	if c.Baseline != "" && c.Baseline != SinglePath {
		return fmt.Errorf("-baseline %q: expected %s", c.Baseline, SinglePath)
	}
	if c.OnlyEasiness && (c.Ranking != nil || c.Baseline != "") {
		return errors.New("-only-easiness searches nothing: give neither -ranking nor -baseline")
	}
	if len(c.References) == 0 {
		return errors.New("-references: expected at least one")
	}
	for i, name := range c.References {
		if name != Supernet && !slices.Contains(families(), name) || slices.Contains(c.References[:i], name) {
			return fmt.Errorf("-references %q: expected different ones of %s, %s", name,
				strings.Join(families(), ", "),
				Supernet)
		}
	}
	if len(c.References) > 1 && slices.Contains(c.References, Supernet) && !c.Unseen && c.Ranking == nil {
		return fmt.Errorf("-references %s beside others: needs -unseen, since it answers about validation "+
			"images", Supernet)
	}
	if c.Search.MinSteps != 0 {
		return errors.New("-search-steps: the phases of a search have -search-epochs, expected 0 steps")
	}
	if !slices.Contains(pruning.Orders(), pruning.Order(c.Order)) {
		return fmt.Errorf("-order %q: expected one of %s", c.Order, join(pruning.Orders()))
	}
	if !slices.Contains(pruning.CostForms(), pruning.CostForm(c.Form)) {
		return fmt.Errorf("-form %q: expected one of %s", c.Form, join(pruning.CostForms()))
	}
	if _, err := c.schedule([]int{0, 1}); err != nil {
		return fmt.Errorf("-shares, -warmup: %w", err)
	}
	if err := cmp.Or(
		run.Within("size", c.Size, 16, 512),
		run.Within("per-class", c.PerClass, 0, math.MaxInt32),
		run.Within("val", c.Val, 1, math.MaxInt32),
		run.Within("width", c.Width, 0.05, 4),
		run.Within("layers", c.Layers, 1, 16),
		run.Within("stride", c.Stride, 1, 2),
		run.Within("target", c.Target, 1e-3, 1e6),
		run.Within("warmup", c.Warmup, 0, 1e4),
		run.Within("fraction", c.Fraction, 1e-3, 1),
		run.Within("sure", c.Sure, 0, 1e3),
		run.Within("gamma", c.Gamma, 0, 1e3),
		run.Within("tau", c.Tau, 1e-3, 1e3),
		run.Within("last-tau", c.LastTau, 1e-3, 1e3),
		run.Within("arch-lr", c.ArchLR, 1e-9, 10),
		run.Within("every", c.Every, 1, math.MaxInt32),
		run.Within("calibration", c.Calibrated, 0, math.MaxInt32),
		run.Within("evaluations", c.Evaluations, 2, math.MaxInt32),
	); err != nil {
		return err
	}
	for name, t := range map[string]*run.Training{"reference": &c.Reference, "search": &c.Search,
		"retrain": &c.Retrain} {
		if err := t.Check(name); err != nil {
			return err
		}
	}
	return run.Absolute(&c.Data)
}
