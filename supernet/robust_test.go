package supernet

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// What is judged does not depend on the images of a forward pass that judges.
func TestJudgingBatch(t *testing.T) {
	train := stripes(t, 64, 16, 1)
	n := tinyNet(t, Elastic)
	if _, err := n.Train(context.Background(), train, short(2)); err != nil {
		t.Fatal(err)
	}
	a := n.Space().Largest()
	var want float64
	for i, batch := range []int{100, 1, 2, 7} {
		m, err := judgeOn(t, n, train, batch).Evaluate(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = m.Loss
		}
		if math.Abs(m.Loss-want) > 1e-5*want {
			t.Errorf("batches of %d: loss %v, expected %v", batch, m.Loss, want)
		}
	}
}

func judgeOn(t *testing.T, n *Net, ds dataset.Dataset, batch int) *Judge {
	t.Helper()
	j, err := n.On(ds, &EvalOptions{BatchSize: batch, Calibration: ds})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestCalibrationBatch(t *testing.T) {
	for _, c := range [][3]int{{2000, 0, 100}, {101, 0, 101}, {201, 0, 101}, {9, 2, 3}, {5, 1, 1}, {3, 100, 100}} {
		if got := calibrationBatch(c[0], c[1]); got != c[2] {
			t.Errorf("%d images in batches of %d: %d, expected %d", c[0], c[1], got, c[2])
		}
	}
}

// A checkpoint knows its data and a folder that is not there is noticed before the first step.
func TestCheckpointOfOtherData(t *testing.T) {
	train, other := stripes(t, 32, 16, 1), stripes(t, 32, 16, 2)
	o := short(1)
	o.Checkpoint = filepath.Join(t.TempDir(), "train.ckpt")
	if _, err := tinyModel(t).Train(context.Background(), train, o); err != nil {
		t.Fatal(err)
	}
	_, err := tinyModel(t).Train(context.Background(), other, o)
	if !errors.Is(err, ErrCheckpointMismatch) || !strings.Contains(err.Error(), "Pixels") {
		t.Errorf("other pixels: %v", err)
	}
	o.Checkpoint = filepath.Join(t.TempDir(), "none", "train.ckpt")
	steps := 0
	o.Recorder = RecorderFunc(func(Progress) error { steps++; return nil })
	if _, err := tinyModel(t).Train(context.Background(), train, o); !errors.Is(err, fs.ErrNotExist) || steps > 0 {
		t.Errorf("folder missing: %v after %d steps", err, steps)
	}
}

// One value per channel has no variance.
func TestOneValue(t *testing.T) {
	p := tinyModel(t).prog
	least := math.MaxInt
	for _, norm := range p.norms {
		least = min(least, norm.Out.H*norm.Out.W)
	}
	all := func(*searchspace.Node) bool { return true }
	if err := p.enough(1, all); (err != nil) != (least == 1) {
		t.Errorf("%d values: %v", least, err)
	}
	p.norms[0].Out.H, p.norms[0].Out.W = 1, 1
	if err := p.enough(1, all); !errors.Is(err, ErrData) || !strings.Contains(err.Error(), p.norms[0].Name) {
		t.Errorf("one value: %v", err)
	}
	if err := p.enough(1, func(*searchspace.Node) bool { return false }); err != nil {
		t.Error(err)
	}
	if err := p.enough(2, all); err != nil {
		t.Error(err)
	}
}

func TestNormalizationRefused(t *testing.T) {
	s := tinySpace(t)
	bad := dataset.ImageNet()
	bad.Std[1] = 0
	if _, err := NewModel(s, s.Smallest(), &Options{Normalization: bad}); err == nil {
		t.Error("a standard deviation of 0 was accepted")
	}
}
