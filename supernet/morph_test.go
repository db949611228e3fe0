package supernet

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// morphOf morphs a model.
func morphOf(t testing.TB, m *Model, to searchspace.Arch, o *MorphOptions) (*Model, *MorphReport) {
	t.Helper()
	out, report, err := m.Morph(t.Context(), to, o)
	if err != nil {
		t.Fatalf("%s → %s: %v", m.space.Format(m.arch), m.space.Format(to), err)
	}
	return out, report
}

// answers is the logits of a model with running statistics, or with those of the batch.
func answers(t testing.TB, m *Model, b *dataset.Batch, ofBatch bool) []float32 {
	t.Helper()
	if !ofBatch {
		return outputs(t, m.network, m.prog, b)
	}
	if err := m.runner.forward(m.prog, b, nn.Recalibrating(), pass{stats: m.ownStats(m.prog)}); err != nil {
		t.Fatal(err)
	}
	rows, err := m.runner.logits(m.prog, b.N, m.prog.graph.Classes)
	if err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), rows...)
}

// distance is the largest difference of logits of the first classes of a model from those of
// another, in units of the largest logit.
func distance(t testing.TB, from, to *Model, b *dataset.Batch, ofBatch bool) float64 {
	t.Helper()
	want, got := answers(t, from, b, ofBatch), answers(t, to, b, ofBatch)
	var diff, size float64
	for i := range b.N {
		for c := range from.Classes() {
			w, g := float64(want[i*from.Classes()+c]), float64(got[i*to.Classes()+c])
			diff, size = max(diff, math.Abs(w-g)), max(size, math.Abs(w))
		}
	}
	return diff / size
}

// TestMorphThereAndBack grows a model to the largest network and shrinks that back.
func TestMorphThereAndBack(t *testing.T) {
	s := tinySpace(t)
	b := firstBatch(t, stripes(t, 8, 16, 1), 8)
	for seed := range uint64(5) {
		m, err := NewModel(s, sample(t, s, seed), &Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		jitter(t, m.network, seed)
		before := m.values()
		big, report := morphOf(t, m, s.Largest(), nil)
		if !report.Preserved {
			t.Errorf("growth changes the function:\n%v", report)
		}
		back, _ := morphOf(t, big, m.arch, nil)
		for _, ofBatch := range []bool{false, true} {
			for _, to := range []*Model{big, back} {
				if d := distance(t, m, to, b, ofBatch); !(d <= 1e-4) {
					t.Errorf("logits moved by %v", d)
				}
			}
		}
		sameValues(t, m.values(), before)
		sameValues(t, back.values(), before)
	}
}

// TestMorphClasses grows a network and its classes at once: logits go by name, new classes start as
// in a network made with them, and nothing of the old ones depends on new channels.
func TestMorphClasses(t *testing.T) {
	s := tinySpace(t)
	m, err := NewModel(s, s.Smallest(), &Options{Seed: 7, Classes: animals})
	if err != nil {
		t.Fatal(err)
	}
	enliven(t, m.network, 7)
	m.SetStage(3)
	b := firstBatch(t, stripes(t, 6, 16, 1), 6)
	want := answers(t, m, b, false)
	for _, names := range [][]string{{"fox", "ant", "cat", "dog", "eel", "bee"}, {"eel", "dog"}, {"yak"}, nil} {
		out, report := morphOf(t, m, s.Largest(), &MorphOptions{Classes: names})
		if names == nil {
			names = animals
		}
		if !report.Preserved || report.To.Classes != len(names) || !slices.Equal(out.ClassNames(), names) || out.Stage() != 3 {
			t.Errorf("%v: classes %v, stage %d\n%v", names, out.ClassNames(), out.Stage(), report)
		}
		fresh, err := NewModel(out.Space(), s.Largest(), &Options{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		got, values, initial := answers(t, out, b, false), out.values(), fresh.values()
		const key = "classifier.linear.weight"
		for c, name := range names {
			old := slices.Index(animals, name)
			for i := range b.N {
				if old >= 0 && math.Abs(float64(got[i*len(names)+c]-want[i*4+old])) > 1e-5 {
					t.Errorf("%v: logit of %s is %v, expected %v", names, name, got[i*len(names)+c], want[i*4+old])
				}
			}
			for i := c; i < len(values[key]); i += len(names) {
				if old < 0 && values[key][i] != initial[key][i] {
					t.Fatalf("%v: %s starts with other weights than in a new model", names, name)
				}
			}
		}
	}
}

// TestMorphRefuses checks what is refused, by what the message says, and that nil is no mistake.
func TestMorphRefuses(t *testing.T) {
	s, ctx := tinySpace(t), t.Context()
	with, without := named(t), tinyModel(t)
	other := func(change func(o *searchspace.MobileNetV3Options)) *Net {
		o := tinyOptions
		change(&o)
		space, err := searchspace.MobileNetV3(o)
		if err != nil {
			t.Fatal(err)
		}
		n, err := New(space, nil)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	wide := other(func(o *searchspace.MobileNetV3Options) { o.Width = 0.5 })
	large := other(func(o *searchspace.MobileNetV3Options) { o.InputSize = 32 })
	before := with.values()
	for _, c := range []struct {
		model *Model
		to    searchspace.Arch
		o     *MorphOptions
		want  string
	}{
		{with, searchspace.Arch{}, nil, "0 choices"},
		{with, large.space.Largest(), &MorphOptions{Classes: []string{}}, "no classes"},
		{with, s.Largest(), &MorphOptions{Classes: []string{"ant", "ant"}}, `both called "ant"`},
		{with, s.Largest(), &MorphOptions{Classes: Unnamed(4)}, "expected names"},
		{without, s.Largest(), &MorphOptions{Classes: animals}, "SetClassNames"},
		{with, s.Largest(), &MorphOptions{Supernet: wide}, "expected the model's space"},
		{with, s.Largest(), &MorphOptions{Supernet: large}, "expected the model's space"},
		{with, s.Largest(), &MorphOptions{Calibration: stripes(t, 4, 32, 1)}, "images of 32 pixels"},
	} {
		_, plan := c.model.PlanMorph(c.to, c.o)
		out, report, err := c.model.Morph(ctx, c.to, c.o)
		for _, err := range []error{plan, err} {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "supernet: ") {
				t.Errorf("%v, expected %q", err, c.want)
			}
		}
		if out != nil || report != nil {
			t.Errorf("%q: a result comes with the error", c.want)
		}
	}
	if _, err := with.PlanMorph(searchspace.Arch{}, nil); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("%v, expected ErrInvalid", err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := with.Morph(over, s.Largest(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, expected that the context ended", err)
	}
	sameValues(t, with.values(), before)

	// A supernet may be of more networks, and of other classes.
	narrow, err := s.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Keep: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(narrow, narrow.Smallest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	net := other(func(o *searchspace.MobileNetV3Options) { o.Classes = 7 })
	if _, _, err := m.Morph(ctx, narrow.Largest(), &MorphOptions{Supernet: net}); err != nil {
		t.Error(err)
	}
}

// TestMorphReport reads a report that JSON carried, and counts its layers.
func TestMorphReport(t *testing.T) {
	s := tinySpace(t)
	m := tinyModel(t)
	report, err := m.PlanMorph(s.Largest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var again MorphReport
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(&again, report) {
		t.Errorf("error %v, read\n%v", err, &again)
	}
	large, err := s.Lower(s.Largest())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(report.Nodes), len(large.Layers()); got != want {
		t.Errorf("%d layers, expected %d", got, want)
	}
	if cost := large.Cost(); report.To.Cost != cost || report.To.Text != s.Format(s.Largest()) || report.From.Arch != m.arch {
		t.Errorf("ends %+v, %+v", report.From, report.To)
	}
	for _, n := range report.Nodes {
		switch n.Change {
		case MorphKept:
			if n.From != n.To {
				t.Errorf("kept %+v", n)
			}
		case MorphGrown:
			if n.From == n.To || n.From.Kernel > n.To.Kernel || n.From.In > n.To.In || n.From.Out > n.To.Out {
				t.Errorf("grown %+v", n)
			}
		case MorphStarted:
			if n.From != (MorphSize{}) || !strings.Contains(n.Site, "layer1") {
				t.Errorf("started %+v", n)
			}
		default:
			t.Errorf("%s in a growth: %+v", n.Change, n)
		}
	}
}
