package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

func main() { program().Main() }

// settings of the command line.
type settings struct {
	State        string  `json:"-"`
	Listen       string  `json:"-"`
	Admin        string  `json:"-"`
	Queue        int     `json:"queue"`
	Images       int     `json:"images"`
	Size         int     `json:"size"`
	Width        float64 `json:"width"`
	Pretrained   bool    `json:"pretrained,omitempty"`
	Epochs       int     `json:"epochs"`
	MaxImages    int     `json:"max_images"`
	Inherit      string  `json:"inherit"`
	Compare      bool    `json:"compare"`
	KeepTraining bool    `json:"keep_training"`
}

func program() *run.Program[settings, *served] {
	return &run.Program[settings, *served]{
		Path: "examples/service",
		Defaults: func() settings {
			return settings{Queue: 4, Images: 200, Size: 28, Width: 0.5, Epochs: 4,
				Inherit: string(fromServing), Compare: true}
		},
		Suit: func(c *settings, given settings, _ bool) {
			if given.Pretrained {
				c.Size, c.Epochs = 64, 3
			}
		},
		Flags: func(fs *flag.FlagSet, c *settings) {
			fs.StringVar(&c.State, "state", "",
				"`folder` that keeps the service; empty: it ends with the program")
			fs.StringVar(&c.Listen, "listen", "", "`address` where images are classified, for example :8080")
			fs.StringVar(&c.Admin, "admin", "", "`address` of the operator, for example 127.0.0.1:8081, "+
				"where batches arrive too; without it they are embedded images")
			fs.IntVar(&c.Queue, "queue", c.Queue, "`batches` that may wait for an adjustment to end")
			fs.IntVar(&c.Images, "images", c.Images, "embedded `images` of a class in a batch")
			fs.IntVar(&c.Size, "size", c.Size, "side of the images that networks see, `pixels`")
			fs.Float64Var(&c.Width, "width", c.Width, "`factor` of all channels")
			fs.BoolVar(&c.Pretrained, "pretrained", c.Pretrained,
				"start from EfficientNet-Lite0 with its ImageNet weights, in the space around it")
			fs.IntVar(&c.Epochs, "epochs", c.Epochs,
				"`epochs` of each training for service; of a supernet half as many")
			fs.IntVar(&c.MaxImages, "max-images", c.MaxImages, "`images` that are kept; 0: all")
			fs.StringVar(&c.Inherit, "inherit", c.Inherit,
				"where the training of a new architecture starts: `serving`, supernet or none")
			fs.BoolVar(&c.Compare, "compare", c.Compare,
				"train the serving architecture on too, and swap only for one that does better")
			fs.BoolVar(&c.KeepTraining, "keep-training", c.KeepTraining,
				"train on with each batch for which the architecture is kept")
		},
		Check: check,
		GoOn: func(c *settings) string {
			if c.State == "" {
				return "its state is lost: it had no -state"
			}
			return fmt.Sprintf("start it again with -state %s and it goes on", c.State)
		},
		Work: work,
	}
}

func check(fs *flag.FlagSet, c *settings) error {
	width := false
	fs.Visit(func(f *flag.Flag) { width = width || f.Name == "width" })
	switch {
	case width && c.Pretrained:
		return errors.New("-width has no meaning with -pretrained")
	case c.Images < 10:
		return fmt.Errorf("-images %d: expected at least 10", c.Images)
	case c.Queue < 1:
		return fmt.Errorf("-queue %d: expected at least 1", c.Queue)
	case c.Epochs < 1:
		return fmt.Errorf("-epochs %d: expected at least 1", c.Epochs)
	case c.Admin == "" && c.Size != 28 && !c.Pretrained:
		return fmt.Errorf("-size %d: embedded images have 28 pixels; others arrive by -admin", c.Size)
	}
	cfg := c.config(nil)
	if err := cfg.check(); err != nil {
		return err
	}
	_, err := cfg.space([]string{"any"})
	return err
}

// config is the service that the settings describe. What else suits other data than the embedded
// images is to be changed here.
func (c *settings) config(log *slog.Logger) Config {
	cfg := Config{
		Space:     searchspace.MobileNetV3Options{Width: c.Width, InputSize: c.Size, Depths: []int{2, 3}},
		HeldOut:   0.1,
		MaxImages: c.MaxImages,
		Seed:      1,

		Supernet:     supernet.TrainOptions{Epochs: max(1, c.Epochs/2), BatchSize: 64, LR: 0.05},
		Sandwich:     2,
		Retrain:      supernet.TrainOptions{Epochs: c.Epochs, BatchSize: 64, LR: 0.02},
		Inherit:      inherit(c.Inherit),
		Distill:      0.5,
		KeepTraining: c.KeepTraining,

		Condition: adjuster.Condition{Epsilon: 4},
		Adjuster: adjuster.Options{Iterations: 30, Baseline: 0.95, KeepPrevious: !c.Compare,
			Objective: adjuster.Likelihood, Form: adjuster.PerDoubling, Race: &adjuster.Race{Block: 20}, CheckpointEvery: 10,
			Retries: -1}, // what fails here fails again
		Trial:   0.25,
		Compare: c.Compare,
		Log:     log,
	}
	if c.Pretrained {
		cfg.Pretrained = true
		cfg.Inherited, cfg.Retrain.LR, cfg.Retrain.FrozenStages = 0.3, 0.01, []int{0, 1, 2}
		cfg.Retrain.BatchSize, cfg.Retrain.ClipNorm, cfg.Supernet.BatchSize = 32, 10, 32
		cfg.Supernet.LR, cfg.Sandwich = 0.01, 1
		cfg.Adjuster.Iterations = 20
	}
	return cfg
}

// work takes the ports, opens the service, and gives it batches while requests are answered.
func work(ctx context.Context, j *run.Job, c *settings) (_ *served, err error) {
	public, err := bind(c.Listen, clientTimeouts, j.Log)
	if err != nil {
		return nil, err
	}
	defer public.close()
	admin, err := bind(c.Admin, adminTimeouts, j.Log)
	if err != nil {
		return nil, err
	}
	defer admin.close()
	dir := c.State
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tendril-service-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
	}
	unlock, err := checkpoint.Lock(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	s, err := Open(ctx, dir, c.config(j.Log))
	if err != nil {
		return nil, err
	}
	q, err := openQueue(filepath.Join(dir, queueFolder), c.Queue, s.store.Ticket)
	if err != nil {
		return nil, err
	}
	if c.Admin == "" && (s.store.Ticket != "" || q.len() > 0) {
		return nil, fmt.Errorf("the batches of %s come from outside: -admin goes on with them; "+
			"embedded images would come on top", dir)
	}
	if at := public.handle(handler(s)); at != "" {
		j.Out.Printf("images are classified at http://%s/", at)
	}
	if at := admin.handle(adminHandler(s, q)); at != "" {
		j.Out.Printf("batches are received at http://%s/batch", at)
	}
	found := &served{}
	return found, beside(ctx, []*endpoint{public, admin}, func(ctx context.Context) error {
		if c.Admin != "" {
			return feed(ctx, s, q, j.Out)
		}
		if err := demo(ctx, j.Out, s, c.Images, found); err != nil || c.Listen == "" {
			return err
		}
		j.Out.Printf("still serving; interrupt to end")
		<-ctx.Done()
		return ctx.Err()
	})
}
