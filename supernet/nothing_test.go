package supernet

import (
	"fmt"
	"image"
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestNothing hands nothing to every call that needs something: an error, no panic.
func TestNothing(t *testing.T) {
	ctx, train, space := t.Context(), stripes(t, 8, 16, 1), tinySpace(t)
	n, m := tinyNet(t, Elastic), tinyModel(t)
	relaxed, err := n.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := n.On(train, &EvalOptions{Statistics: Running})
	if err != nil {
		t.Fatal(err)
	}
	a, none := space.Smallest(), (*dataset.Memory)(nil)
	drawn := func(s Sampler) error { _, err := s.Sample(0); return err }
	for name, call := range map[string]func() error{
		"New":               func() error { _, err := New(nil, nil); return err },
		"NewModel":          func() error { _, err := NewModel(nil, a, nil); return err },
		"Pretrained":        func() error { _, _, err := Pretrained(ctx, nil, a, nil, nil); return err },
		"source":            func() error { _, _, err := Pretrained(ctx, space, a, nil, nil); return err },
		"MeasureLatency":    func() error { _, err := MeasureLatency(ctx, nil, nil); return err },
		"Uniform":           func() error { return drawn(Uniform(nil, 1)) },
		"Sandwich":          func() error { return drawn(Sandwich(nil, 1, 1)) },
		"Several":           func() error { return drawn(Several(2, nil)) },
		"Cycle":             func() error { return drawn(Cycle()) },
		"NewSampler":        func() error { return drawn(NewSampler("none", nil)) },
		"Net.Train":         func() error { _, err := n.Train(ctx, nil, nil); return err },
		"Net.Train none":    func() error { _, err := n.Train(ctx, none, nil); return err },
		"Net.On":            func() error { _, err := n.On(nil, nil); return err },
		"calibration":       func() error { _, err := n.On(train, nil); return err },
		"no calibration":    func() error { _, err := n.On(train, &EvalOptions{Calibration: none}); return err },
		"Net.Inherit":       func() error { _, err := n.Inherit(ctx, nil, nil); return err },
		"Net.Extract":       func() error { _, err := n.Extract(ctx, a, none); return err },
		"Judge.Predict":     func() error { return judge.Predict(ctx, a, nil) },
		"Relaxation.On":     func() error { _, err := relaxed.On(nil, nil); return err },
		"Model.Train":       func() error { _, err := m.Train(ctx, nil, nil); return err },
		"validation":        func() error { _, err := m.Train(ctx, train, &TrainOptions{Epochs: 1, Validation: none}); return err },
		"Recalibrate":       func() error { return m.Recalibrate(ctx, nil, nil) },
		"Model.Evaluate":    func() error { _, err := m.Evaluate(ctx, nil, nil); return err },
		"Model.Predict":     func() error { return m.Predict(ctx, train, nil, nil) },
		"Predict on none":   func() error { return m.Predict(ctx, none, nil, nil) },
		"Embed":             func() error { return m.Embed(ctx, train, nil) },
		"Embed on none":     func() error { return m.Embed(ctx, none, nil) },
		"FitClassifier":     func() error { _, err := m.FitClassifier(ctx, nil, nil); return err },
		"fit validation":    func() error { _, err := m.FitClassifier(ctx, train, &FitOptions{Validation: none}); return err },
		"Morph":             func() error { _, _, err := m.Morph(ctx, space.Largest(), &MorphOptions{Calibration: none}); return err },
		"Profile":           func() error { _, err := m.Profile(nil); return err },
		"ClassifyTensor":    func() error { _, err := m.ClassifyTensor(nil); return err },
		"Classify":          func() error { _, _, err := m.Classify(nil); return err },
		"no picture":        func() error { _, _, err := m.Classify((*image.RGBA)(nil)); return err },
		"no colour":         func() error { _, _, err := m.Classify(image.NewUniform(nil)); return err },
		"Top":               func() error { _, err := m.Top(nil, 1); return err },
		"GrowClasses":       func() error { return n.GrowClasses(ctx) },
		"WithClasses":       func() error { _, err := m.WithClasses(ctx); return err },
		"SetClassNames":     func() error { return m.SetClassNames(ctx) },
		"Subset":            func() error { _, err := dataset.Subset(none, nil); return err },
		"Shuffle":           func() error { _, err := dataset.Shuffle(nil, 1); return err },
		"KeepClasses":       func() error { _, err := dataset.KeepClasses(none, 1); return err },
		"ByClass":           func() error { _, err := dataset.ByClass(nil, 1); return err },
		"Relabel":           func() error { _, err := dataset.Relabel(none, nil, nil); return err },
		"Fraction":          func() error { _, err := dataset.Fraction(nil, 0.5, 1); return err },
		"Split":             func() error { _, _, err := dataset.Split(none, 0.5, 1); return err },
		"Concat":            func() error { _, err := dataset.Concat(nil, none); return err },
		"Augmented":         func() error { _, err := dataset.Augmented(none, dataset.Augment{}, 1); return err },
		"Measure":           func() error { _, err := dataset.Measure(ctx, nil); return err },
		"ReadIDX":           func() error { _, err := dataset.ReadIDX(ctx, nil, nil, nil); return err },
		"FromImage":         func() error { return dataset.FromImage(make([]uint8, 48), image.NewUniform(nil), 4, 0) },
		"path of a model":   func() error { return m.Save(ctx, "") },
		"path of a network": func() error { return n.Save(ctx, "") },
		"path of ONNX":      func() error { return m.WriteONNX(ctx, "", nil) },
		"path of weights":   func() error { return m.WriteSafetensors(ctx, "") },
		"path of a store":   func() error { return NewWeightStore().Save("") },
		"path of images": func() error {
			g, err := dataset.NewGrowing(16, nil)
			if err != nil {
				return nil
			}
			t.Chdir(t.TempDir())
			return g.Save(ctx, "")
		},
		"recorder": func() error {
			_, err := m.Train(ctx, train, &TrainOptions{Epochs: 1, BatchSize: 4, Recorder: RecorderFunc(nil)})
			return err
		},
	} {
		if err := withoutPanic(call); err == nil {
			t.Errorf("%s: nothing was accepted", name)
		} else if _, panics := err.(panicError); panics {
			t.Errorf("%s: panic: %v", name, err)
		}
	}
	if dataset.Count(none) != nil || dataset.Source(none, 0) != "" {
		t.Error("something of no data set")
	}
}

type panicError struct{ of any }

func (e panicError) Error() string { return fmt.Sprint(e.of) }

// withoutPanic makes a panic of a call an error of its own.
func withoutPanic(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError{r}
		}
	}()
	return call()
}
