package dataset

import (
	"bytes"
	"encoding/hex"
	"image/color"
	"testing"
)

// Lossy WebPs of 32×16 pixels, black on the left and 255, 64, 16 on the right, the second half
// transparent there. Made with Pillow 13.0, at quality 90.
const (
	webpLossy = "524946464e0000005745425056503820420000001003009d012a200010003e31148842a22121180400200304a007600fc" +
		"00029a40000feff8fd87f0ed3fffdde6fdbcdfb79bfe1a3ffff619ff64adf64adff60b00000"
	webpAlpha = "524946467800000057454250565038580a000000100000001f00000f0000414c50480f00000001101210d73d17652d222" +
		"6c04cfe0b0056503820420000001003009d012a200010003e31148842a22121180400200304a007600fc00029a40000feff8f" +
		"d87f0ed3fffdde6fdbcdfb79bfe1a3ffff619ff64adf64adff60b00000"
)

// Black is black in a lossy WebP, and other colours are what Pillow says, too.
func TestLossyWebP(t *testing.T) {
	for text, alpha := range map[string]uint8{webpLossy: 255, webpAlpha: 128} {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		img, err := Decode(bytes.NewReader(data), nil)
		if err != nil {
			t.Fatal(err)
		}
		for x, want := range map[int]color.NRGBA{2: {0, 0, 0, 255}, 29: {254, 64, 16, alpha}} {
			if got := color.NRGBAModel.Convert(img.At(x, 8)); got != want {
				t.Errorf("alpha %d, column %d: %v, want %v", alpha, x, got, want)
			}
		}
	}
}

// A JPEG turned upright is resized as one that was stored so: no colour is rounded on the way.
func TestTurnedKeepsColours(t *testing.T) {
	img, err := Decode(bytes.NewReader(jpegOf(t, noise(20, 20, 2))), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, got := make([]uint8, 9*9*3), make([]uint8, 9*9*3)
	if err := FromImage(want, img, 9, FitCrop); err != nil {
		t.Fatal(err)
	}
	for o := 2; o <= 8; o++ {
		back := map[int]int{6: 8, 8: 6}[o]
		if back == 0 {
			back = o
		}
		if err := FromImage(got, turned(turned(img, o), back), 9, FitCrop); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("orientation %d and back: other pixels", o)
		}
	}
}
