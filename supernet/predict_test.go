package supernet

import (
	"context"
	"errors"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// collect gathers what Predict hands out.
type collect struct {
	t      testing.TB
	probs  []float32
	labels []int
}

func (c *collect) add(probs *tensor.Dense, labels []int) error {
	c.t.Helper()
	if s := probs.Shape(); len(s) != 2 || s[0] != len(labels) {
		c.t.Errorf("probabilities of shape %v for %d labels", s, len(labels))
	}
	c.probs = append(c.probs, probs.Data().([]float32)...)
	c.labels = append(c.labels, labels...)
	return nil
}

// TestPredict: probabilities agree with Classify image by image and with Evaluate on the whole.
func TestPredict(t *testing.T) {
	ctx := context.Background()
	m := tinyModel(t)
	jitter(t, m.network, 1)
	ds := stripes(t, 50, 16, 1)
	got := &collect{t: t}
	if err := m.Predict(ctx, ds, &EvalOptions{BatchSize: 8}, got.add); err != nil {
		t.Fatal(err)
	}
	if len(got.labels) != 50 || len(got.probs) != 200 {
		t.Fatalf("%d labels and %d probabilities", len(got.labels), len(got.probs))
	}
	correct, loss := 0, 0.0
	for i, label := range got.labels {
		row := got.probs[i*4 : i*4+4]
		if argmax(row) == label {
			correct++
		}
		loss -= math.Log(float64(row[label])) / 50
		if label != ds.Label(i) {
			t.Errorf("label %d is %d", i, label)
		}
		if i%10 > 0 {
			continue
		}
		if best, probs, err := m.Classify(picture(t, ds, i)); err != nil || best != argmax(row) || !close32(probs, row, 1e-5) {
			t.Errorf("image %d: %v, Classify says %v, error %v", i, row, probs, err)
		}
	}
	v, err := m.Evaluate(ctx, ds, nil)
	if err != nil || v.Correct != correct || math.Abs(v.Loss-loss) > 1e-5 {
		t.Errorf("Evaluate says %+v, error %v, the probabilities %d right and a loss of %v", v, err, correct, loss)
	}
}

// TestPredictSubset: the probabilities of some classes are those of all, divided by their sum;
// labels have no influence.
func TestPredictSubset(t *testing.T) {
	ctx := context.Background()
	m := tinyModel(t)
	jitter(t, m.network, 1)
	ds := stripes(t, 10, 16, 1)
	all, some := &collect{t: t}, &collect{t: t}
	if err := m.Predict(ctx, ds, nil, all.add); err != nil {
		t.Fatal(err)
	}
	if err := m.Predict(ctx, ds, &EvalOptions{Classes: []int{3, 0}}, some.add); err != nil {
		t.Fatal(err)
	}
	for i := range some.labels {
		sum := all.probs[i*4+3] + all.probs[i*4]
		want := []float32{all.probs[i*4+3] / sum, all.probs[i*4] / sum}
		if !close32(some.probs[i*2:i*2+2], want, 1e-5) {
			t.Errorf("image %d: %v, expected %v", i, some.probs[i*2:i*2+2], want)
		}
	}
	stop := errors.New("enough")
	if err := m.Predict(ctx, ds, nil, func(*tensor.Dense, []int) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error of the callback: %v", err)
	}
	if err := m.Predict(ctx, ds, &EvalOptions{Classes: []int{4}}, some.add); !errors.Is(err, ErrData) {
		t.Errorf("class 4 of 4: error %v, expected ErrData", err)
	}
	if err := m.Predict(ctx, nil, nil, some.add); !errors.Is(err, ErrData) {
		t.Errorf("no data: error %v, expected ErrData", err)
	}
	values := m.values()
	values["classifier.linear.bias"][2] = float32(math.NaN())
	if err := m.setValues(values); err != nil {
		t.Fatal(err)
	}
	if err := m.Predict(ctx, ds, nil, all.add); !errors.Is(err, ErrNotFinite) {
		t.Errorf("a logit that is not a number: error %v, expected ErrNotFinite", err)
	}
	if err := m.Predict(ctx, ds, &EvalOptions{Classes: []int{0, 1}}, all.add); err != nil {
		t.Errorf("a logit that nobody asked about: error %v", err)
	}
}

// TestJudgePredict: what a Judge predicts, the extracted model predicts, and Evaluate counts.
func TestJudgePredict(t *testing.T) {
	ctx := context.Background()
	val, train := stripes(t, 12, 16, 4), stripes(t, 20, 16, 5)
	for _, o := range []*EvalOptions{{Calibration: train}, {Statistics: Running}, {Statistics: OfBatch, BatchSize: 12}} {
		j := judgeOf(t, val, o)
		a := sample(t, j.net.space, 11)
		got, want := &collect{t: t}, &collect{t: t}
		if err := j.Predict(ctx, a, got.add); err != nil {
			t.Fatal(err)
		}
		correct := 0
		for i, label := range got.labels {
			if argmax(got.probs[i*4:i*4+4]) == label {
				correct++
			}
		}
		if v := must(t)(j.Evaluate(ctx, a)); v.Correct != correct {
			t.Errorf("%d right, Evaluate says %d", correct, v.Correct)
		}
		if o.Statistics == OfBatch {
			continue
		}
		m, err := j.Extract(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Predict(ctx, val, nil, want.add); err != nil {
			t.Fatal(err)
		}
		if !close32(got.probs, want.probs, 1e-5) {
			t.Errorf("statistics %d: probabilities differ from the extracted model's", o.Statistics)
		}
	}
}

// TestImageCache: any images come with their own pixels and labels, from the data set or from
// memory.
func TestImageCache(t *testing.T) {
	ctx := context.Background()
	ds := &readCounter{Dataset: stripes(t, 23, 16, 1)}
	whole := firstBatch(t, ds.Dataset, 23)
	c := newImageCache(ds, 4, tinyNet(t, Elastic).norm, 0)
	pixels := len(whole.X) / 23
	for _, index := range [][]int{{5}, {7, 8, 9, 10, 11, 12, 13}, {3, 8, 22, 8, 0}, interval(0, 23), {22, 1}, interval(4, 17)} {
		at := 0
		err := c.each(ctx, index, func(b *dataset.Batch) error {
			for k := range b.N {
				i := index[at+k]
				if b.Labels[k] != whole.Labels[i] || !close32(b.X[k*pixels:(k+1)*pixels], whole.X[i*pixels:(i+1)*pixels], 0) {
					t.Errorf("images %v: image %d is another one", index, i)
				}
			}
			at += b.N
			return nil
		})
		if err != nil || at != len(index) {
			t.Errorf("images %v: %d served, error %v", index, at, err)
		}
	}
	before := ds.read.Load()
	if err := c.each(ctx, interval(0, 23), func(*dataset.Batch) error { return nil }); err != nil || ds.read.Load() != before {
		t.Errorf("%d images read again, error %v", ds.read.Load()-before, err)
	}
}
