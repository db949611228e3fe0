package supernet

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// superclasses is a partition of the classes of stripes, in an order of its own.
var superclasses = [][]int{{3, 0}, {1}, {2}}

// views is a judge among each superclass.
func views(t testing.TB, j *Judge) []*Judge {
	t.Helper()
	out := make([]*Judge, len(superclasses))
	for k, classes := range superclasses {
		var err error
		if out[k], err = j.Among(classes...); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestAmong: a judge among some classes says what one of their images alone says, on the whole and
// on ranges and batches, with classes matched by name.
func TestAmong(t *testing.T) {
	ctx := t.Context()
	all, train := stripes(t, 30, 16, 4), stripes(t, 20, 16, 5)
	o := EvalOptions{Calibration: train, BatchSize: 8, BatchImages: 5}
	whole := judgeOf(t, all, &o)
	archs := []searchspace.Arch{whole.net.space.Smallest(), sample(t, whole.net.space, 2)}
	for k, view := range views(t, whole) {
		kept, err := dataset.KeepClasses(all, superclasses[k]...)
		if err != nil {
			t.Fatal(err)
		}
		alone := o
		alone.Classes = superclasses[k]
		want := judgeOf(t, kept, &alone)
		if view.Len() != want.Len() {
			t.Fatalf("%d images of the classes %v, expected %d", view.Len(), superclasses[k], want.Len())
		}
		for _, a := range archs {
			pairs := [][2]searchspace.Measurement{
				{must(t)(view.Evaluate(ctx, a)), must(t)(want.Evaluate(ctx, a))},
				{must(t)(view.EvaluateRange(ctx, a, 2, 7)), must(t)(want.EvaluateRange(ctx, a, 2, 7))},
				{must(t)(view.EvaluateBatch(ctx, a, 1)), must(t)(want.EvaluateBatch(ctx, a, 1))},
			}
			for i, p := range pairs {
				if p[0] != p[1] {
					t.Errorf("classes %v, question %d: %+v, expected %+v", superclasses[k], i, p[0], p[1])
				}
			}
		}
	}
	for _, classes := range [][]int{{}, {4}, {-1}, {1, 1}} {
		if _, err := whole.Among(classes...); !errors.Is(err, ErrData) {
			t.Errorf("classes %v: error %v, expected ErrData", classes, err)
		}
	}
	three, err := dataset.KeepClasses(all, 0, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := judgeOf(t, three, &o).Among(3); !errors.Is(err, ErrData) {
		t.Errorf("no image of the class: error %v, expected ErrData", err)
	}
}

// TestAmongReadsOnce: many architectures on all superclasses read every image once.
func TestAmongReadsOnce(t *testing.T) {
	val := &readCounter{Dataset: stripes(t, 30, 16, 4)}
	train := &readCounter{Dataset: stripes(t, 20, 16, 5)}
	whole := judgeOf(t, val, &EvalOptions{Calibration: train, BatchSize: 8})
	js := views(t, whole)
	seen := 0
	for seed := range uint64(3) {
		a := sample(t, whole.net.space, seed)
		for _, j := range js {
			seen += must(t)(j.Evaluate(t.Context(), a)).Samples
		}
	}
	for _, j := range js {
		m, err := j.Extract(t.Context(), whole.net.space.Smallest())
		if err != nil || m.Classes() != len(j.data.classes.list) {
			t.Fatalf("%v classes, error %v", m, err)
		}
	}
	if v, c := val.read.Load(), train.read.Load(); seen != 90 || v != 30 || c != 20 {
		t.Errorf("%d judged, %d and %d read, expected 90, 30 and 20", seen, v, c)
	}
	if len(whole.gathered.kept) != 3 {
		t.Errorf("statistics of %d sub-networks, expected 3", len(whole.gathered.kept))
	}
}

// TestAmongExtract: the model of a superclass has its classes alone, in its order, and answers as
// the judge says; its file names them.
func TestAmongExtract(t *testing.T) {
	val, train := stripes(t, 30, 16, 4), stripes(t, 20, 16, 5)
	for _, named := range []bool{true, false} {
		whole := judgeOf(t, val, &EvalOptions{Calibration: train})
		names := []string{"3", "0"}
		if named {
			if err := whole.net.SetClassNames(t.Context(), val.Classes()...); err != nil {
				t.Fatal(err)
			}
			names = []string{"direction 3", "direction 0"}
		}
		j := views(t, whole)[0]
		a := sample(t, whole.net.space, 2)
		m, err := j.Extract(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.ClassNames(), names) {
			t.Fatalf("classes %q, expected %q", m.ClassNames(), names)
		}
		var got []string
		err = json.Unmarshal([]byte(writeONNX(t, m, nil).meta["classes"]), &got)
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("classes %q in the file, expected %q, error %v", got, names, err)
		}
		if !named {
			continue // the names of the data are others
		}
		kept, err := dataset.KeepClasses(val, superclasses[0]...)
		if err != nil {
			t.Fatal(err)
		}
		judged, err := m.Evaluate(t.Context(), kept, nil)
		want := must(t)(j.Evaluate(t.Context(), a))
		if err != nil || judged.Correct != want.Correct || math.Abs(judged.Loss-want.Loss) > 1e-5 {
			t.Errorf("%+v, error %v, expected %+v", judged, err, want)
		}
	}
}

// TestAmongRelaxed: the relaxed loss among some classes is that of their images alone.
func TestAmongRelaxed(t *testing.T) {
	all := stripes(t, 30, 16, 4)
	n := tinyNet(t, Elastic)
	relax, err := n.Relax(nil)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := relax.On(all, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := dataset.KeepClasses(all, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	want, err := relax.On(kept, &RelaxOptions{Classes: []int{0, 3}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := loss.Among(0, 3)
	if err != nil || got.Len() != want.Len() {
		t.Fatalf("%d images, expected %d, error %v", got.Len(), want.Len(), err)
	}
	rows, err := n.space.Relax(n.space.Smallest())
	if err != nil {
		t.Fatal(err)
	}
	images := []int{9, 1, 4, 12}
	a, errA := got.Loss(t.Context(), rows, images)
	b, errB := want.Loss(t.Context(), rows, images)
	if errA != nil || errB != nil || a != b {
		t.Errorf("loss %v (%v), expected %v (%v)", a, errA, b, errB)
	}
	if _, err := loss.Among(); !errors.Is(err, ErrData) {
		t.Errorf("no classes: error %v, expected ErrData", err)
	}
}
