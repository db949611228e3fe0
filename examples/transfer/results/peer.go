package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// finetune is the fine-tuning in PyTorch.
//
//go:embed finetune.py
var finetune []byte

// rounds are how often both train, in turn.
const rounds = 2

// training is what one of them took and came to. CPU is the time of processors, seconds, of the
// training alone; accuracy is of the test images, a fraction.
type training struct {
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu_seconds"`
	Accuracy float64 `json:"accuracy"`
	Steps    int     `json:"steps"`
	Torch    string  `json:"torch,omitempty"`
}

// round is one training of each.
type round struct {
	Tendril training `json:"tendril"`
	PyTorch training `json:"pytorch"`
}

// peerSettings are what finetune.py reads.
type peerSettings struct {
	Size        int      `json:"size"`
	Crop        int      `json:"crop"`
	Classes     []string `json:"classes"`
	Dropout     float64  `json:"dropout"`
	Frozen      int      `json:"frozen"`
	LR          float64  `json:"lr"`
	Inherited   float64  `json:"inherited"`
	WeightDecay float64  `json:"weight_decay"`
	Clip        float64  `json:"clip"`
	Batch       int      `json:"batch"`
	Epochs      int      `json:"epochs"`
	Seed        int      `json:"seed"`
	Threads     int      `json:"threads"`
	TrainLabels []int    `json:"train_labels"`
	TestLabels  []int    `json:"test_labels"`
}

// dropout before the classifier of Lite0.
const dropout = 0.2

// peerCell trains the second step of examples/transfer and the same in PyTorch, one after the
// other, in turn.
func peerCell(name, data string, args []string, python *string) cell {
	return cell{Name: name, Data: data, Args: args,
		More: func(*cells.Results[result]) ([]string, error) {
			if *python == "" {
				return nil, fmt.Errorf("%w -python", cells.ErrWaits)
			}
			return nil, nil
		},
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (r result, err error) {
			cfg, err := transfer.Program().Prepare(j, withData(args, place))
			if err != nil {
				return r, err
			}
			t, err := transfer.NewTuning(ctx, j, &cfg)
			if err != nil {
				return r, err
			}
			span := t.Span()
			r.Tune = &span
			dir := j.Path("peer")
			if err := writePeer(ctx, dir, t, &cfg); err != nil {
				return r, err
			}
			for n := range rounds {
				one, err := run.Once(j, fmt.Sprintf("round-%d", n+1), func() (round, error) {
					return oneRound(ctx, t, n, *python, dir)
				})
				if err != nil {
					return r, err
				}
				r.Torch = one.PyTorch.Torch
				r.Rounds = append(r.Rounds, one)
			}
			return r, nil
		}}
}

// oneRound trains both. That of Tendril is done anew after an interruption, so that its time is of
// all of it.
func oneRound(ctx context.Context, t *transfer.Tuning, n int, python, dir string) (one round, err error) {
	m, took, err := t.Train(ctx, n)
	if err != nil {
		return one, err
	}
	_, test := t.Images()
	answers, err := contest.Of(ctx, m, test)
	if err != nil {
		return one, err
	}
	one.Tendril = training{Seconds: took.Seconds, CPU: took.CPU, Accuracy: answers.Accuracy(), Steps: t.Span().Steps}
	one.PyTorch, err = runPeer(ctx, python, dir)
	if err == nil && one.PyTorch.Steps != one.Tendril.Steps {
		err = fmt.Errorf("PyTorch trained for %d steps, Tendril for %d", one.PyTorch.Steps, one.Tendril.Steps)
	}
	return one, err
}

// writePeer writes what finetune.py reads.
func writePeer(ctx context.Context, dir string, t *transfer.Tuning, cfg *transfer.Config) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := t.Start().WriteSafetensors(ctx, filepath.Join(dir, "start.safetensors")); err != nil {
		return err
	}
	train, test := t.Images()
	o := peerSettings{Size: cfg.Size, Crop: cfg.Tune.Crop, Classes: train.Classes(), Dropout: dropout,
		Frozen: cfg.Tune.Frozen, LR: cfg.Tune.LR, Inherited: cfg.Tune.Inherited, WeightDecay: cfg.Tune.WeightDecay,
		Clip: cfg.Tune.Clip, Batch: cfg.Tune.Batch, Epochs: t.Span().Epochs, Seed: int(cfg.Seed), Threads: runtime.GOMAXPROCS(0)}
	var err error
	if o.TrainLabels, err = writePixels(filepath.Join(dir, "train.u8"), train); err != nil {
		return err
	}
	if o.TestLabels, err = writePixels(filepath.Join(dir, "test.u8"), test); err != nil {
		return err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"settings.json": text, "finetune.py": finetune} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writePixels writes images one after the other, row by row, red, green and blue.
func writePixels(path string, ds dataset.Dataset) (labels []int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pixels := make([]uint8, 3*ds.Size()*ds.Size())
	for i := range ds.Len() {
		if err := ds.Image(i, pixels); err != nil {
			return nil, err
		}
		if _, err := f.Write(pixels); err != nil {
			return nil, err
		}
		labels = append(labels, ds.Label(i))
	}
	return labels, f.Close()
}

// runPeer runs finetune.py, whose last line is what it found.
func runPeer(ctx context.Context, python, dir string) (t training, err error) {
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, python, filepath.Join(dir, "finetune.py"), dir)
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		return t, fmt.Errorf("%s finetune.py: %w\n%s", python, err, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &t); err != nil {
		return t, fmt.Errorf("finetune.py printed %q: %w", out.String(), err)
	}
	return t, nil
}
