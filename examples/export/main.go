package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/fashion"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

func main() { program().Main() }

// config is the command line.
type config struct {
	Networks string   `json:"networks"`
	Size     int      `json:"size"`
	Steps    int      `json:"steps"`
	Batch    int      `json:"batch"`
	Images   int      `json:"images"`
	Seed     run.Seed `json:"seed"`
	names    []string
}

func program() *run.Program[config, []exported] {
	return &run.Program[config, []exported]{
		Path: "examples/export", Keeps: run.Files, Out: filepath.Join("out", "export"),
		Defaults: func() config { return config{Size: 32, Steps: 20, Batch: 16, Images: 16, Seed: 1} },
		Flags:    flags, Check: check, Work: export,
	}
}

func flags(fs *flag.FlagSet, c *config) {
	fs.StringVar(&c.Networks, "networks", "",
		"comma-separated `names` (default all): "+strings.Join(names(), ", "))
	fs.IntVar(&c.Size, "size", c.Size, "image size in `pixels`")
	fs.IntVar(&c.Steps, "steps", c.Steps, "training `steps`")
	fs.IntVar(&c.Batch, "batch", c.Batch, "`images` of a training step")
	fs.IntVar(&c.Images, "images", c.Images, "test `images` to write answers for")
	c.Seed.Bind(fs)
}

func check(_ *flag.FlagSet, c *config) error {
	if c.Networks != "" {
		c.names = strings.Split(c.Networks, ",")
	}
	for _, n := range c.names {
		if !slices.Contains(names(), n) {
			return fmt.Errorf("network %q, expected one of %s", n, strings.Join(names(), ", "))
		}
	}
	if c.Steps < 1 || c.Batch < 2 || c.Images < 1 || c.Size < 1 {
		return errors.New("-steps, -images and -size must be positive, -batch at least 2")
	}
	return nil
}

// exported is a network that was written.
type exported struct {
	Name   string  `json:"name"`
	Arch   string  `json:"arch"`
	Params int     `json:"params"`
	Loss   float64 `json:"loss"` // of the last step
	Steps  int     `json:"steps"`
}

// export trains and writes all chosen networks.
func export(ctx context.Context, j *run.Job, c *config) (out []exported, err error) {
	train, test, err := fashion.Load(c.Size)
	if err != nil {
		return nil, err
	}
	if train, err = first(train, c.Steps*c.Batch, c.Seed); err != nil {
		return nil, err
	}
	if test, err = first(test, c.Images, c.Seed); err != nil {
		return nil, err
	}
	for _, n := range networks() {
		if len(c.names) > 0 && !slices.Contains(c.names, n.name) {
			continue
		}
		e, err := c.one(ctx, n, train, test, j.Path(n.name))
		if err != nil {
			return out, fmt.Errorf("%s: %w", n.name, err)
		}
		j.Out.Printf("%-22s %8d parameters  loss %.3f after %d steps  %s", e.Name, e.Params, e.Loss, e.Steps,
			e.Arch)
		out = append(out, e)
	}
	return out, nil
}

// first draws n images.
func first(ds dataset.Dataset, n int, seed run.Seed) (dataset.Dataset, error) {
	if n >= ds.Len() {
		return ds, nil
	}
	return dataset.Subset(ds, seed.Stream("export.images").Perm(ds.Len())[:n])
}

// one trains a network on every training image once and writes it.
func (c *config) one(ctx context.Context, n network, train, test dataset.Dataset,
	dir string) (e exported, err error) {
	space, arch, err := n.open(c.Size, c.Seed)
	if err != nil {
		return e, err
	}
	m, err := supernet.NewModel(space, arch, &supernet.Options{Seed: uint64(c.Seed)})
	if err != nil {
		return e, err
	}
	res, err := m.Train(ctx, train, &supernet.TrainOptions{Epochs: 1, BatchSize: c.Batch, LR: 0.02,
		Seed: uint64(c.Seed)})
	if err != nil {
		return e, err
	}
	if err := m.Recalibrate(ctx, train, &supernet.EvalOptions{CalibrationImages: c.Steps *
		c.Batch}); err != nil {
		return e, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return e, err
	}
	if err := write(ctx, dir, m, test); err != nil {
		return e, err
	}
	return exported{n.name, space.Format(arch), int(m.Params()), res.Losses[0], res.Steps}, nil
}

// write writes a model and what it says about some images.
func write(ctx context.Context, dir string, m *supernet.Model, test dataset.Dataset) error {
	if err := m.WriteONNX(ctx, filepath.Join(dir, "model.onnx"),
		&supernet.ONNXOptions{Features: true, Probabilities: true}); err != nil {
		return err
	}
	if err := m.WriteONNX(ctx, filepath.Join(dir, "unfolded.onnx"),
		&supernet.ONNXOptions{KeepBatchNorm: true, Features: true, Probabilities: true}); err != nil {
		return err
	}
	if err := m.WriteSafetensors(ctx, filepath.Join(dir, "model.safetensors")); err != nil {
		return err
	}
	return answers(ctx, dir, m, test)
}
