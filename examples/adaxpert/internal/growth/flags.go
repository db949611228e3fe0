package growth

import (
	"flag"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// bind makes flags set the fields of c; its present values are the defaults.
func (c *Config) bind(fs *flag.FlagSet) {
	fs.StringVar(&c.Scenario, "scenario", c.Scenario,
		"I: the volume of data grows; II: the number of classes grows")
	fs.StringVar(&c.Data, "data", c.Data,
		"image folder, tar of images, or directory with IDX or CIFAR files (empty: the embedded "+
			"Fashion-MNIST images)")
	fs.StringVar(&c.Baseline, "baseline", c.Baseline,
		"run a method to compare with instead: fixed, largest, scratch or random")
	c.Seed.Bind(fs)
	fs.Var(run.Percents(&c.Volumes), "volumes", "scenario I: percent of every class at each snapshot")
	fs.Var(run.Counts(&c.Counts), "classes",
		"scenario II: number of classes at each snapshot (empty: fifths of the classes, or 10, 20, 40, 80, "+
			"100 % of 20 and more)")
	fs.BoolVar(&c.Copies, "copies", c.Copies,
		"add a last snapshot of shifted and mirrored copies of the images already there")
	fs.BoolVar(&c.Always, "always", c.Always, "adjust at every snapshot, whatever the condition says")
	fs.Float64Var(&c.Epsilon, "epsilon", c.Epsilon,
		"adjust when accuracy drops by more than this many percentage points")
	fs.Float64Var(&c.ValShare, "val", c.ValShare, "fraction of the images that judges sub-networks")
	fs.Float64Var(&c.Width, "width", c.Width, "width multiplier of the search space")
	fs.IntVar(&c.Size, "size", c.Size, "input side in pixels (0: the size of the data)")
	fs.IntVar(&c.Stem, "stem", c.Stem, "stride of the first convolution, 1 or 2")
	fs.StringVar(&c.Start, "start", c.Start,
		"first architecture, depths:kernels:ratios (empty: the smallest of the space)")
	fs.BoolVar(&c.Inherit, "inherit", c.Inherit,
		"retraining starts from inherited weights, not from random ones")
	c.Supernet.bind(fs, "supernet")
	c.Retrain.bind(fs, "retrain")
	fs.IntVar(&c.Final, "final-epochs", c.Final,
		"epochs of one more training of the network in service after the last snapshot, kept or adjusted "+
			"(0: none)")
	fs.IntVar(&c.Adjuster.Iterations, "iterations", c.Adjuster.Iterations,
		"proposals the adjuster learns from at each adjustment")
	fs.Float64Var(&c.Adjuster.LR, "adjuster-lr", c.Adjuster.LR, "learning rate of the adjuster's policy")
	fs.Float64Var(&c.Adjuster.Entropy, "entropy", c.Adjuster.Entropy, "weight of the policy's entropy bonus")
	fs.Float64Var(&c.Adjuster.Lambda, "lambda", c.Adjuster.Lambda,
		"accuracy a million MAdds must bring at d = 1 (0: the paper's, scaled to the space)")
	fs.IntVar(&c.Adjuster.Candidates, "candidates", c.Adjuster.Candidates,
		"samples of the trained policy judged on the whole validation set")
	fs.IntVar(&c.Adjuster.Images, "reward-images", c.Adjuster.Images,
		"validation images behind each reward (0: all)")
	fs.IntVar(&c.Adjuster.Calibration, "calibration", c.Adjuster.Calibration,
		"training images behind the batch-norm statistics of each reward")
	fs.BoolVar(&c.Adjuster.MovingMean, "reward-baseline", c.Adjuster.MovingMean,
		"subtract a moving average from rewards")
}

func (t *Training) bind(fs *flag.FlagSet, name string) {
	t.Training.Bind(fs, name)
	fs.IntVar(&t.LaterEpochs, name+"-later-epochs", t.LaterEpochs,
		"epochs of "+name+" training at later snapshots")
	fs.Float64Var(&t.LaterLR, name+"-later-lr", t.LaterLR,
		"peak learning rate of "+name+" training at later snapshots (0: the same)")
}
