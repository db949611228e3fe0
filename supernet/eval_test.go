package supernet

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestRecalibration compares statistics gathered in batches with those of all images, computed by
// hand, and looks that shared weights stay.
func TestRecalibration(t *testing.T) {
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 1)
	before := n.values()
	a := n.space.Smallest()
	p, err := n.program(a)
	if err != nil {
		t.Fatal(err)
	}
	ds := stripes(t, 40, 16, 3)
	im := newImages(ds, 16, n.norm, 0)
	stats := n.ownStats(p)
	if err := n.gather(context.Background(), p, im, stats); err != nil {
		t.Fatal(err)
	}
	// The first batch normalisation reads the stem's output, which does not depend on other
	// statistics.
	all := firstBatch(t, ds, ds.Len())
	n.runner.tape.Begin(nn.Step{})
	in := &p.code[0]
	y := n.runner.tape.Conv(n.runner.tape.Input(inputShape(all.N, all.Size), all.X), in.weight, nn.Vector{}, in.conv)
	c := n.runner.tape.Shape(y).C
	data := n.runner.tape.Read(y, nil)
	rows := len(data) / c
	mean, variance := make([]float64, c), make([]float64, c)
	for ch := range c {
		for i := range rows {
			mean[ch] += float64(data[i*c+ch]) / float64(rows)
		}
		for i := range rows {
			d := float64(data[i*c+ch]) - mean[ch]
			variance[ch] += d * d / float64(rows-1)
		}
	}
	st := n.runner.tape.Stream()
	got := make([]float32, len(mean))
	st.Read(stats[0].Mean.Buf, 0, got)
	for i := range got {
		if math.Abs(float64(got[i])-mean[i]) > 1e-6 {
			t.Errorf("mean %d is %v, expected %v", i, got[i], mean[i])
		}
	}
	st.Read(stats[0].Var.Buf, 0, got)
	for i := range got {
		if math.Abs(float64(got[i])-variance[i]) > 1e-6*(1+variance[i]) {
			t.Errorf("variance %d is %v, expected %v", i, got[i], variance[i])
		}
	}
	sameValues(t, n.values(), before)
}

// TestEvaluate checks stamps, memory of measurements, and that nothing shared moves.
func TestEvaluate(t *testing.T) {
	n := tinyNet(t, Elastic)
	jitter(t, n.network, 1)
	n.SetStage(3)
	val, train := stripes(t, 30, 16, 4), stripes(t, 60, 16, 5)
	before := n.values()
	judge, err := n.On(val, &EvalOptions{Calibration: train, BatchSize: 8})
	if err != nil {
		t.Fatal(err)
	}
	a := n.space.Largest()
	m, err := judge.Evaluate(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	if m.Arch != a || m.Stage != 3 || m.WeightVersion != n.WeightVersion() || !m.Recalibrated || m.Samples != 30 || m.Loss <= 0 {
		t.Errorf("measurement %+v", m)
	}
	again, err := judge.Evaluate(context.Background(), a)
	if err != nil || again != m {
		t.Errorf("second measurement %+v (%v), expected %+v", again, err, m)
	}
	fresh, err := n.On(val, &EvalOptions{Calibration: train, BatchSize: 8})
	if err != nil {
		t.Fatal(err)
	}
	if other, err := fresh.Evaluate(context.Background(), a); err != nil || other != m {
		t.Errorf("measured anew: %+v (%v), expected %+v", other, err, m)
	}
	sameValues(t, n.values(), before)

	raw, err := n.On(val, &EvalOptions{Statistics: Running})
	if err != nil {
		t.Fatal(err)
	}
	if other, err := raw.Evaluate(context.Background(), a); err != nil || other.Recalibrated || other.Loss == m.Loss {
		t.Errorf("without recalibration: %+v (%v)", other, err)
	}
	batch, err := n.On(val, &EvalOptions{Statistics: OfBatch, BatchSize: 30})
	if err != nil {
		t.Fatal(err)
	}
	if other, err := batch.Evaluate(context.Background(), a); err != nil || other.Recalibrated || other.Loss == m.Loss {
		t.Errorf("with batch statistics: %+v (%v)", other, err)
	}
	sameValues(t, n.values(), before)

	jitter(t, n.network, 9)
	if other, err := judge.Evaluate(context.Background(), a); err != nil || other.Loss == m.Loss || other.WeightVersion == m.WeightVersion {
		t.Errorf("after the weights moved: %+v (%v), before %+v", other, err, m)
	}
}

// TestExtractEqualsInherited compares the evaluation of an extracted model with that of the
// inherited weights.
func TestExtractEqualsInherited(t *testing.T) {
	for _, sharing := range []Sharing{Elastic, SinglePath} {
		n := tinyNet(t, sharing)
		jitter(t, n.network, 1)
		n.SetStage(2)
		val, train := stripes(t, 30, 16, 4), stripes(t, 60, 16, 5)
		judge, err := n.On(val, &EvalOptions{Calibration: train})
		if err != nil {
			t.Fatal(err)
		}
		a := sample(t, n.space, 11)
		want, err := judge.Evaluate(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		byNet, err := n.Extract(context.Background(), a, train)
		if err != nil {
			t.Fatal(err)
		}
		byJudge, err := judge.Extract(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []*Model{byNet, byJudge} {
			got, err := m.Evaluate(context.Background(), val, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Accuracy != want.Accuracy || math.Abs(got.Loss-want.Loss) > 1e-5 || got.Stage != 2 || got.Arch != a {
				t.Errorf("%v: model measures %+v, inherited %+v", sharing, got, want)
			}
		}
		sameValues(t, byNet.values(), byJudge.values())
	}
}

// TestUnknownLabels checks that labels beyond the classes of the network count as wrong.
func TestUnknownLabels(t *testing.T) {
	m := tinyModel(t)
	ds := stripes(t, 20, 16, 1)
	known, err := m.Evaluate(context.Background(), ds, nil)
	if err != nil {
		t.Fatal(err)
	}
	more, err := dataset.FromPixels(16, []string{"a", "b", "c", "d", "new"}, slices.Repeat([]int{4}, 20), make([]uint8, 20*16*16))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Evaluate(context.Background(), more, nil)
	if err != nil || got.Accuracy != 0 || got.Loss != 0 || got.Samples != 20 {
		t.Errorf("unknown labels give %+v (%v)", got, err)
	}
	if known.Loss == 0 {
		t.Errorf("known labels give %+v", known)
	}
	if _, err := m.Train(context.Background(), more, short(1)); !errors.Is(err, ErrData) {
		t.Errorf("training on unknown labels: %v, expected ErrData", err)
	}
}

// TestEvaluateErrors checks what is refused.
func TestEvaluateErrors(t *testing.T) {
	n := tinyNet(t, Elastic)
	ds := stripes(t, 12, 16, 1)
	if _, err := n.On(ds, nil); !errors.Is(err, ErrData) {
		t.Errorf("no calibration data: %v, expected ErrData", err)
	}
	if _, err := n.On(nil, &EvalOptions{Statistics: Running}); !errors.Is(err, ErrData) {
		t.Errorf("no data: %v, expected ErrData", err)
	}
	if _, err := n.On(stripes(t, 4, 12, 1), &EvalOptions{Statistics: Running}); !errors.Is(err, ErrData) {
		t.Errorf("images of another size: %v, expected ErrData", err)
	}
	b, err := n.On(ds, &EvalOptions{Calibration: ds, BatchSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Evaluate(context.Background(), searchspace.Arch{}); err == nil {
		t.Error("the zero Arch was evaluated")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Evaluate(ctx, n.space.Smallest()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestEmbed checks shape, order and content of the features: the classifier applied to them gives
// the logits.
func TestEmbed(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 1)
	ds := stripes(t, 130, 16, 1)
	q := m.FeatureLen()
	var rows []float32
	var labels []int
	err := m.Embed(context.Background(), ds, func(f *tensor.Dense, l []int) error {
		if s := f.Shape(); len(s) != 2 || s[0] != len(l) || s[1] != q {
			t.Errorf("features of shape %v for %d labels, expected %d columns", s, len(l), q)
		}
		rows = append(rows, f.Data().([]float32)...)
		labels = append(labels, l...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(labels) != ds.Len() || len(rows) != ds.Len()*q {
		t.Fatalf("%d labels and %d numbers for %d images of %d features", len(labels), len(rows), ds.Len(), q)
	}
	b := firstBatch(t, ds, 8)
	want := outputs(t, m.network, m.prog, b)
	values := m.values()
	w, bias := values["classifier.linear.weight"], values["classifier.linear.bias"]
	for i := range b.N {
		if labels[i] != b.Labels[i] {
			t.Errorf("label %d is %d, expected %d", i, labels[i], b.Labels[i])
		}
		for c := range 4 {
			sum := float64(bias[c])
			for k := range q {
				sum += float64(rows[i*q+k]) * float64(w[k*4+c])
			}
			if math.Abs(sum-float64(want[i*4+c])) > 1e-4 {
				t.Errorf("image %d class %d: features give %v, the network %v", i, c, sum, want[i*4+c])
			}
		}
	}
	stop := errors.New("enough")
	if err := m.Embed(context.Background(), ds, func(*tensor.Dense, []int) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error of the callback: %v", err)
	}
}

// TestConcurrentEvaluate judges from several goroutines.
func TestConcurrentEvaluate(t *testing.T) {
	n := tinyNet(t, Elastic)
	ds := stripes(t, 24, 16, 1)
	b, err := n.On(ds, &EvalOptions{Calibration: ds})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	results := make([]searchspace.Measurement, 8)
	for i := range results {
		wg.Go(func() {
			m, err := b.Evaluate(context.Background(), sample(t, n.space, uint64(i%2)))
			if err != nil {
				t.Error(err)
			}
			results[i] = m
		})
	}
	wg.Wait()
	for i := 2; i < len(results); i++ {
		if results[i] != results[i%2] {
			t.Errorf("measurement %d is %+v, expected %+v", i, results[i], results[i%2])
		}
	}
}

// TestOverflow checks that a network whose logits overflow is measured as a bad one.
func TestOverflow(t *testing.T) {
	m := tinyModel(t)
	values := m.values()
	for i := range values["classifier.linear.bias"] {
		values["classifier.linear.bias"][i] = float32(math.Inf(1))
	}
	if err := m.setValues(values); err != nil {
		t.Fatal(err)
	}
	got, err := m.Evaluate(context.Background(), stripes(t, 8, 16, 1), nil)
	if err != nil || got.Accuracy != 0 || got.Loss != lossCeiling {
		t.Errorf("%+v (%v)", got, err)
	}
	if _, _, err := m.Classify(picture(t, stripes(t, 1, 16, 1), 0)); !errors.Is(err, ErrNotFinite) {
		t.Errorf("classify: %v, expected ErrNotFinite", err)
	}
}

// TestCrossEntropy compares with the definition.
func TestCrossEntropy(t *testing.T) {
	row := []float32{1, -2, 0.5}
	sum := math.Exp(1) + math.Exp(-2) + math.Exp(0.5)
	for i, v := range row {
		if got, want := crossEntropy(row, i), -math.Log(math.Exp(float64(v))/sum); math.Abs(got-want) > 1e-12 {
			t.Errorf("class %d: %v, expected %v", i, got, want)
		}
	}
	if argmax(row) != 0 || argmax([]float32{1, float32(math.NaN())}) != -1 {
		t.Error("argmax")
	}
}
