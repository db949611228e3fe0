package dataset

import (
	"image"
	"image/color"
)

// turned is an image turned upright: what lies at orientation o (2 to 8, see orientationOf) comes
// to stand as it was taken. The result starts at (0, 0).
func turned(img image.Image, o int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if o >= 5 {
		w, h = h, w
	}
	r := image.Rect(0, 0, w, h)
	from := func(x, y int) (int, int) { // of the image, where the pixel (x, y) of the result is
		sx, sy := source(o, x, y, w, h)
		return b.Min.X + sx, b.Min.Y + sy
	}
	switch m := img.(type) {
	case *image.Gray:
		out := image.NewGray(r)
		turnPixels(out.Pix, m.Pix, 1, w, h, m.PixOffset, from)
		return out
	case *image.Paletted:
		out := image.NewPaletted(r, m.Palette)
		turnPixels(out.Pix, m.Pix, 1, w, h, m.PixOffset, from)
		return out
	case *image.RGBA:
		out := image.NewRGBA(r)
		turnPixels(out.Pix, m.Pix, 4, w, h, m.PixOffset, from)
		return out
	case *image.NRGBA:
		out := image.NewNRGBA(r)
		turnPixels(out.Pix, m.Pix, 4, w, h, m.PixOffset, from)
		return out
	case *image.YCbCr:
		out := image.NewRGBA(r)
		for y := range h {
			for x := range w {
				sx, sy := from(x, y)
				yi, ci := m.YOffset(sx, sy), m.COffset(sx, sy)
				p := out.Pix[y*out.Stride+4*x:][:4]
				p[0], p[1], p[2] = color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci])
				p[3] = 255
			}
		}
		return out
	}
	out := image.NewRGBA64(r)
	for y := range h {
		for x := range w {
			out.Set(x, y, img.At(from(x, y)))
		}
	}
	return out
}

// source says where pixel (x, y) of the upright image, w×h, lies in the one stored.
func source(o, x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, w - 1 - x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return h - 1 - y, x
	}
	return x, y
}

// turnPixels fills a plane of w×h pixels of per bytes from another.
func turnPixels(dst, src []uint8, per, w, h int, offset func(x, y int) int, from func(x, y int) (int, int)) {
	for y := range h {
		for x := range w {
			copy(dst[(y*w+x)*per:][:per], src[offset(from(x, y)):])
		}
	}
}
