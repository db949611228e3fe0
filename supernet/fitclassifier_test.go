package supernet

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// fitted is the smallest model with random features, and its classifier fitted.
func fitted(t testing.TB, train dataset.Dataset, o *FitOptions) (*Model, *FitResult) {
	t.Helper()
	m := tinyModel(t)
	jitter(t, m.network, 1)
	res, err := m.FitClassifier(t.Context(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, res
}

// head is the keys of the tensors of a classifier.
func head(m *Model) (weight, bias string) {
	n := &m.prog.graph.Nodes[m.prog.logits]
	return m.store.place(n, kindWeight).key, m.store.place(n, kindBias).key
}

// TestFitClassifier: the classifier is at the minimum, where the mean probability of each class is
// its share of the images, and nothing else changed. The result is what the model does.
func TestFitClassifier(t *testing.T) {
	train, val := stripes(t, 90, 16, 1), stripes(t, 60, 16, 2)
	blank := tinyModel(t)
	jitter(t, blank.network, 1)
	before := blank.values()
	first, err := blank.Evaluate(t.Context(), val, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*FitOptions{
		"nil": nil, "validation": {Validation: val}, "one": {Strengths: []float64{0.1}, HeldOut: -1},
		"augmented": {Augment: &dataset.Augment{CropPadding: 1}, Passes: 2},
	} {
		m, res := fitted(t, train, o)
		weight, bias := head(m)
		for key, v := range m.values() {
			if same := slices.Equal(v, before[key]); same == (key == weight || key == bias) {
				t.Errorf("%s: %s is the same: %v", name, key, same)
			}
		}
		if m.WeightVersion() == blank.WeightVersion() {
			t.Errorf("%s: the version of the weights stayed", name)
		}
		if name != "augmented" {
			sum := make([]float64, 4)
			err := m.Predict(t.Context(), train, nil, func(probs *tensor.Dense, labels []int) error {
				for i, v := range probs.Data().([]float32) {
					sum[i%4] += float64(v)
				}
				for _, c := range labels {
					sum[c]--
				}
				return nil
			})
			for c, d := range sum {
				if err != nil || math.Abs(d) > 90*5e-5 {
					t.Errorf("%s: probabilities of class %d are %v more than its images, error %v", name, c,
						d, err)
				}
			}
		}
		got, err := m.Evaluate(t.Context(), val, nil)
		if err != nil || got.Loss > first.Loss || got.Accuracy < 0.4 {
			t.Errorf("%s: %+v, error %v; before %+v", name, got, err, first)
		}
		want := FitResult{Images: 90, Classes: 4, HeldOut: 4 * 4}
		switch name {
		case "validation":
			want.HeldOut = 60
			if math.Abs(res.Accuracy-got.Accuracy) > 1.5/60 || math.Abs(res.Loss-got.Loss) > 0.01 {
				t.Errorf("accuracy %v and loss %v, the model has %+v", res.Accuracy, res.Loss, got)
			}
		case "one":
			want.HeldOut = 0
			if res.Strength != 0.1 || res.Tried != nil || res.Accuracy != 0 {
				t.Errorf("one strength: %+v", res)
			}
		}
		if res.Images != want.Images || res.Classes != want.Classes || res.HeldOut != want.HeldOut ||
			res.Iterations < 5 || res.Gradient > 1e-5 || res.Gradient <= 0 ||
			res.FeatureTime <= 0 || res.SolveTime <= 0 {
			t.Errorf("%s: %+v, expected %+v", name, res, want)
		}
		for _, at := range res.Tried {
			if at.Loss < res.Loss || at.Strength == res.Strength && at.Accuracy != res.Accuracy {
				t.Errorf("%s: %+v beside the choice %+v", name, at, res)
			}
		}
	}
}

// TestFitClasses: classes of data are matched by name in any order; those without images keep their
// weights, and two are enough.
func TestFitClasses(t *testing.T) {
	train := stripes(t, 40, 16, 1)
	named := func() *Model {
		m := tinyModel(t)
		jitter(t, m.network, 1)
		if err := m.SetClassNames(t.Context(), train.Classes()...); err != nil {
			t.Fatal(err)
		}
		return m
	}
	other, err := dataset.ByClass(train, 2, 0, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := dataset.ByClass(train, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, taught := named(), tinyModel(t)
	jitter(t, taught.network, 1)
	start := m.values()
	for _, x := range []struct {
		*Model
		dataset.Dataset
	}{{m, train}, {taught, other}} {
		if _, err := x.FitClassifier(t.Context(), x.Dataset, nil); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(taught.ClassNames(), other.Classes()) {
		t.Errorf("a model without names is left with %q", taught.ClassNames())
	}
	permuted := named()
	if _, err := permuted.FitClassifier(t.Context(), other, nil); err != nil {
		t.Fatal(err)
	}
	sameValues(t, permuted.values(), m.values())

	m = named()
	res, err := m.FitClassifier(t.Context(), pair, nil)
	if err != nil || res.Classes != 2 || res.Images != 20 {
		t.Fatalf("two classes: %+v, error %v", res, err)
	}
	weight, bias := head(m)
	after := m.values()
	for c := range 4 {
		same := after[bias][c] == start[bias][c]
		for i := c; i < len(after[weight]); i += 4 {
			same = same && after[weight][i] == start[weight][i]
		}
		if same != (c == 0 || c == 2) {
			t.Errorf("weights of class %d are the same: %v", c, same)
		}
	}
	v, err := m.Evaluate(t.Context(), pair, &EvalOptions{Classes: []int{1, 3}})
	if err != nil || v.Accuracy < 0.9 {
		t.Errorf("%+v of two classes, error %v", v, err)
	}
}

// TestFitFew: with an image of each class nothing can be held out, with two there can; and images
// can be limited.
func TestFitFew(t *testing.T) {
	for _, c := range []struct {
		images, limit, held int
		strength            float64
	}{{4, 0, 0, blindStrength}, {8, 0, 4, 0}, {5, 0, 1, 0}, {60, 31, 0, 0}} {
		train := stripes(t, c.images, 16, 1)
		m, res := fitted(t, train, &FitOptions{Images: c.limit})
		if c.limit == 0 && res.HeldOut != c.held || c.strength != 0 && res.Strength != c.strength {
			t.Errorf("%d images: %+v", c.images, res)
		}
		if c.limit > 0 && res.Images != c.limit {
			t.Errorf("%d images, expected %d", res.Images, c.limit)
		}
		if v, err := m.Evaluate(t.Context(), train, nil); c.images == 4 && (err != nil || v.Accuracy < 1) {
			t.Errorf("%d images: %+v right, error %v", c.images, v, err)
		}
	}
}

// TestFitSplit: of every class the share is held out, as it is and once; no pass over those images
// is fitted to, and all the others are.
func TestFitSplit(t *testing.T) {
	labels := slices.Repeat([]int{0, 0, 0, 0, 1, 1, 1, 0}, 5) // 25 and 15
	labels = append(labels, 2, 2, 3)
	for _, c := range []struct {
		share float64
		want  []int
	}{{0.2, []int{5, 3, 1, 0}}, {0.99, []int{24, 14, 1, 0}}, {0, []int{0, 0, 0, 0}}} {
		o := &FitOptions{HeldOut: c.share, Passes: 2}
		f := &fitting{opts: o, fitted: []int{0, 1, 2, 3}}
		fit, held := f.split(labels)
		count, out := make([]int, 4), map[int]bool{}
		for _, row := range held {
			count[labels[row]]++
			out[row] = true
		}
		if !slices.Equal(count, c.want) {
			t.Errorf("%v of the images: %v held out, expected %v", c.share, count, c.want)
		}
		for row := range 3 * len(labels) {
			if slices.Contains(fit, row) == out[row%len(labels)] {
				t.Errorf("%v of the images: pass %d of image %d", c.share, row/len(labels), row%len(labels))
			}
		}
	}
}

// TestFitProcessors: the bits do not depend on processors, loaders and runs, but on the seed.
func TestFitProcessors(t *testing.T) {
	train := stripes(t, 130, 16, 1)
	o := FitOptions{Augment: &dataset.Augment{Flip: true, CropPadding: 2}, BatchSize: 32,
		Strengths: []float64{1, 0.1}}
	var want map[string][]float32
	var res *FitResult
	for _, procs := range []int{1, 3} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		o.LoaderWorkers = procs
		m, r := fitted(t, train, &o)
		if want == nil {
			want, res = m.values(), r
		}
		sameValues(t, m.values(), want)
		if r.Accuracy != res.Accuracy || !slices.Equal(r.Tried, res.Tried) {
			t.Errorf("%d processors: %+v, one finds %+v", procs, r, res)
		}
	}
	o.Seed++
	m, _ := fitted(t, train, &o)
	weight, _ := head(m)
	if slices.Equal(m.values()[weight], want[weight]) {
		t.Error("another seed draws the same images")
	}
}

// TestFitRefuses: what cannot be fitted is an error and leaves the model as it was, names included.
func TestFitRefuses(t *testing.T) {
	train := stripes(t, 24, 16, 1)
	single, err := dataset.KeepClasses(train, 2)
	if err != nil {
		t.Fatal(err)
	}
	strange, err := dataset.Relabel(train, []string{"direction 0", "direction 1", "x", "y"}, []int{0, 1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		train dataset.Dataset
		o     *FitOptions
		named bool
		nan   bool
		want  error // nil: any
	}{
		"no data":         {want: ErrData},
		"size":            {train: stripes(t, 8, 24, 1), want: ErrData},
		"one class":       {train: single, want: ErrData},
		"unknown classes": {train: strange, named: true, want: ErrData},
		"validation":      {train: train, o: &FitOptions{Validation: strange}, named: true, want: ErrData},
		"validation size": {train: train, o: &FitOptions{Validation: stripes(t, 8, 24, 1)}, want: ErrData},
		"cancelled":       {ctx: cancelled, train: train, want: context.Canceled},
		"not finite":      {train: train, nan: true, want: ErrNotFinite},
		"held out":        {train: train, o: &FitOptions{HeldOut: 1}},
		"batch":           {train: train, o: &FitOptions{BatchSize: -1}},
		"strength":        {train: train, o: &FitOptions{Strengths: []float64{1, 0}}},
		"augmentation":    {train: train, o: &FitOptions{Augment: &dataset.Augment{Cutout: -1}}},
	} {
		m := tinyModel(t)
		if c.named {
			if err := m.SetClassNames(t.Context(), train.Classes()...); err != nil {
				t.Fatal(err)
			}
		}
		if c.nan {
			// The layer before the last activation.
			key := m.store.place(&m.prog.graph.Nodes[m.prog.feature-1], kindWeight).key
			bad := slices.Repeat([]float32{float32(math.Inf(1))}, len(m.values()[key]))
			if err := m.setValues(map[string][]float32{key: bad}); err != nil {
				t.Fatal(err)
			}
		}
		before, names := m.values(), m.ClassNames()
		ctx := t.Context()
		if c.ctx != nil {
			ctx = c.ctx
		}
		res, err := m.FitClassifier(ctx, c.train, c.o)
		if err == nil || res == nil || c.want != nil && !errors.Is(err, c.want) ||
			!strings.HasPrefix(err.Error(), "supernet: fit classifier: ") {
			t.Errorf("%s: %+v, error %v, expected %v", name, res, err, c.want)
		}
		sameValues(t, m.values(), before)
		if !slices.Equal(m.ClassNames(), names) {
			t.Errorf("%s: names are %q, were %q", name, m.ClassNames(), names)
		}
	}
	// Nor is a network changed while it is trained.
	m := tinyModel(t)
	o := short(1)
	o.Before = func(ctx context.Context, _ int) error {
		_, err := m.FitClassifier(ctx, train, nil)
		return err
	}
	if _, err := m.Train(t.Context(), train, o); !errors.Is(err, ErrTraining) {
		t.Errorf("fitted while training: error %v", err)
	}
}
