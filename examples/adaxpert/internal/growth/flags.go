package growth

import (
	"flag"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// bind makes flags set the fields of c; its present values are the defaults.
func (c *Config) bind(fs *flag.FlagSet) {
	fs.StringVar(&c.Baseline, "baseline", c.Baseline,
		"run a `method` to compare with instead: "+strings.Join(Baselines(), ", "))
	c.Seed.Bind(fs)
	c.Arrival.bind(fs)
	c.Space.bind(fs)
	c.Service.bind(fs)
	c.Supernet.bind(fs, "supernet")
	fs.IntVar(&c.Supernet.Sandwich, "sandwich", c.Supernet.Sandwich,
		"supernet training runs the largest, the smallest and so many random sub-networks at every step (0: "+
			"one random sub-network)")
	c.Retrain.bind(fs, "retrain")
	fs.Float64Var(&c.Retrain.Inherited, "retrain-inherited", c.Retrain.Inherited,
		"`factor` of the learning rate for layers with inherited weights (0: 1)")
	fs.BoolVar(&c.Retrain.KeepNorms, "retrain-keep-norms", c.Retrain.KeepNorms,
		"leave inherited batch normalisations as they are")
	c.Adjuster.bind(fs)
}

func (a *Arrival) bind(fs *flag.FlagSet) {
	fs.StringVar(&a.Scenario, "scenario", a.Scenario,
		"I: the volume of data grows; II: the number of classes grows")
	fs.StringVar(&a.Data, "data", a.Data,
		"image folder, tar of images, or directory with IDX or CIFAR files (empty: the embedded "+
			"Fashion-MNIST images)")
	fs.Var(run.Percents(&a.Volumes), "volumes", "scenario I: percent of every class at each snapshot")
	fs.Var(run.Counts(&a.Counts), "classes",
		"scenario II: number of classes at each snapshot (empty: fifths of the classes, or 10, 20, 40, 80, "+
			"100 % of 20 and more)")
	fs.BoolVar(&a.Copies, "copies", a.Copies,
		"add a last snapshot of shifted and mirrored copies of the images already there")
	fs.BoolVar(&a.Always, "always", a.Always, "adjust at every snapshot, whatever the condition says")
	fs.Float64Var(&a.Epsilon, "epsilon", a.Epsilon,
		"adjust when accuracy drops by more than this many percentage points")
	fs.Float64Var(&a.ValShare, "val", a.ValShare,
		"fraction of the images that judges and trains no supernet (and, with -compare, no network)")
}

func (s *Space) bind(fs *flag.FlagSet) {
	fs.Float64Var(&s.Width, "width", s.Width, "width multiplier of the search space")
	fs.IntVar(&s.Size, "size", s.Size, "input side in pixels (0: the size of the data)")
	fs.IntVar(&s.Stem, "stem", s.Stem, "stride of the first convolution, 1 or 2")
	fs.BoolVar(&s.Pretrained, "pretrained", s.Pretrained,
		"start from EfficientNet-Lite0 with its ImageNet weights, in the space around it")
	fs.StringVar(&s.Start, "start", s.Start,
		"first `architecture`, depths:kernels:ratios, or "+Smallest+" (empty: the smallest of the space, "+
			"with -pretrained the published one)")
	fs.Var(run.Amounts(&s.MAdds), "madds",
		"baseline random: `millions` of multiply-adds, one number or one for each snapshot")
}

func (s *Service) bind(fs *flag.FlagSet) {
	fs.StringVar(&s.Inherit, "inherit", s.Inherit, "what retraining starts from: "+
		"the network in service, morphed, the supernet's weights, or initial ones: "+
		strings.Join(Inheritances(), ", "))
	fs.Float64Var(&s.Distill, "distill", s.Distill,
		"`weight` of the network in service as a teacher of the classes it knows (0: none)")
	fs.Float64Var(&s.Trial, "trial", s.Trial,
		"`share` of the retraining that the finalists of a search get, to be judged by it (0: none)")
	fs.BoolVar(&s.Compare, "compare", s.Compare,
		"train the adapted network and the kept one, and change only for a gain on held-out images")
	fs.BoolVar(&s.Keep, "keep-training", s.Keep,
		"go on training the network on the new data where its architecture is kept")
	fs.BoolVar(&s.Against, "against", s.Against,
		"tell what keeping and fine-tuning the first network gives")
	fs.IntVar(&s.Final, "final-epochs", s.Final,
		"epochs of one more training of the network in service after the last snapshot, on all images "+
			"(0: none)")
}

func (t *Training) bind(fs *flag.FlagSet, name string) {
	t.Training.Bind(fs, name)
	fs.IntVar(&t.LaterEpochs, name+"-later-epochs", t.LaterEpochs,
		"epochs of "+name+" training at later snapshots")
	fs.Float64Var(&t.LaterLR, name+"-later-lr", t.LaterLR,
		"peak learning rate of "+name+" training at later snapshots (0: the same)")
	fs.IntVar(&t.Frozen, name+"-frozen", t.Frozen,
		"`stages`, the stem first, that "+name+" training leaves as they are")
}

func (s *Search) bind(fs *flag.FlagSet) {
	words := func(x *string, name, usage string, words []string) {
		fs.StringVar(x, name, *x, fmt.Sprintf("%s: %s", usage, strings.Join(words, ", ")))
	}
	fs.IntVar(&s.Iterations, "iterations", s.Iterations,
		"proposals the adjuster learns from at each adjustment")
	fs.Float64Var(&s.LR, "adjuster-lr", s.LR, "learning rate of the adjuster's policy")
	fs.Float64Var(&s.Entropy, "entropy", s.Entropy, "weight of the policy's entropy bonus")
	fs.BoolVar(&s.MovingMean, "reward-baseline", s.MovingMean, "subtract a moving average from rewards")
	words(&s.Objective, "objective", "what a reward counts", Objectives())
	words(&s.Reward, "reward", "how a reward sets cost against it", Rewards())
	fs.Float64Var(&s.Lambda, "lambda", s.Lambda,
		"what a doubling of MAdds, or a million with -reward eq5 and published, must bring at d = 1 (0: 0.01, or "+
			"the paper's number scaled to the space)")
	words(&s.Distance, "distance", "form of d_t", Distances())
	fs.IntVar(&s.Images, "reward-images", s.Images, "validation images behind each reward (0: all)")
	fs.IntVar(&s.Calibration, "calibration", s.Calibration,
		"training images behind the batch-norm statistics of each reward (0: the library's default, 2000)")
	fs.IntVar(&s.Candidates, "candidates", s.Candidates,
		"samples of the trained policy judged on the whole validation set")
	fs.IntVar(&s.Elites, "elites", s.Elites, "of the best proposals, judged with them")
	fs.BoolVar(&s.Previous, "keep-previous", s.Previous, "judge the previous architecture with them")
	fs.BoolVar(&s.Race, "race", s.Race,
		"judge candidates on more and more images, and drop those that fall behind")
}
