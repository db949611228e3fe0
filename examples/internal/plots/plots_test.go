package plots

import (
	"bytes"
	"image"
	_ "image/png"
	"math"
	"strings"
	"testing"
)

func TestRenderPNG(t *testing.T) {
	f := Figure{Title: "accuracy", XLabel: "snapshot", YLabel: "test accuracy",
		XTicks: []string{"10 %", "20 %", "40 %"},
		Series: []Series{{Name: "before", Y: []float64{math.NaN(), 0.5, 0.6}},
			{Name: "after", Y: []float64{0.5, 0.7, 0.8}}}}
	a, err := Render(f, "png")
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[3]uint32]bool{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r >> 8, g >> 8, b >> 8}] = true
		}
	}
	if !seen[[3]uint32{0x1f, 0x77, 0xb4}] || !seen[[3]uint32{0xd5, 0x5e, 0x00}] {
		t.Error("the picture lacks the colour of a series")
	}
	b, err := Render(f, "png")
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("the same figure gave other bytes (%v)", err)
	}
}

func TestRenderSVGHoldsLabels(t *testing.T) {
	out, err := Render(Figure{Title: "reward curve", YFromZero: true,
		Series: []Series{{X: []float64{2, 1}, Y: []float64{3, 4}, Dots: true}}}, Ext("a/B.SVG"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "reward curve") {
		t.Error("title missing")
	}
}

func TestRenderErrors(t *testing.T) {
	for name, f := range map[string]Figure{
		"empty":    {Title: "x"},
		"nan":      {Series: []Series{{Y: []float64{math.NaN(), math.Inf(1)}}}},
		"mismatch": {Series: []Series{{X: []float64{1}, Y: []float64{1, 2}}}},
	} {
		if _, err := Render(f, "png"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Render(Figure{Series: []Series{{Y: []float64{1}}}}, "docx"); err == nil {
		t.Error("an unknown format is no error")
	}
}

func TestMovingMean(t *testing.T) {
	got := MovingMean([]float64{2, 4, 6, 8}, 2)
	for i, want := range []float64{2, 3, 5, 7} {
		if got[i] != want {
			t.Fatalf("got %v", got)
		}
	}
}
