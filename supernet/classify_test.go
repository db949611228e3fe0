package supernet

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// picture is image i of a data set.
func picture(t testing.TB, ds dataset.Dataset, i int) image.Image {
	t.Helper()
	size := ds.Size()
	pixels := make([]uint8, size*size*3)
	if err := ds.Image(i, pixels); err != nil {
		t.Fatal(err)
	}
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for p := range size * size {
		img.SetNRGBA(p%size, p/size, color.NRGBA{pixels[3*p], pixels[3*p+1], pixels[3*p+2], 255})
	}
	return img
}

// TestClassify compares single images with batches, and saved models with those in memory, from
// several goroutines at once.
func TestClassify(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 1)
	path := filepath.Join(t.TempDir(), "model")
	if err := m.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	saved, err := LoadModel(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ds := stripes(t, 12, 16, 1)
	b := &dataset.Batch{}
	for batch, err := range dataset.Batches(context.Background(), ds, dataset.LoaderOptions{BatchSize: 12, Normalization: m.norm}) {
		if err != nil {
			t.Fatal(err)
		}
		*b = *batch
	}
	want := outputs(t, m.network, m.prog, b)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for k := range 12 {
				i := (k + g) % 12
				label, probs, err := saved.Classify(picture(t, ds, i))
				if err != nil {
					t.Error(err)
					return
				}
				row := append([]float32(nil), want[i*4:i*4+4]...)
				if err := softmax(row); err != nil {
					t.Error(err)
				}
				if label != argmax(row) || !close32(probs, row, 1e-5) {
					t.Errorf("image %d: class %d with %v, expected %v", i, label, probs, row)
				}
			}
		})
	}
	wg.Wait()
}

// TestClassifyWhileTraining serves while the weights move.
func TestClassifyWhileTraining(t *testing.T) {
	m := tinyModel(t)
	ds := stripes(t, 32, 16, 1)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				_, probs, err := m.Classify(picture(t, ds, 3))
				sum := 0.0
				for _, p := range probs {
					sum += float64(p)
				}
				if err != nil || math.Abs(sum-1) > 1e-5 {
					t.Errorf("probabilities %v, %v", probs, err)
					return
				}
			}
		})
	}
	_, err := m.Train(context.Background(), ds, short(2))
	if err == nil {
		err = m.GrowClasses(t.Context(), "ant", "bee")
	}
	close(done)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if _, probs, err := m.Classify(picture(t, ds, 3)); err != nil || len(probs) != 6 {
		t.Errorf("%d probabilities (%v), expected 6", len(probs), err)
	}
}

// TestClassifyAnySize takes images that are larger, smaller, not square, or empty.
func TestClassifyAnySize(t *testing.T) {
	m := tinyModel(t)
	for _, r := range []image.Rectangle{image.Rect(0, 0, 16, 16), image.Rect(-3, 5, 60, 40), image.Rect(0, 0, 3, 9)} {
		label, probs, err := m.Classify(image.NewGray(r))
		if err != nil || label < 0 || label > 3 || len(probs) != 4 {
			t.Errorf("%v: class %d, %v, %v", r, label, probs, err)
		}
	}
	if _, _, err := m.Classify(image.NewGray(image.Rectangle{})); !errors.Is(err, ErrData) {
		t.Errorf("empty image: %v", err)
	}
	if _, _, err := m.Classify(nil); !errors.Is(err, ErrData) {
		t.Errorf("nil image: %v", err)
	}
}

// TestClassifyTensor checks layout, values and refusals.
func TestClassifyTensor(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 1)
	b := firstBatch(t, stripes(t, 3, 16, 1), 3)
	want := outputs(t, m.network, m.prog, b)
	nchw := make([]float32, len(b.X))
	for i := range 3 {
		for c := range 3 {
			for p := range 256 {
				nchw[(i*3+c)*256+p] = b.X[(i*256+p)*3+c]
			}
		}
	}
	got, err := m.ClassifyTensor(tensor.New(tensor.WithShape(3, 3, 16, 16), tensor.WithBacking(nchw)))
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Shape(); len(s) != 2 || s[0] != 3 || s[1] != 4 {
		t.Fatalf("shape %v", s)
	}
	for i := range 3 {
		if err := softmax(want[i*4 : i*4+4]); err != nil {
			t.Fatal(err)
		}
	}
	if !close32(got.Data().([]float32), want, 1e-5) {
		t.Errorf("probabilities %v, expected %v", got, want)
	}
	for _, bad := range []*tensor.Dense{
		nil,
		tensor.New(tensor.WithShape(1, 3, 16, 16), tensor.Of(tensor.Float64)),
		tensor.New(tensor.WithShape(3, 16, 16), tensor.Of(tensor.Float32)),
		tensor.New(tensor.WithShape(1, 3, 16, 12), tensor.Of(tensor.Float32)),
		tensor.New(tensor.WithShape(1, 1, 16, 16), tensor.Of(tensor.Float32)),
	} {
		if _, err := m.ClassifyTensor(bad); !errors.Is(err, ErrData) {
			t.Errorf("%v: %v, expected ErrData", bad, err)
		}
	}
}

// Images that are a part of a larger tensor, or whose axes are in another order, are read where
// they are.
func TestClassifyViews(t *testing.T) {
	m := tinyModel(t)
	jitter(t, m.network, 3)
	numbers := make([]float32, 4*3*20*24)
	for i := range numbers {
		numbers[i] = float32(i%97)/97 - 0.5
	}
	whole := func(shape ...int) *tensor.Dense {
		n := tensor.Shape(shape).TotalSize()
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(numbers[:n])))
	}
	last := whole(2, 16, 16, 3)
	if err := last.T(0, 3, 1, 2); err != nil {
		t.Fatal(err)
	}
	part := func(x *tensor.Dense, by ...tensor.Slice) *tensor.Dense {
		v, err := x.Slice(by...)
		if err != nil {
			t.Fatal(err)
		}
		return v.(*tensor.Dense)
	}
	for name, view := range map[string]*tensor.Dense{
		"columns":          part(whole(2, 3, 16, 24), nil, nil, nil, tensor.S(5, 21)),
		"rows, columns":    part(whole(2, 3, 20, 24), nil, nil, tensor.S(2, 18), tensor.S(8, 24)),
		"images":           part(whole(4, 3, 16, 16), tensor.S(1, 3)),
		"every second":     part(whole(4, 3, 16, 16), tensor.S(0, 4, 2)),
		"channels last":    last,
		"column by column": tensor.New(tensor.WithShape(2, 3, 16, 16), tensor.AsFortran(slices.Clone(numbers[:2*768]))),
	} {
		var copied []float32
		for i := range 2 * 768 {
			v, err := view.At(i/768, i/256%3, i/16%16, i%16)
			if err != nil {
				t.Fatal(err)
			}
			copied = append(copied, v.(float32))
		}
		want, err := m.ClassifyTensor(tensor.New(tensor.WithShape(2, 3, 16, 16), tensor.WithBacking(copied)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.ClassifyTensor(view)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !slices.Equal(got.Data().([]float32), want.Data().([]float32)) {
			t.Errorf("%s: %v, expected %v", name, got, want)
		}
	}
}

// Top is the classes in the order of Classify's probabilities, by name or number.
func TestTop(t *testing.T) {
	ds := stripes(t, 6, 16, 1)
	for _, m := range []*Model{named(t), tinyModel(t)} {
		jitter(t, m.network, 4)
		for i := range ds.Len() {
			label, probs, err := m.Classify(picture(t, ds, i))
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range []int{1, 3, 4, 9} {
				top, err := m.Top(picture(t, ds, i), k)
				if err != nil || len(top) != min(k, 4) || top[0].Class != label {
					t.Fatalf("%d best %+v, class %d, error %v", k, top, label, err)
				}
				seen := make(map[int]bool)
				for j, r := range top {
					name := strconv.Itoa(r.Class)
					if names := m.ClassNames(); names != nil {
						name = names[r.Class]
					}
					if r.Probability != probs[r.Class] || r.Name != name || seen[r.Class] || j > 0 && r.Probability > top[j-1].Probability {
						t.Errorf("%d best %+v of %v", k, top, probs)
					}
					seen[r.Class] = true
				}
			}
		}
	}
	m := named(t)
	values := m.values()
	for _, key := range []string{"classifier.linear.weight", "classifier.linear.bias"} {
		clear(values[key])
	}
	if err := m.setValues(values); err != nil {
		t.Fatal(err)
	}
	img := picture(t, ds, 0)
	if top, err := m.Top(img, 2); err != nil || top[0] != (Ranked{0, "cat", 0.25}) || top[1] != (Ranked{1, "dog", 0.25}) {
		t.Errorf("equally likely classes: %+v, error %v", top, err)
	}
	for _, k := range []int{0, -1} {
		if _, err := m.Top(img, k); err == nil {
			t.Errorf("the %d best classes", k)
		}
	}
	if _, err := m.Top(nil, 1); !errors.Is(err, ErrData) {
		t.Errorf("no image: %v, expected ErrData", err)
	}
	text, err := json.Marshal(Ranked{2, "eel", 0.5})
	if want := `{"class":2,"name":"eel","probability":0.5}`; err != nil || string(text) != want {
		t.Errorf("JSON %s, error %v, expected %s", text, err, want)
	}
}
