package dataset

import (
	"fmt"
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// maxBounds bounds the sides of an image, in pixels: that of image.Uniform has no end.
const maxBounds = 1 << 17

// FromImage writes img to dst as size×size RGB (size·size·3 bytes, HWC), made square as fit says;
// FitAuto is FitCrop here. Transparent pixels are put on black; greyscale is repeated to three
// channels.
func FromImage(dst []uint8, img image.Image, size int, fit Fit) (err error) {
	if err := checkBuffer(dst, size); err != nil {
		return err
	}
	if img == nil {
		return errEmptyImage
	}
	defer panics(&err)
	b := img.Bounds()
	if b.Dx() > maxBounds || b.Dy() > maxBounds {
		return fmt.Errorf("dataset: image of %d by %d pixels, want at most %d", b.Dx(), b.Dy(), maxBounds)
	}
	if b.Empty() {
		return errEmptyImage
	}
	if b.Dx() == size && b.Dy() == size {
		toRGB(dst, img)
		return nil
	}
	canvas := image.NewRGBA(image.Rect(0, 0, size, size))
	to, from := placement(b, size, fit)
	if fit == FitPad {
		draw.Draw(canvas, canvas.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	// The kernel scaler widens its support when it shrinks, so that every source pixel counts and
	// fine texture does not alias.
	draw.CatmullRom.Scale(canvas, to, img, from, draw.Src, nil)
	toRGB(dst, canvas)
	return nil
}

// placement says which rectangle of an image with bounds b goes to which rectangle of a size×size
// canvas.
func placement(b image.Rectangle, size int, fit Fit) (to, from image.Rectangle) {
	w, h := b.Dx(), b.Dy()
	to, from = image.Rect(0, 0, size, size), b
	switch fit {
	case FitStretch:
	case FitPad:
		tw, th := w, h
		if w > size || h > size {
			if w >= h {
				tw, th = size, max(1, (h*size+w/2)/w)
			} else {
				tw, th = max(1, (w*size+h/2)/h), size
			}
		}
		x, y := (size-tw)/2, (size-th)/2
		to = image.Rect(x, y, x+tw, y+th)
	default:
		side := min(w, h)
		x, y := b.Min.X+(w-side)/2, b.Min.Y+(h-side)/2
		from = image.Rect(x, y, x+side, y+side)
	}
	return to, from
}

// toRGB copies an image of the destination's shape, pixel for pixel. The kinds that the decoders
// give have loops of their own.
func toRGB(dst []uint8, img image.Image) {
	b := img.Bounds()
	w := b.Dx()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		row := dst[:3*w]
		dst = dst[3*w:]
		switch m := img.(type) {
		case *image.YCbCr:
			for x := b.Min.X; x < b.Max.X; x++ {
				yi, ci := m.YOffset(x, y), m.COffset(x, y)
				row[0], row[1], row[2] = color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci])
				row = row[3:]
			}
		case *image.Gray:
			i := m.PixOffset(b.Min.X, y)
			expand(row, m.Pix[i:i+w])
		case *image.RGBA: // colours are premultiplied: already on black
			i := m.PixOffset(b.Min.X, y)
			for src := m.Pix[i : i+4*w]; len(src) >= 4; src = src[4:] {
				row[0], row[1], row[2] = src[0], src[1], src[2]
				row = row[3:]
			}
		default:
			for x := b.Min.X; x < b.Max.X; x++ {
				r, g, bl, _ := img.At(x, y).RGBA()
				row[0], row[1], row[2] = uint8(r>>8), uint8(g>>8), uint8(bl>>8)
				row = row[3:]
			}
		}
	}
}

// fitGray is FromImage for greyscale in and out, size·size bytes.
func fitGray(dst []uint8, img *image.Gray, size int, fit Fit) error {
	b := img.Bounds()
	to, from := placement(b, size, fit)
	if to.Size() == from.Size() { // no change of scale: copy rows
		clear(dst)
		for y := range to.Dy() {
			i := img.PixOffset(from.Min.X, from.Min.Y+y)
			copy(dst[(to.Min.Y+y)*size+to.Min.X:], img.Pix[i:i+to.Dx()])
		}
		return nil
	}
	rgb := make([]uint8, size*size*3)
	if err := FromImage(rgb, img, size, fit); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = rgb[3*i]
	}
	return nil
}
