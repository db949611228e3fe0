package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// TestExport trains a few steps and checks that the files hold what the peer needs: as many losses
// and rates as steps, the weights by their PyTorch names, and images in NCHW order with one label
// each.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	args := []string{"-out", dir, "-images", "96", "-batch", "32", "-epochs", "2", "-width", "0.25"}
	if code := program().Start(t.Context(), args, run.Streams{Out: &out, Err: &out}); code != run.ExitOK {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	text, err := os.ReadFile(filepath.Join(dir, "tendril.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Losses) != 6 || len(s.Rates) != 6 {
		t.Errorf("got %d losses and %d rates, want 6 of each", len(s.Losses), len(s.Rates))
	}
	if first := s.Losses[0]; math.Abs(first-math.Log(10)) > 0.5 {
		t.Errorf("first loss %g, want about log 10: the weights were to be fresh", first)
	}
	weights := tensors(t, filepath.Join(dir, "initial.safetensors"))
	if w := weights["first_conv.conv.weight"]; len(w.Shape) != 4 || w.Shape[1] != 3 || w.Shape[2] != 3 ||
		w.Shape[3] != 3 {
		t.Errorf("first_conv.conv.weight has shape %v, want [out 3 3 3]", w.Shape)
	}
	data := tensors(t, filepath.Join(dir, "data.safetensors"))
	if got := data["train.images"].Shape; len(got) != 4 || got[0] != 96 || got[1] != 3 || got[2] != 32 ||
		got[3] != 32 {
		t.Errorf("train.images has shape %v, want [96 3 32 32]", got)
	}
	if got := data["train.labels"].Shape; len(got) != 1 || got[0] != 96 {
		t.Errorf("train.labels has shape %v, want [96]", got)
	}
}

func tensors(t *testing.T, path string) map[string]checkpoint.Tensor {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	_, all, err := checkpoint.ReadSafetensors(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, program(), nil) }
