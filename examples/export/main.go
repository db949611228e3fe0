package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// config is the command line.
type config struct {
	out    string
	names  []string
	size   int
	steps  int
	batch  int
	images int
	seed   uint64
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c config
	fs := flag.NewFlagSet("export", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&c.out, "out", "out/export", "`folder` to write to")
	list := fs.String("networks", "", "comma-separated `names` (default all): "+strings.Join(names(), ", "))
	fs.IntVar(&c.size, "size", 32, "image size in `pixels`")
	fs.IntVar(&c.steps, "steps", 20, "training `steps`")
	fs.IntVar(&c.batch, "batch", 16, "`images` of a training step")
	fs.IntVar(&c.images, "images", 16, "test `images` to write answers for")
	fs.Uint64Var(&c.seed, "seed", 1, "`seed` of architectures, weights and data order")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *list != "" {
		c.names = strings.Split(*list, ",")
	}
	if err := c.check(fs.Args()); err != nil {
		fmt.Fprintln(stderr, "export:", err)
		return 2
	}
	if err := c.export(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, "export:", err)
		return 1
	}
	return 0
}

func (c *config) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("argument %q, expected only flags", rest[0])
	}
	for _, n := range c.names {
		if !slices.Contains(names(), n) {
			return fmt.Errorf("network %q, expected one of %s", n, strings.Join(names(), ", "))
		}
	}
	if c.steps < 1 || c.batch < 2 || c.images < 1 || c.size < 1 {
		return errors.New("-steps, -images and -size must be positive, -batch at least 2")
	}
	return nil
}

// export trains and writes all chosen networks.
func (c *config) export(ctx context.Context, stdout io.Writer) error {
	train, test, err := fashion.Load(c.size)
	if err != nil {
		return err
	}
	if train, err = first(train, c.steps*c.batch, c.seed); err != nil {
		return err
	}
	if test, err = first(test, c.images, c.seed); err != nil {
		return err
	}
	for _, n := range networks() {
		if len(c.names) > 0 && !slices.Contains(c.names, n.name) {
			continue
		}
		if err := c.one(ctx, n, train, test, stdout); err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	return nil
}

// first draws n images.
func first(ds dataset.Dataset, n int, seed uint64) (dataset.Dataset, error) {
	if n >= ds.Len() {
		return ds, nil
	}
	return dataset.Subset(ds, rand.New(rand.NewPCG(seed, 0)).Perm(ds.Len())[:n])
}

// one trains a network on every training image once and writes it.
func (c *config) one(ctx context.Context, n network, train, test dataset.Dataset, stdout io.Writer) error {
	space, arch, err := n.open(c.size, c.seed)
	if err != nil {
		return err
	}
	m, err := supernet.NewModel(space, arch, &supernet.Options{Seed: c.seed})
	if err != nil {
		return err
	}
	res, err := m.Train(ctx, train, &supernet.TrainOptions{Epochs: 1, BatchSize: c.batch, LR: 0.02, Seed: c.seed})
	if err != nil {
		return err
	}
	if err := m.Recalibrate(ctx, train, &supernet.EvalOptions{CalibrationImages: c.steps * c.batch}); err != nil {
		return err
	}
	dir := filepath.Join(c.out, n.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := write(ctx, dir, m, test); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%-22s %8d parameters  loss %.3f after %d steps  %s\n", n.name, m.Params(), res.Losses[0], res.Steps, space.Format(arch))
	return nil
}

// write writes a model and what it says about some images.
func write(ctx context.Context, dir string, m *supernet.Model, test dataset.Dataset) error {
	if err := m.WriteONNX(ctx, filepath.Join(dir, "model.onnx"), &supernet.ONNXOptions{ClassNames: test.Classes(), Features: true, Probabilities: true}); err != nil {
		return err
	}
	if err := m.WriteONNX(ctx, filepath.Join(dir, "unfolded.onnx"), &supernet.ONNXOptions{ClassNames: test.Classes(), KeepBatchNorm: true, Features: true, Probabilities: true}); err != nil {
		return err
	}
	if err := m.WriteSafetensors(ctx, filepath.Join(dir, "model.safetensors")); err != nil {
		return err
	}
	return answers(ctx, dir, m, test)
}
