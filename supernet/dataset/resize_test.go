package dataset

import (
	"image"
	"image/color"
	"math"
	"testing"
)

// Images of the right shape are copied pixel for pixel, whatever their kind and wherever their
// bounds begin.
func TestFromImageExact(t *testing.T) {
	rect := image.Rect(3, 5, 13, 15)
	fill := func(set func(x, y int, c color.Color)) {
		src := noise(10, 10, 4)
		for y := range 10 {
			for x := range 10 {
				set(x+3, y+5, src.At(x, y))
			}
		}
	}
	rgba, nrgba, gray := image.NewRGBA(rect), image.NewNRGBA(rect), image.NewGray(rect)
	wide, pal := image.NewRGBA64(rect), image.NewPaletted(rect, color.Palette{color.Black, color.White, color.RGBA{200, 30, 3, 255}})
	fill(func(x, y int, c color.Color) {
		rgba.Set(x, y, c)
		nrgba.Set(x, y, c)
		gray.Set(x, y, c)
		wide.Set(x, y, c)
		pal.Set(x, y, c)
	})
	ycc := image.NewYCbCr(rect, image.YCbCrSubsampleRatio420)
	for i := range ycc.Y {
		ycc.Y[i] = uint8(i * 37)
	}
	for i := range ycc.Cb {
		ycc.Cb[i], ycc.Cr[i] = uint8(i*71), uint8(i*13)
	}
	larger := image.NewRGBA(image.Rect(0, 0, 20, 20))
	copy(larger.Pix, noise(20, 20, 9).Pix)
	cmyk := image.NewCMYK(rect)
	for i := range cmyk.Pix {
		cmyk.Pix[i] = uint8(i * 29)
	}
	for _, img := range []image.Image{rgba, nrgba, gray, wide, pal, ycc, cmyk, larger.SubImage(rect), plain{rgba}} {
		dst := make([]uint8, 10*10*3)
		if err := FromImage(dst, img, 10, FitAuto); err != nil {
			t.Fatal(err)
		}
		for y := range 10 {
			for x := range 10 {
				if got := [3]uint8(dst[(y*10+x)*3:]); got != at(img, x+3, y+5) {
					t.Fatalf("%T, pixel (%d, %d): %v, want %v", img, x, y, got, at(img, x+3, y+5))
				}
			}
		}
	}
}

// Half transparent white on black is grey, at the old and at a new size.
func TestFromImageTransparent(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 6, 6))
	for i := range img.Pix {
		img.Pix[i] = 255
		if i%4 == 3 {
			img.Pix[i] = 128
		}
	}
	for _, size := range []int{6, 4, 9} {
		dst := make([]uint8, size*size*3)
		if err := FromImage(dst, img, size, FitCrop); err != nil {
			t.Fatal(err)
		}
		for p, v := range dst {
			if v < 127 || v > 129 {
				t.Fatalf("size %d, byte %d: %d, want 128", size, p, v)
			}
		}
	}
}

// Shrinking a pattern finer than the new pixels gives its mean, not a moiré: the filter covers all
// source pixels.
func TestShrinkDoesNotAlias(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			img.SetGray(x, y, color.Gray{Y: uint8(255 * ((x + y) % 2))})
		}
	}
	dst := make([]uint8, 9*9*3)
	if err := FromImage(dst, img, 9, FitStretch); err != nil {
		t.Fatal(err)
	}
	for p, v := range dst {
		if math.Abs(float64(v)-127.5) > 12 {
			t.Errorf("byte %d: %d, want about 127", p, v)
		}
	}
}

func TestFits(t *testing.T) {
	// 20×10: left half dark, right half light, a light line at the bottom.
	img := image.NewGray(image.Rect(0, 0, 20, 10))
	for y := range 10 {
		for x := 10; x < 20; x++ {
			img.SetGray(x, y, color.Gray{Y: 200})
		}
	}
	get := func(fit Fit, size int) []uint8 {
		dst := make([]uint8, size*size*3)
		if err := FromImage(dst, img, size, fit); err != nil {
			t.Fatal(err)
		}
		return dst
	}
	count := func(dst []uint8) (light int) {
		for p := 0; p < len(dst); p += 3 {
			if dst[p] > 100 {
				light++
			}
		}
		return light
	}
	crop := get(FitCrop, 10) // columns 5 to 14: exact
	if count(crop) != 50 || crop[4*3] != 0 || crop[5*3] != 200 {
		t.Errorf("crop: %d light pixels, row %v", count(crop), crop[:30])
	}
	if n := count(get(FitStretch, 10)); n != 50 {
		t.Errorf("stretch: %d light pixels, want 50", n)
	}
	padded := get(FitPad, 30) // as it is, frame of 5 and 10
	for y := range 30 {
		for x := range 30 {
			want := uint8(0)
			if x >= 15 && x < 25 && y >= 10 && y < 20 {
				want = 200
			}
			if got := padded[(y*30+x)*3]; got != want {
				t.Fatalf("pad: pixel (%d, %d) is %d, want %d", x, y, got, want)
			}
		}
	}
	if n := count(get(FitPad, 10)); n != 25 { // scaled to 10×5
		t.Errorf("pad and shrink: %d light pixels, want 25", n)
	}
	gray := make([]uint8, 12*12)
	for fit := FitCrop; fit <= FitPad; fit++ {
		if err := fitGray(gray, img, 12, fit); err != nil {
			t.Fatal(err)
		}
		for i, v := range get(fit, 12) {
			if gray[i/3] != v {
				t.Fatalf("fit %d: greyscale and RGB differ at byte %d", fit, i)
			}
		}
	}
}

func TestFromImageErrors(t *testing.T) {
	if err := FromImage(make([]uint8, 3), image.NewGray(image.Rectangle{}), 1, FitCrop); err == nil {
		t.Error("an empty image was accepted")
	}
	if err := FromImage(make([]uint8, 4), image.NewGray(image.Rect(0, 0, 1, 1)), 1, FitCrop); err == nil {
		t.Error("a wrong buffer was accepted")
	}
}
