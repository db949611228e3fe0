package nasoa

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

// Program is examples/nasoa.
func Program() *run.Program[Config, *Report] {
	return &run.Program[Config, *Report]{
		Path:     "examples/nasoa",
		Keeps:    run.State,
		Defaults: Default,
		Quick:    (*Config).quick,
		Suit:     (*Config).suit,
		Flags:    func(fs *flag.FlagSet, c *Config) { c.bind(fs) },
		Check: func(fs *flag.FlagSet, c *Config) error {
			c.answers(fs)
			return c.check()
		},
		Work: Run,
	}
}

// bind makes flags set the fields of c; its present values are the defaults.
func (c *Config) bind(fs *flag.FlagSet) {
	const where = ": folder of class folders, tar of one, or directory with IDX or CIFAR files"
	fs.StringVar(&c.Data, "data", c.Data,
		"images of pretraining, some classes of which are left for tasks"+where+" (empty: embedded "+
			"Fashion-MNIST images)")
	fs.Func("more", "further `images` that tasks are made of, separated by commas"+where+"; "+Embedded+
		" is those of the program", func(text string) error {
		c.More = strings.Split(text, ",")
		return nil
	})
	c.Seed.Bind(fs)
	fs.StringVar(&c.From, "from", c.From, "`folder` of a run whose zoo is used (empty: one is built)")
	fs.StringVar(&c.Run, "run", c.Run, "part of the program: "+strings.Join(parts(), ", "))
	fs.StringVar(&c.Task, "task", c.Task, "`images` of a task of yours, answered from the zoo of -from within -limit")
	fs.DurationVar(&c.Limit, "limit", c.Limit, "time for -task, all in all")
	fs.IntVar(&c.Size, "size", c.Size, "side that images are scaled to, `pixels`")
	fs.IntVar(&c.Known, "known", c.Known, "classes of -data that models are pretrained on (0: three fifths)")
	fs.IntVar(&c.Models, "models", c.Models, "models of the zoo")
	fs.IntVar(&c.Candidates, "candidates", c.Candidates,
		"architectures that are pretrained; the zoo keeps -models of them")
	c.Search.bind(fs)
	c.Pretrain.Bind(fs, "pretrain")
	c.Tune.bind(fs)
	c.Stream.bind(fs)
}

// answers makes a task of the user's one that nothing is tried out on, unless the flag says so.
func (c *Config) answers(fs *flag.FlagSet) {
	given := false
	fs.Visit(func(f *flag.Flag) { given = given || f.Name == "explore" })
	if c.Task != "" && !given {
		c.Stream.Explore = 0
	}
}

func parts() []string { return []string{Everything, Zoo, Stream} }

func (s *Search) bind(fs *flag.FlagSet) {
	fs.StringVar(&s.Layout, "search-layout", s.Layout,
		"`architecture` whose macro layout the search over blocks has")
	fs.Var(run.Counts(&s.Channels), "search-channels", "choices of the stem's `channels`, separated by commas")
	fs.IntVar(&s.Stride, "search-stem", s.Stride, "by how much the stem shrinks images: 1, 2 or 4")
	fs.IntVar(&s.Blocks, "search-blocks", s.Blocks, "most blocks of a stage")
	fs.Float64Var(&s.MAdds, "search-madds", s.MAdds, "most `millions` of multiply-adds")
	fs.Float64Var(&s.Step, "search-step", s.Step, "longest step of training, `milliseconds` (0: no limit)")
	fs.IntVar(&s.Population, "search-population", s.Population, "architectures of a population")
	fs.IntVar(&s.Block, "search-block", s.Block, "architectures measured on the block level")
	fs.IntVar(&s.Macro, "search-macro", s.Macro, "architectures measured on the macro level")
	fs.IntVar(&s.Images, "search-images", s.Images,
		"training images of an architecture that is measured (0: all)")
	fs.IntVar(&s.Judged, "search-judged", s.Judged, "held-out images that judge one (0: all)")
	fs.IntVar(&s.Workers, "search-workers", s.Workers, "architectures measured at a time")
	s.Train.Bind(fs, "search")
}

func (t *Tune) bind(fs *flag.FlagSet) {
	fs.IntVar(&t.Batch, "tune-batch", t.Batch, "batch size of fine-tuning")
	fs.Float64Var(&t.WeightDecay, "tune-decay", t.WeightDecay, "weight decay of fine-tuning")
	fs.BoolVar(&t.Flip, "tune-flip", t.Flip, "random mirror images in fine-tuning")
	fs.IntVar(&t.Crop, "tune-crop", t.Crop, "padding of the random crop in fine-tuning, pixels")
	fs.Float64Var(&t.Clip, "tune-clip", t.Clip, "bound on the norm of the gradient in fine-tuning (0: none)")
	fs.IntVar(&t.Fall, "tune-fall", t.Fall, "last `steps` of fine-tuning, over which the rate falls to zero")
	fs.Var(run.Amounts(&t.Rates), "tune-rates",
		"learning `rates` among which regimes choose, separated by commas")
	fs.IntVar(&t.Judged, "tune-judged", t.Judged, "test images that judge a fine-tuned model (0: all)")
}

func (t *Tasks) bind(fs *flag.FlagSet) {
	fs.IntVar(&t.Random, "random", t.Random, "tasks of the stream whose regimes are drawn at random")
	fs.IntVar(&t.Chosen, "chosen", t.Chosen, "tasks behind them whose regimes are chosen")
	fs.IntVar(&t.Classes, "task-classes", t.Classes, "most classes of a task")
	fs.IntVar(&t.Fewest, "task-fewest", t.Fewest, "fewest training images of a class of a task")
	fs.IntVar(&t.Most, "task-most", t.Most, "most training images of a class of a task")
	fs.Float64Var(&t.Shortest, "shortest", t.Shortest, "shortest time limit of a task, `seconds`")
	fs.Float64Var(&t.Longest, "longest", t.Longest, "longest time limit of a task, `seconds`")
	fs.Float64Var(&t.Explore, "explore", t.Explore,
		"standard errors by which a regime is preferred that was hardly tried")
	fs.StringVar(&t.Pretaught, "pretaught", t.Pretaught,
		"`log` of outcomes with the same zoo, learnt before the stream")
	fs.BoolVar(&t.Plain, "plain-hedge", t.Plain, "choose by the network of the paper instead of ours")
}

// check reports the first field that makes no sense whatever the data are, and makes paths
// absolute.
func (c *Config) check() error {
	switch {
	case !slices.Contains(parts(), c.Run):
		return fmt.Errorf("-run %q: expected one of %s", c.Run, strings.Join(parts(), ", "))
	case c.Run == Stream && c.From == "":
		return errors.New("-run stream needs -from, the folder of a run that has built a zoo")
	case c.Run == Zoo && (c.From != "" || c.Task != ""):
		return errors.New("-run zoo builds a zoo: -from and -task use one")
	case c.Task != "" && c.From == "":
		return errors.New("-task needs -from, the folder of a run that has built a zoo")
	case (c.Task == "") != (c.Limit == 0):
		return errors.New("-task and -limit: give both or none")
	case c.Stream.Longest < c.Stream.Shortest:
		return fmt.Errorf("-longest %g: expected at least the shortest, %g", c.Stream.Longest, c.Stream.Shortest)
	case c.Stream.Most < c.Stream.Fewest:
		return fmt.Errorf("-task-most %d: expected at least the fewest, %d", c.Stream.Most, c.Stream.Fewest)
	}
	if err := c.checkNumbers(); err != nil {
		return err
	}
	for name, t := range map[string]*run.Training{"search": &c.Search.Train, "pretrain": &c.Pretrain} {
		if err := t.Check(name); err != nil {
			return err
		}
	}
	paths := []*string{&c.Data, &c.From, &c.Task, &c.Stream.Pretaught}
	for i := range c.More {
		if c.More[i] == "" {
			return errors.New("-more: an empty path")
		}
		if c.More[i] != Embedded {
			paths = append(paths, &c.More[i])
		}
	}
	return run.Absolute(paths...)
}

func (c *Config) checkNumbers() error {
	const most = math.MaxInt32
	s, t, k := &c.Search, &c.Tune, &c.Stream
	return cmp.Or(
		run.Within("limit", c.Limit.Seconds(), 0, 1e9),
		run.Within("size", c.Size, 16, 512),
		run.Within("known", c.Known, 0, most),
		run.Within("models", c.Models, 1, 512),
		run.Within("candidates", c.Candidates, 0, 4096),
		run.Within("search-stem", s.Stride, 1, 4),
		run.Within("search-blocks", s.Blocks, 1, 32),
		run.Within("search-madds", s.MAdds, 0.01, 1e9),
		run.Within("search-step", s.Step, 0, 1e9),
		run.Within("search-population", s.Population, 2, 1e4),
		run.Within("search-block", s.Block, 1, 1e6),
		run.Within("search-macro", s.Macro, 1, 1e6),
		run.Within("search-images", s.Images, 0, most),
		run.Within("search-judged", s.Judged, 0, most),
		run.Within("search-workers", s.Workers, 1, 1024),
		run.Within("tune-batch", t.Batch, 2, 1e6),
		run.Within("tune-decay", t.WeightDecay, 0, 0.999),
		run.Within("tune-crop", t.Crop, 0, 4096),
		run.Within("tune-clip", t.Clip, 0, 1e9),
		run.Within("tune-fall", t.Fall, 1, 1e6),
		run.Within("tune-judged", t.Judged, 0, most),
		run.Within("random", k.Random, 0, 1e6),
		run.Within("chosen", k.Chosen, 0, 1e6),
		run.Within("task-classes", k.Classes, 2, most),
		run.Within("task-fewest", k.Fewest, 2, most),
		run.Within("task-most", k.Most, 2, most),
		run.Within("shortest", k.Shortest, 0.01, 1e6),
		run.Within("longest", k.Longest, 0.01, 1e6),
		run.Within("explore", k.Explore, 0, 1e6),
	)
}
