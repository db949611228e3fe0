package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbinet/npyio"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
)

// TestExport writes the smallest network; NumPy's format is read by a reader of others.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	var out, errs strings.Builder
	if code := program().Start(t.Context(), []string{"-out", dir, "-networks", "etnas", "-steps", "2",
		"-batch", "4", "-images", "3", "-size", "28"}, run.Streams{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("status %d: %s", code, errs.String())
	}
	if !strings.Contains(out.String(), "031-_16_1-1-21-12") {
		t.Errorf("printed %q", out.String())
	}
	for _, name := range []string{"model.onnx", "unfolded.onnx", "model.safetensors", "features.npy"} {
		if info, err := os.Stat(filepath.Join(dir, "etnas", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	open := func(name string, data any) {
		f, err := os.Open(filepath.Join(dir, "etnas", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := npyio.Read(f, data); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	var p []float32
	open("probabilities.npy", &p)
	var sum float64
	for _, v := range p {
		sum += float64(v)
	}
	if len(p) != 3*classes || sum < 2.999 || sum > 3.001 {
		t.Errorf("%d probabilities of sum %v, expected %d of sum 3", len(p), sum, 3*classes)
	}
	var x []uint8
	open("images.npy", &x)
	if len(x) != 3*28*28*3 {
		t.Errorf("%d bytes of images", len(x))
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"-networks", "none"}, {"stray"}, {"-steps", "0"}, {"-batch", "x"}} {
		var out, errs strings.Builder
		if code := program().Start(t.Context(), args, run.Streams{Out: &out, Err: &errs}); code != 2 ||
			errs.Len() == 0 {
			t.Errorf("%v: status %d, message %q", args, code, errs.String())
		}
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, program(), nil) }
