package growth

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Parse reads a command line. Flags that are not given have the values of base; when that is nil, those of QuickTable with -quick and
// of Default without. more, if not nil, adds flags of the caller's own. The error is flag.ErrHelp after -help, which writes the list
// of flags to help.
func Parse(name string, args []string, base *Config, more func(*flag.FlagSet), help io.Writer) (Config, error) {
	c := Default()
	if err := c.parse(name, args, more, help); err != nil {
		return c, err
	}
	switch {
	case base != nil:
		c = *base
	case c.Quick:
		c = QuickTable()
	default:
		return c, nil
	}
	return c, c.parse(name, args, more, io.Discard)
}

func (c *Config) parse(name string, args []string, more func(*flag.FlagSet), help io.Writer) error {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are returned, and the list of flags is too long to go with each
	fs.Usage = func() {}
	if more != nil {
		more(fs)
	}
	c.bind(fs)
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		fs.SetOutput(help)
		fmt.Fprintf(help, "Flags of %s:\n", name)
		fs.PrintDefaults()
		return err
	} else if err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: every setting is a flag", fs.Arg(0))
	}
	return nil
}

// bind makes flags set the fields of c; its present values are the defaults.
func (c *Config) bind(fs *flag.FlagSet) {
	fs.BoolVar(&c.Quick, "quick", c.Quick, "the whole loop in under a minute: three small snapshots, little training")
	fs.StringVar(&c.Scenario, "scenario", c.Scenario, "I: the volume of data grows; II: the number of classes grows")
	fs.StringVar(&c.Data, "data", c.Data, "image folder, tar of images, or directory with IDX or CIFAR files (empty: the embedded Fashion-MNIST images)")
	fs.StringVar(&c.Baseline, "baseline", c.Baseline, "run a method to compare with instead: fixed, largest, scratch or random")
	fs.Uint64Var(&c.Seed, "seed", c.Seed, "seed of everything random")
	fs.Var((*percents)(&c.Volumes), "volumes", "scenario I: percent of every class at each snapshot")
	fs.Var((*counts)(&c.Counts), "classes", "scenario II: number of classes at each snapshot (empty: fifths of the classes, or 10, 20, 40, 80, 100 % of 20 and more)")
	fs.BoolVar(&c.Copies, "copies", c.Copies, "add a last snapshot of shifted and mirrored copies of the images already there")
	fs.BoolVar(&c.Always, "always", c.Always, "adjust at every snapshot, whatever the condition says")
	fs.Float64Var(&c.Epsilon, "epsilon", c.Epsilon, "adjust when accuracy drops by more than this many percentage points")
	fs.Float64Var(&c.ValShare, "val", c.ValShare, "fraction of the images that judges sub-networks")
	fs.Float64Var(&c.Width, "width", c.Width, "width multiplier of the search space")
	fs.IntVar(&c.Size, "size", c.Size, "input side in pixels (0: the size of the data)")
	fs.IntVar(&c.Stem, "stem", c.Stem, "stride of the first convolution, 1 or 2")
	fs.StringVar(&c.Start, "start", c.Start, "first architecture, depths:kernels:ratios (empty: the smallest of the space)")
	fs.BoolVar(&c.Inherit, "inherit", c.Inherit, "retraining starts from inherited weights, not from random ones")
	bindTraining(fs, "supernet", &c.Supernet)
	bindTraining(fs, "retrain", &c.Retrain)
	fs.IntVar(&c.Final, "final-epochs", c.Final, "epochs of one more training of the network in service after the last snapshot, kept or adjusted (0: none)")
	fs.IntVar(&c.Adjuster.Iterations, "iterations", c.Adjuster.Iterations, "proposals the adjuster learns from at each adjustment")
	fs.Float64Var(&c.Adjuster.LR, "adjuster-lr", c.Adjuster.LR, "learning rate of the adjuster's policy")
	fs.Float64Var(&c.Adjuster.Entropy, "entropy", c.Adjuster.Entropy, "weight of the policy's entropy bonus")
	fs.Float64Var(&c.Adjuster.Lambda, "lambda", c.Adjuster.Lambda, "accuracy a million MAdds must bring at d = 1 (0: the paper's, scaled to the space)")
	fs.IntVar(&c.Adjuster.Candidates, "candidates", c.Adjuster.Candidates, "samples of the trained policy judged on the whole validation set")
	fs.IntVar(&c.Adjuster.Images, "reward-images", c.Adjuster.Images, "validation images behind each reward (0: all)")
	fs.IntVar(&c.Adjuster.Calibration, "calibration", c.Adjuster.Calibration, "training images behind the batch-norm statistics of each reward")
	fs.BoolVar(&c.Adjuster.MovingMean, "reward-baseline", c.Adjuster.MovingMean, "subtract a moving average from rewards")
}

func bindTraining(fs *flag.FlagSet, name string, t *Training) {
	fs.IntVar(&t.Epochs, name+"-epochs", t.Epochs, "epochs of "+name+" training at the first snapshot")
	fs.IntVar(&t.LaterEpochs, name+"-later-epochs", t.LaterEpochs, "epochs of "+name+" training at later snapshots")
	fs.IntVar(&t.MinSteps, name+"-steps", t.MinSteps, "fewest steps of "+name+" training: small snapshots get more epochs")
	fs.IntVar(&t.Batch, name+"-batch", t.Batch, "batch size of "+name+" training")
	fs.Float64Var(&t.LR, name+"-lr", t.LR, "peak learning rate of "+name+" training")
	fs.Float64Var(&t.LaterLR, name+"-later-lr", t.LaterLR, "peak learning rate at later snapshots (0: the same)")
	fs.Float64Var(&t.WeightDecay, name+"-decay", t.WeightDecay, "weight decay of "+name+" training")
	fs.Float64Var(&t.LabelSmoothing, name+"-smoothing", t.LabelSmoothing, "label smoothing of "+name+" training")
	fs.IntVar(&t.Crop, name+"-crop", t.Crop, "padding of the random crop in "+name+" training, pixels")
	fs.BoolVar(&t.Flip, name+"-flip", t.Flip, "random mirror images in "+name+" training")
	fs.IntVar(&t.Cutout, name+"-cutout", t.Cutout, "side of the square erased in "+name+" training, pixels")
}

// percents is a flag value: fractions written as percentages.
type percents []float64

func (p *percents) String() string {
	var parts []string
	for _, f := range *p {
		parts = append(parts, strconv.FormatFloat(f*100, 'g', 6, 64))
	}
	return strings.Join(parts, ",")
}

func (p *percents) Set(text string) error {
	*p = nil
	for f := range strings.SplitSeq(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(f), "%"), 64)
		if err != nil || !(v > 0 && v <= 100) {
			return fmt.Errorf("got %q, expected percentages above 0 and at most 100, separated by commas", text)
		}
		*p = append(*p, v/100)
	}
	return nil
}

// counts is a flag value: whole numbers.
type counts []int

func (c *counts) String() string {
	var parts []string
	for _, v := range *c {
		parts = append(parts, strconv.Itoa(v))
	}
	return strings.Join(parts, ",")
}

func (c *counts) Set(text string) error {
	*c = nil
	for f := range strings.SplitSeq(text, ",") {
		v, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil || v < 1 {
			return fmt.Errorf("got %q, expected whole numbers separated by commas", text)
		}
		*c = append(*c, v)
	}
	return nil
}
