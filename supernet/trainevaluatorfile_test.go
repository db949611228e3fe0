package supernet

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestTrainEvaluatorRefuses: what cannot be trained, what is out of order and what belongs to
// another search is an error that says so.
func TestTrainEvaluatorRefuses(t *testing.T) {
	space, train, val := tinySpace(t), stripes(t, 16, 16, 1), stripes(t, 8, 16, 2)
	small := stripes(t, 8, 12, 1)
	stranger, err := dataset.Relabel(train, []string{"a", "b", "c", "d"}, []int{0, 1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]func() (*TrainEvaluator, error){
		"no space":   func() (*TrainEvaluator, error) { return NewTrainEvaluator(nil, train, val, nil) },
		"no data":    func() (*TrainEvaluator, error) { return NewTrainEvaluator(space, train, nil, nil) },
		"12 pixels":  func() (*TrainEvaluator, error) { return NewTrainEvaluator(space, small, val, nil) },
		"heritage 3": with(space, train, val, &TrainEvaluatorOptions{Heritage: 3}),
		"17 of 16":   with(space, train, val, &TrainEvaluatorOptions{Images: 17}),
		"stage -1":   with(space, train, val, &TrainEvaluatorOptions{Stage: -1}),
		"Validation": with(space, train, val, &TrainEvaluatorOptions{Train: &TrainOptions{Validation: val}}),
		"learning":   with(space, train, val, &TrainEvaluatorOptions{Train: &TrainOptions{LR: math.NaN()}}),
		"does not kno": with(space, stranger, val,
			&TrainEvaluatorOptions{Network: &Options{Classes: train.Classes()}}),
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	e, err := with(space, train, val, nil)()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Resume(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	path, archs := filepath.Join(t.TempDir(), "evaluator"), []searchspace.Arch{space.Smallest()}
	if err := e.Save(path); err != nil {
		t.Fatal(err)
	}
	if err := e.BeginStep(0, archs); err != nil {
		t.Fatal(err)
	}
	_, unknown := e.EvaluateStep(t.Context(), space.Largest(), 0)
	_, later := e.EvaluateStep(t.Context(), space.Smallest(), 1)
	for want, err := range map[string]error{
		"knows 1 steps":       e.BeginStep(2, archs),
		"knows 1 step":        e.BeginStep(-1, archs),
		"other architectures": e.BeginStep(0, []searchspace.Arch{space.Largest()}),
		"expected step 0":     e.EndStep(t.Context(), 1),
		"does not belong":     unknown,
		"step 1":              later,
		"has begun already":   e.Resume(path),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	for want, o := range map[string]*TrainEvaluatorOptions{
		"Heritage is 0": {Heritage: FromNone},
		"training: LR":  {Train: &TrainOptions{Epochs: 1}},
		"Images":        {Images: 8},
	} {
		other, err := with(space, train, val, o)()
		if err != nil {
			t.Fatal(err)
		}
		err = other.Resume(path)
		if !errors.Is(err, ErrCheckpointMismatch) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}

// with makes an evaluator.
func with(space *searchspace.Space, train, val dataset.Dataset,
	o *TrainEvaluatorOptions) func() (*TrainEvaluator, error) {
	return func() (*TrainEvaluator, error) { return NewTrainEvaluator(space, train, val, o) }
}

// FuzzLoadWeightStore loads intact files of damaged stores: anything for a description, for the
// shape of a tensor, for a weight and for a mark. There is an error, or a store that models can
// read and write.
func FuzzLoadWeightStore(f *testing.F) {
	m := tinyModel(f)
	store := NewWeightStore()
	if err := store.Write(f.Context(), m); err != nil {
		f.Fatal(err)
	}
	w := store.present()
	good, err := json.Marshal(w.meta())
	if err != nil {
		f.Fatal(err)
	}
	var name string
	for k, a := range w.tensors {
		if a.out == 4 && a.in > 1 {
			name = k
		}
	}
	a := w.tensors[name]
	f.Add(string(good), 1, a.in, a.out, float32(1), byte(1))
	f.Add(string(good), 1, a.out, a.in, float32(1), byte(0))
	f.Add(string(good), 0, a.in, a.out, float32(math.Inf(1)), byte(1))
	f.Add(`{}`, 2, 1, 1, float32(0), byte(7))
	f.Add(`{"Family":"mobilenetv3","Classes":["a","a"]}`, 3, 2, 2, float32(0), byte(1))
	f.Add(`{"Family":"mobilenetv3","Classes":["a","b","c","d","e","f"],"Version":18446744073709551615}`, 3, 2, 2,
		float32(0), byte(1))
	f.Fuzz(func(t *testing.T, meta string, kernel, in, out int, weight float32, mark byte) {
		if !json.Valid([]byte(meta)) || !utf8.ValidString(meta) {
			return // no writer makes such a file
		}
		for _, n := range []int{kernel, in, out} {
			if n < 0 || n > 40 {
				return
			}
		}
		tensors := make(map[string]checkpoint.Tensor)
		w.tensors.put(tensors, "")
		shape := []int{kernel, kernel, in, out}
		values, marks := make([]float32, kernel*kernel*in*out), make([]uint8, kernel*kernel*in*out)
		if len(values) > 0 {
			values[0], marks[len(marks)/2] = weight, mark
		}
		tensors[prefixStored+name] = checkpoint.Of(shape, values)
		tensors[prefixWritten+name] = checkpoint.Of(shape, marks)
		path := filepath.Join(t.TempDir(), "store")
		if err := checkpoint.Write(path, storeKind, storeVersion, json.RawMessage(meta), tensors); err != nil {
			t.Fatal(err)
		}
		s, err := LoadWeightStore(path)
		if bad := len(values) == 0 || weight-weight != 0 || mark > 1; err == nil && bad {
			t.Fatal("a damaged store was loaded")
		}
		if err != nil {
			return
		}
		model := tinyModel(t)
		if err := s.Read(t.Context(), model); err == nil {
			if _, err := model.finiteValues(); err != nil {
				t.Fatal(err)
			}
		}
		before := s.present()
		if err := s.Write(t.Context(), model); err != nil && s.present() != before {
			t.Fatal("a failed write changed the store")
		}
	})
}

// FuzzResumeEvaluator resumes from intact files with any description.
func FuzzResumeEvaluator(f *testing.F) {
	space, train, val := tinySpace(f), stripes(f, 8, 16, 1), stripes(f, 4, 16, 2)
	o := &TrainEvaluatorOptions{Train: &TrainOptions{Epochs: 1, BatchSize: 8, LR: 0.01}}
	e, err := NewTrainEvaluator(space, train, val, o)
	if err != nil {
		f.Fatal(err)
	}
	a, b := space.Smallest(), space.Largest()
	for step, archs := range [][]searchspace.Arch{{a}, {a, b}, {b}} {
		if err := e.BeginStep(step, archs); err != nil {
			f.Fatal(err)
		}
		if _, err := e.EvaluateStep(f.Context(), archs[0], step); err != nil {
			f.Fatal(err)
		}
		if step == 0 {
			if err := e.EndStep(f.Context(), 0); err != nil {
				f.Fatal(err)
			}
		}
	}
	meta, tensors := e.state()
	good, err := json.Marshal(meta)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	for _, change := range [][2]string{{`"Ended":1`, `"Ended":2`}, {`"Ended":1`, `"Ended":9`},
		{`"Ended":1`, `"Ended":-1`}, {`"Left":true`, `"Left":false`}, {`"Entries":[`, `"Entries":[{},`},
		{`"Steps":[`, `"Steps":[{},`}} {
		f.Add(strings.Replace(string(good), change[0], change[1], 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return
		}
		path := filepath.Join(t.TempDir(), "evaluator")
		err := checkpoint.Write(path, evaluatorKind, evaluatorVersion, json.RawMessage(text), tensors)
		if err != nil {
			t.Fatal(err)
		}
		again, err := NewTrainEvaluator(space, train, val, o)
		if err != nil {
			t.Fatal(err)
		}
		err = again.Resume(path)
		if text == string(good) && err != nil {
			t.Fatal(err)
		}
		if err != nil && (len(again.steps) > 0 || again.store.present().family != "") {
			t.Fatal("an evaluator that was not resumed has changed")
		}
		if err == nil {
			if err := again.Save(path); err != nil {
				t.Fatal(err)
			}
		}
	})
}
