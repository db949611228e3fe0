package supernet

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
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

// A last batch of one calibration image joins the batch before, from the data and from memory.
func TestCalibrationBatch(t *testing.T) {
	n := tinyNet(t, Elastic)
	for _, c := range []struct {
		images, batch int
		want          []int
	}{{9, 0, []int{9}}, {9, 4, []int{4, 5}}, {9, 8, []int{9}}, {10, 4, []int{4, 4, 2}}, {3, 1, []int{1, 1, 1}}} {
		ds := stripes(t, c.images, 16, 1)
		im, err := n.calibration(&EvalOptions{Calibration: ds, CalibrationBatch: c.batch})
		if err != nil {
			t.Fatal(err)
		}
		var pixels [2][]float32
		for k := range pixels {
			var got []int
			err := im.each(context.Background(), func(b *dataset.Batch) error {
				got = append(got, b.N)
				pixels[k] = append(pixels[k], b.X...)
				return nil
			})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%d images in batches of %d: batches of %d, expected %d (%v)", c.images, c.batch, got,
					c.want, err)
			}
		}
		if !slices.Equal(pixels[0], pixels[1]) {
			t.Errorf("%d images in batches of %d: memory has others", c.images, c.batch)
		}
	}
}

// Statistics gathered in batches of any size are those of one batch of all images, in the first
// layer to rounding, in others nearly.
func TestPooledStatistics(t *testing.T) {
	ctx := context.Background()
	train := stripes(t, 60, 16, 1)
	m := tinyModel(t)
	if _, err := m.Train(ctx, train, short(3)); err != nil {
		t.Fatal(err)
	}
	first := m.prog.norms[0]
	mean, variance := m.store.place(first, kindMean).key, m.store.place(first, kindVar).key
	var want map[string][]float32
	for _, batch := range []int{60, 30, 7, 2} {
		if err := m.Recalibrate(ctx, train, &EvalOptions{CalibrationBatch: batch}); err != nil {
			t.Fatal(err)
		}
		got := m.values()
		if want == nil {
			want = got
		}
		if !close32(got[mean], want[mean], 1e-6) || !close32(got[variance], want[variance], 1e-6) {
			t.Errorf("batches of %d: statistics %v and %v, expected %v and %v", batch, got[mean], got[variance],
				want[mean], want[variance])
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
	swapped, err := dataset.Relabel(train, train.Classes(), []int{1, 0, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tinyModel(t).Train(context.Background(), swapped, o)
	if !errors.Is(err, ErrCheckpointMismatch) || !strings.Contains(err.Error(), "Labels") ||
		strings.Contains(err.Error(), "Pixels") {
		t.Errorf("other labels: %v", err)
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

// Images of 16 pixels leave the last stages one value per channel: a training in batches of one is
// refused before its first step.
func TestOneImageTraining(t *testing.T) {
	o := short(1)
	o.BatchSize, o.Recorder = 1, RecorderFunc(func(Progress) error { t.Error("a step"); return nil })
	m := tinyModel(t)
	before := m.values()
	_, err := m.Train(context.Background(), stripes(t, 8, 16, 1), o)
	if !errors.Is(err, ErrData) || !strings.Contains(err.Error(), "one value per channel") {
		t.Errorf("got %v", err)
	}
	sameValues(t, m.values(), before)
}

func TestNormalizationRefused(t *testing.T) {
	s := tinySpace(t)
	bad := dataset.ImageNet()
	bad.Std[1] = 0
	if _, err := NewModel(s, s.Smallest(), &Options{Normalization: bad}); err == nil {
		t.Error("a standard deviation of 0 was accepted")
	}
}
