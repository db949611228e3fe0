package dataset

import (
	"math"
	"testing"
)

func TestNormalizationApply(t *testing.T) {
	n := Normalization{Mean: [3]float32{0.1, 0.5, 0.25}, Std: [3]float32{0.5, 2, 0.3}}
	src := make([]uint8, 3*256)
	for v := range 256 {
		src[3*v], src[3*v+1], src[3*v+2] = uint8(v), uint8(v), uint8(v)
	}
	for _, n := range []Normalization{n, {}} {
		dst := make([]float32, len(src))
		if err := n.Apply(dst, src); err != nil {
			t.Fatal(err)
		}
		if n.IsZero() {
			n = ImageNet()
		}
		for i, got := range dst {
			want := (float64(src[i])/255 - float64(n.Mean[i%3])) / float64(n.Std[i%3])
			if got != float32(want) {
				t.Fatalf("value %d of channel %d: %v, want %v", src[i], i%3, got, float32(want))
			}
		}
	}
	for _, bad := range []Normalization{
		{Mean: n.Mean}, {Mean: n.Mean, Std: [3]float32{1, -1, 1}},
		{Mean: [3]float32{float32(math.NaN()), 0, 0}, Std: n.Std}, {Std: [3]float32{1, 1, float32(math.Inf(1))}},
	} {
		if err := bad.Apply(make([]float32, 3), make([]uint8, 3)); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
	if err := n.Apply(make([]float32, 2), make([]uint8, 2)); err == nil {
		t.Error("two bytes are no pixel")
	}
	if err := n.Apply(make([]float32, 3), make([]uint8, 6)); err == nil {
		t.Error("a short destination was accepted")
	}
}

// Greyscale and RGB of the same values are the same after normalisation.
func TestTableGreyscale(t *testing.T) {
	tb := ImageNet().table()
	gray := []uint8{0, 7, 128, 255}
	rgb := make([]uint8, 12)
	expand(rgb, gray)
	a, b := make([]float32, 12), make([]float32, 12)
	tb.apply(a, gray)
	tb.apply(b, rgb)
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("value %d: %v from greyscale, %v from RGB", i, a[i], b[i])
		}
	}
}

func TestMeasure(t *testing.T) {
	ds := grid(t, 37, 5, 2)
	got, err := Measure(ctx, ds)
	if err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		var values []float64
		for i := range ds.Len() {
			img := imageOf(t, ds, i)
			for p := c; p < len(img); p += 3 {
				values = append(values, float64(img[p])/255)
			}
		}
		var mean, variance float64
		for _, v := range values {
			mean += v / float64(len(values))
		}
		for _, v := range values {
			variance += (v - mean) * (v - mean) / float64(len(values))
		}
		if math.Abs(float64(got.Mean[c])-mean) > 1e-6 || math.Abs(float64(got.Std[c])-math.Sqrt(variance)) > 1e-6 {
			t.Errorf("channel %d: %v ± %v, want %v ± %v", c, got.Mean[c], got.Std[c], mean, math.Sqrt(variance))
		}
	}
	flat, err := FromPixels(1, []string{"a"}, []int{0, 0}, []uint8{9, 9, 9, 9, 9, 9})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := Measure(ctx, flat); err != nil || n.Std != [3]float32{1, 1, 1} {
		t.Errorf("constant images: %v, %v", n, err)
	}
	if _, err := Measure(ctx, must(t)(Subset(ds, nil))); err == nil {
		t.Error("an empty set was measured")
	}
	if _, err := Measure(ctx, faulty{ds, 20}); err == nil {
		t.Error("a failing image was passed over")
	}
}
