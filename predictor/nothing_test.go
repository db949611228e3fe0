package predictor

import (
	"path/filepath"
	"testing"
)

// TestNothing uses what no function has made, and hands nothing to what needs something: an error,
// no panic.
func TestNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	task, regime, x := Task{Images: 10, Classes: 2}, Regime{Model: "m", Rate: 1, Iterations: 1}, []float64{1}
	learner := func(l Learner) func() error {
		return func() error {
			if n := l.Inputs(); n != 0 {
				t.Errorf("%T: %d inputs", l, n)
			}
			if _, err := l.Predict(nil); err == nil {
				t.Errorf("%T predicts from nothing", l)
			}
			if _, err := l.Update(nil, 1); err == nil {
				t.Errorf("%T learns nothing", l)
			}
			_, err := l.Update(x, 1)
			return err
		}
	}
	for name, call := range map[string]func() error{
		"hedge":            learner(&Hedge{}),
		"no hedge":         learner((*Hedge)(nil)),
		"mlp":              learner(&MLP{}),
		"mean":             learner(&Mean{}),
		"no linear":        func() error { _, err := NewOnline((*Linear)(nil), nil); return err },
		"no ridge":         func() error { _, err := NewOnline((*Ridge)(nil), nil); return err },
		"no mean":          func() error { _, err := NewOnline((*Mean)(nil), nil); return err },
		"times":            func() error { return (&Generator{}).LearnTime(Request{Times: fixed(1)}, regime, 1) },
		"times of none":    func() error { return (*Generator)(nil).LearnTime(Request{Times: fixed(1)}, regime, 1) },
		"linear":           learner(&Linear{}),
		"ridge":            learner(&Ridge{}),
		"width":            func() error { _, err := (&Ridge{}).Width(nil); return err },
		"parameters":       func() error { (&Hedge{}).Parameters(); return (&Hedge{}).SetParameters(Parameters{}) },
		"weights":          func() error { (&Weights{}).Regret(); (&Weights{}).At(-1); return (&Weights{}).Update(x) },
		"intervals":        func() error { (&Intervals{}).Half(); _, err := (&Intervals{}).Update(1); return err },
		"standard":         func() error { return (&Standard{}).Apply(x, x) },
		"features":         func() error { _, err := (&Features{}).Of(nil, task, regime); return err },
		"online":           func() error { _, err := (&Online{}).Predict(x); return err },
		"online learns":    func() error { _, err := (&Online{}).Learn(x, 1); return err },
		"online saved":     func() error { return (&Online{}).Save(path) },
		"generator":        func() error { _, err := (&Generator{}).Predict(task, regime); return err },
		"generator learns": func() error { _, err := (&Generator{}).Learn(task, regime, 1); return err },
		"generator saved":  func() error { return (&Generator{}).Save(path) },
		"request":          func() error { _, err := newGenerator(t, Options{Models: zooOfWorld}).Propose(Request{}); return err },
		"proposes": func() error {
			_, err := (&Generator{}).Propose(Request{Limit: 1, Times: fixed(1), Batch: 1, Size: 1})
			return err
		},
		"wrapped":           func() error { _, err := NewOnline(&Hedge{}, nil); return err },
		"models":            func() error { _, err := NewFeatures(nil, nil); return err },
		"anytime":           func() error { _, err := NewAnytime(nil); return err },
		"loads":             func() error { _, err := LoadOnline(""); return err },
		"loads a generator": func() error { _, err := LoadGenerator(""); return err },
	} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%s: panic: %v", name, r)
				}
			}()
			if call() == nil {
				t.Errorf("%s: no error", name)
			}
		}()
	}
	if _, more := (&Anytime{}).Pace(0); more {
		t.Error("a schedule that nobody made goes on")
	}
	if (&Plan{}).Best().Score != 0 || (&Hedge{}).Regret().Steps != 0 || (&Generator{}).Score().Count != 0 {
		t.Error("something of nothing")
	}
	if _, ok := (&Generator{}).Regret(); ok {
		t.Error("regret of nothing")
	}
}
