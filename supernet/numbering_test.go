package supernet

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// permuted is a data set with its classes in another order: order[k] becomes class k.
func permuted(t testing.TB, ds dataset.Dataset, order ...int) dataset.Dataset {
	t.Helper()
	out, err := dataset.ByClass(ds, order...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// called is a data set whose classes have other names.
func called(t testing.TB, ds dataset.Dataset, names ...string) dataset.Dataset {
	t.Helper()
	out, err := dataset.Relabel(ds, names, interval(0, len(names)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// warnings collects what a network has to say.
type warnings struct{ texts []string }

func (w *warnings) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func (w *warnings) Write(line []byte) (int, error) {
	w.texts = append(w.texts, string(line))
	return len(line), nil
}

// take returns what was said since the last call.
func (w *warnings) take() string {
	text := strings.Join(w.texts, "")
	w.texts = nil
	return text
}

// TestNumbering compares numbers of labels with their definition.
func TestNumbering(t *testing.T) {
	lists := rapid.SliceOfN(rapid.SampledFrom([]string{"", "ant", "bat", "cat", "dog", "eel"}), 0, 6)
	distinctLists := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"ant", "bat", "cat", "dog", "eel"}), 1, 5, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		c := classList(distinctLists.Draw(t, "network"))
		if rapid.IntRange(0, 4).Draw(t, "unnamed") == 0 {
			c = Unnamed(len(c))
		}
		names := lists.Draw(t, "data")
		n := c.number(names)
		apart := len(names) > 0
		for i, name := range names {
			apart = apart && name != "" && slices.Index(names, name) == i
		}
		if byName := c.named() && apart; byName != (n.doubt == "") {
			t.Fatalf("network %q, data %q: doubt %q", c, names, n.doubt)
		}
		for label := -1; label < 8; label++ {
			want := -1
			switch {
			case n.doubt == "" && label >= 0 && label < len(names):
				want = slices.Index(c, names[label])
			case n.doubt != "" && label >= 0 && label < len(c):
				want = label
			}
			if got := n.class(label); got != want {
				t.Fatalf("network %q, data %q: label %d is class %d, expected %d", c, names, label, got, want)
			}
		}
		if slices.Equal(c, names) && n.of != nil {
			t.Fatalf("network and data %q: labels are mapped", names)
		}
	})
	c := classList(animals)
	same := slices.Clone(animals)
	if n := testing.AllocsPerRun(10, func() { c.number(same).class(2) }); n != 0 {
		t.Errorf("classes in the network's order cost %v allocations", n)
	}
}

// Classes of a data set in any order: the same measurements, predictions and bits of training,
// class masks, validation and teacher included.
func TestPermutedClasses(t *testing.T) {
	ctx := context.Background()
	train, val := called(t, stripes(t, 48, 16, 1), animals...), called(t, stripes(t, 12, 16, 9), animals...)
	masks, err := SuperclassDropout([]int{0, 1, 1, 2}, 0.5, 5)
	if err != nil {
		t.Fatal(err)
	}
	teacher := named(t)
	run := func(order []int) (*Model, *TrainResult) {
		m, err := NewModel(teacher.space, teacher.arch, &Options{Seed: 7, Classes: animals})
		if err != nil {
			t.Fatal(err)
		}
		o := short(2)
		o.Masks, o.Teacher, o.Validation = masks, &Teacher{Model: teacher}, permuted(t, val, order[1], order[0], order[3], order[2])
		o.Augment = &dataset.Augment{CropPadding: 2, Flip: true}
		res, err := m.Train(ctx, permuted(t, train, order...), o)
		if err != nil {
			t.Fatal(err)
		}
		return m, res
	}
	want, first := run([]int{0, 1, 2, 3})
	predicted := &collect{t: t}
	if err := want.Predict(ctx, val, nil, predicted.add); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(4) {
		order := rand.New(rand.NewPCG(seed, 1)).Perm(4)
		m, res := run(order)
		sameValues(t, m.values(), want.values())
		if !slices.Equal(res.Losses, first.Losses) || !slices.Equal(res.Accuracies, first.Accuracies) || !slices.Equal(res.Validations, first.Validations) {
			t.Errorf("order %v: %+v, expected %+v", order, res, first)
		}
		other := permuted(t, val, order...)
		if got, w := must(t)(m.Evaluate(ctx, other, nil)), must(t)(want.Evaluate(ctx, val, nil)); got != w {
			t.Errorf("order %v: %+v, expected %+v", order, got, w)
		}
		got := &collect{t: t}
		if err := m.Predict(ctx, other, nil, got.add); err != nil || !slices.Equal(got.labels, predicted.labels) || !slices.Equal(got.probs, predicted.probs) {
			t.Errorf("order %v: labels %v, expected %v, error %v", order, got.labels, predicted.labels, err)
		}
	}
}

// A data set of some of the classes, in any order, is judged as the same images of the whole.
func TestSubsetOfClasses(t *testing.T) {
	ctx := context.Background()
	m := named(t)
	whole := called(t, stripes(t, 40, 16, 1), animals...)
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		order := r.Perm(4)[:1+r.IntN(4)]
		same, err := dataset.KeepClasses(whole, order...)
		if err != nil {
			t.Fatal(err)
		}
		got, want := must(t)(m.Evaluate(ctx, permuted(t, whole, order...), nil)), must(t)(m.Evaluate(ctx, same, nil))
		if got != want || got.Unknown != 0 {
			t.Errorf("classes %v: %+v, expected %+v", order, got, want)
		}
	}
}

// A name that only looks like a known one is told apart in the message.
func TestNamesThatLookAlike(t *testing.T) {
	var w warnings
	s := tinySpace(t)
	m, err := NewModel(s, s.Smallest(), &Options{Classes: []string{"caf\u00e9", "bar", "inn", "pub"}, Logger: w.logger()})
	if err != nil {
		t.Fatal(err)
	}
	data := called(t, stripes(t, 8, 16, 1), "cafe\u0301", "bar", "inn", "pub")
	_, err = m.Train(t.Context(), data, short(1))
	if err == nil || !strings.Contains(err.Error(), `"caf\u00e9" and "cafe\u0301"`) {
		t.Errorf("training: error %v", err)
	}
	if _, err := m.Evaluate(t.Context(), data, nil); err != nil {
		t.Fatal(err)
	}
	if said := w.take(); !strings.Contains(said, "print alike") {
		t.Errorf("judging: %s", said)
	}
}
