package supernet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Judges, and losses of relaxed architectures, match by name too, and with the names that the
// network has when they are asked.
func TestJudgedByName(t *testing.T) {
	ctx := context.Background()
	n, err := New(tinySpace(t), &Options{Seed: 7, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	jitter(t, n.network, 1)
	a := sample(t, n.space, 3)
	val := called(t, stripes(t, 24, 16, 1), animals...)
	other := permuted(t, val, 2, 0, 3, 1)
	on := func(ds dataset.Dataset, o *EvalOptions) *Judge {
		j, err := n.On(ds, o)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	first, second := on(val, &EvalOptions{Statistics: Running, BatchSize: 8}), on(other, &EvalOptions{Statistics: Running, BatchSize: 8, CacheBytes: -1})
	for range 2 { // from the data set and from memory
		if got, want := must(t)(second.Evaluate(ctx, a)), must(t)(first.Evaluate(ctx, a)); got != want {
			t.Errorf("%+v, expected %+v", got, want)
		}
		if got, want := must(t)(second.EvaluateRange(ctx, a, 5, 17)), must(t)(first.EvaluateRange(ctx, a, 5, 17)); got != want {
			t.Errorf("some images: %+v, expected %+v", got, want)
		}
	}
	some := on(other, &EvalOptions{Statistics: Running, Classes: []int{3, 1}})
	if _, err := some.Evaluate(ctx, a); !errors.Is(err, ErrData) || !strings.Contains(err.Error(), "class 0") {
		t.Errorf("images of other classes than those asked about: %v, expected ErrData about class 0", err)
	}
	some = on(called(t, val, "ant", "dog", "bat", "fox"), &EvalOptions{Statistics: Running, Classes: []int{3, 1}})
	if _, err := some.Evaluate(ctx, a); !errors.Is(err, ErrData) || !strings.Contains(err.Error(), "does not know") {
		t.Errorf("images of unknown classes: %v, expected ErrData", err)
	}
	r, err := n.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := n.space.Relax(a)
	if err != nil {
		t.Fatal(err)
	}
	var losses []float64
	for _, ds := range []dataset.Dataset{val, other} {
		l, err := r.On(ds, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			loss, err := l.Loss(ctx, rows, interval(0, 24))
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, loss)
		}
	}
	if slices.Min(losses) != slices.Max(losses) {
		t.Errorf("relaxed losses %v, expected one number", losses)
	}

	// A class that comes to be known, and classes that change their names.
	more := on(called(t, val, "ant", "dog", "eel", "fox"), &EvalOptions{Statistics: Running})
	if v := must(t)(more.Evaluate(ctx, a)); v.Unknown != 6 {
		t.Errorf("before the class: %+v, expected 6 images unknown", v)
	}
	if err := n.GrowClasses(ctx, "ant"); err != nil {
		t.Fatal(err)
	}
	if v := must(t)(more.Evaluate(ctx, a)); v.Unknown != 0 {
		t.Errorf("with the class: %+v, expected no image unknown", v)
	}
	before := must(t)(first.Evaluate(ctx, a))
	if err := n.SetClassNames(ctx, "fox", "eel", "dog", "cat", "ant"); err != nil {
		t.Fatal(err)
	}
	if v := must(t)(first.Evaluate(ctx, a)); v.Loss == before.Loss || v.WeightVersion == before.WeightVersion {
		t.Errorf("with other names: %+v, before %+v", v, before)
	}
}

// Images of unknown classes: an error of Train and of its validation that names the classes, wrong
// in Evaluate, −1 in Predict, of no concern to Embed and calibration. Classes without images do not
// count.
func TestUnknownClasses(t *testing.T) {
	ctx := context.Background()
	var said warnings
	m, err := NewModel(tinySpace(t), tinySpace(t).Smallest(), &Options{Classes: animals, Logger: said.logger()})
	if err != nil {
		t.Fatal(err)
	}
	whole := stripes(t, 40, 16, 1)
	known := called(t, whole, animals...)
	strange := called(t, whole, "ant", "cat", "dog", "bat")
	few, err := dataset.KeepClasses(strange, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	before := m.values()
	o := short(1)
	o.Validation = strange
	for what, call := range map[string]func() error{
		"train":      func() error { _, err := m.Train(ctx, strange, short(1)); return err },
		"validation": func() error { _, err := m.Train(ctx, known, o); return err },
	} {
		err := call()
		if !errors.Is(err, ErrData) || !strings.Contains(err.Error(), `20 images`) || !strings.Contains(err.Error(), `"ant", "bat"`) ||
			strings.Contains(err.Error(), "validation") != (what == "validation") {
			t.Errorf("%s: %v, expected ErrData that names the classes", what, err)
		}
	}
	sameValues(t, m.values(), before)
	o.Validation, o.ValidationOptions = few, &EvalOptions{Calibration: strange}
	if _, err := m.Train(ctx, few, o); err != nil {
		t.Errorf("classes without images: %v", err)
	}
	if text := said.take(); text != "" {
		t.Errorf("warnings %q, expected none", text)
	}
	v := must(t)(m.Evaluate(ctx, strange, nil))
	if text := said.take(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "ant") || !strings.Contains(text, "images=20") {
		t.Errorf("warnings %q, expected one that names the classes", text)
	}
	part := must(t)(m.Evaluate(ctx, few, nil))
	if v.Unknown != 20 || v.Samples != 40 || v.Correct != part.Correct || v.Loss != part.Loss || v.Accuracy != part.Accuracy/2 {
		t.Errorf("%+v, of the known classes alone %+v", v, part)
	}
	got := &collect{t: t}
	if err := m.Predict(ctx, strange, nil, got.add); err != nil {
		t.Fatal(err)
	}
	var labels []int
	err = m.Embed(ctx, strange, func(_ *tensor.Dense, l []int) error { labels = append(labels, l...); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for i := range strange.Len() {
		if want := slices.Index(animals, strange.Classes()[strange.Label(i)]); got.labels[i] != want || labels[i] != strange.Label(i) {
			t.Errorf("image %d has label %d for Predict and %d for Embed, expected %d and %d", i, got.labels[i], labels[i], want, strange.Label(i))
		}
	}
	if err := m.Recalibrate(ctx, strange, nil); err != nil {
		t.Errorf("recalibration: %v", err)
	}
}

// Where names cannot tell, labels are numbers, and every call says so once.
func TestByNumber(t *testing.T) {
	ctx := context.Background()
	var said warnings
	ds := stripes(t, 32, 16, 1)
	three := permuted(t, ds, 0, 1, 2)
	network := func(classes []string) *Net {
		n, err := New(tinySpace(t), &Options{Classes: classes, Logger: said.logger()})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	eval := &EvalOptions{Statistics: Running}
	for name, c := range map[string]struct {
		classes []string
		data    dataset.Dataset
	}{
		"network without names": {nil, three},
		"data without names":    {animals, called(t, ds, Unnamed(4)...)},
		"two of one name":       {animals, called(t, ds, "cat", "dog", "eel", "cat")},
	} {
		n := network(c.classes)
		m, err := n.Extract(ctx, n.space.Smallest(), nil)
		if err != nil {
			t.Fatal(err)
		}
		validated := short(1)
		validated.Validation, validated.ValidationOptions = c.data, eval
		for call, f := range map[string]func() error{
			"train":     func() error { _, err := n.Train(ctx, c.data, short(1)); return err },
			"validated": func() error { _, err := m.Train(ctx, c.data, validated); return err },
			"on":        func() error { _, err := n.On(c.data, eval); return err },
			"evaluate":  func() error { _, err := m.Evaluate(ctx, c.data, nil); return err },
			"predict":   func() error { return m.Predict(ctx, c.data, nil, (&collect{t: t}).add) },
		} {
			said.take()
			if err := f(); err != nil {
				t.Errorf("%s: %s: %v", name, call, err)
			}
			if text := said.take(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "by number") {
				t.Errorf("%s: %s warns %q, expected once", name, call, text)
			}
		}
		if c.classes == nil {
			continue
		}
		got, want := must(t)(m.Evaluate(ctx, c.data, nil)), must(t)(m.Evaluate(ctx, called(t, c.data, animals...), nil))
		if got != want {
			t.Errorf("%s: %+v, expected %+v", name, got, want)
		}
	}
	said.take()
	n := network(animals)
	named := called(t, ds, "fox", "cat", "dog", "eel")
	if _, err := n.Train(ctx, named, short(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := n.On(named, eval); err != nil {
		t.Fatal(err)
	}
	fresh := network(nil)
	if _, err := fresh.Train(ctx, named, short(1)); err != nil {
		t.Fatal(err)
	}
	if text := said.take(); text != "" {
		t.Errorf("warnings %q, expected none", text)
	}
}
