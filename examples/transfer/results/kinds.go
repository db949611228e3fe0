package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/tendril-nas/tendril/examples/adaxpert/job"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// transferCell is one run of examples/transfer.
func transferCell(name, data string, args []string) cell {
	return cell{Name: name, Data: data, Args: args, Command: "go run ./examples/transfer",
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				rep, err := transfer.Program().Call(ctx, j, withData(args, place))
				if err != nil {
					return r, err
				}
				rep.Images.Path = ""
				return result{Images: &rep.Images, Tune: &rep.Lengths.Tune, Steps: rep.Steps}, nil
			})
		}}
}

// jobCell is one run of examples/adaxpert on the images that the run of examples/transfer of the
// same seed has.
func jobCell(name, data string, perClass, seed int, args []string) cell {
	return cell{Name: name, Data: data, Args: args,
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				where, err := theSame(ctx, j, place, perClass, seed)
				if err != nil {
					return r, err
				}
				r.Job, err = job.Run(ctx, run.NewJob(j.Path("run"), j.Out, j.Log), withData(args, where))
				return r, err
			})
		}}
}

// onClock adds the time of processors to what do finds.
func onClock(j *run.Job, do func() (result, error)) (result, error) {
	return cells.OnClock(j, func(r *result) *float64 { return &r.CPU }, do)
}

func withData(args []string, place string) []string {
	return append(args[:len(args):len(args)], "-data", place)
}

// nativeSize is the side of images in files for other programs, pixels: that of CIFAR-10.
const nativeSize = 32

// theSame writes the images that examples/transfer draws, and says where they are.
func theSame(ctx context.Context, j *run.Job, place string, perClass, seed int) (string, error) {
	where := j.Path("images")
	cfg, err := transfer.Program().Settings(withData(strings.Fields(fmt.Sprintf("-per-class %d -seed %d -size %d", perClass,
		seed, nativeSize)), place))
	if err != nil {
		return "", err
	}
	train, test, err := transfer.Pool(ctx, &cfg)
	if err != nil {
		return "", err
	}
	for name, ds := range map[string]dataset.Dataset{"train.tar": train, "test.tar": test} {
		if err := writeTar(filepath.Join(where, name), ds); err != nil {
			return "", err
		}
	}
	return where, nil
}

// writeTar writes images as a tar of class folders.
func writeTar(path string, ds dataset.Dataset) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range ds.Len() {
		img, err := data.Picture(ds, i)
		if err != nil {
			return err
		}
		var one bytes.Buffer
		if err := png.Encode(&one, img); err != nil {
			return err
		}
		name := fmt.Sprintf("%s/%06d.png", ds.Classes()[ds.Label(i)], i)
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(one.Len())}); err != nil {
			return err
		}
		if _, err := w.Write(one.Bytes()); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(path, b.Bytes())
}
