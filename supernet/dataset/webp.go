package dataset

import (
	"image"
	"io"

	"golang.org/x/image/webp"
)

// decodeWebP decodes with the colours that WebP means. Lossy files hold luma from 16 to 235 and
// chroma from 16 to 240 (RFC 6386, section 9.2; ITU-R BT.601), which the decoder hands out as if
// they were the full range of JPEG: black would become grey. The arithmetic is that of libwebp.
func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	switch m := img.(type) {
	case *image.YCbCr:
		out := image.NewRGBA(m.Rect)
		studio(out.Pix, m)
		return out, nil
	case *image.NYCbCrA:
		out := image.NewNRGBA(m.Rect)
		studio(out.Pix, &m.YCbCr)
		for y := range m.Rect.Dy() {
			for x := range m.Rect.Dx() {
				out.Pix[y*out.Stride+4*x+3] = m.A[m.AOffset(m.Rect.Min.X+x, m.Rect.Min.Y+y)]
			}
		}
		return out, nil
	}
	return img, nil
}

// studio writes the colours of an image of the narrow range to pix, opaque.
func studio(pix []uint8, m *image.YCbCr) {
	part := func(v uint8, factor int) int { return int(v) * factor >> 8 }
	clip := func(v int) uint8 { return uint8(min(max(v>>6, 0), 255)) }
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			at := m.COffset(x, y)
			luma, u, v := part(m.Y[m.YOffset(x, y)], 19077), m.Cb[at], m.Cr[at]
			pix[0] = clip(luma + part(v, 26149) - 14234)
			pix[1] = clip(luma - part(u, 6419) - part(v, 13320) + 8708)
			pix[2] = clip(luma + part(u, 33050) - 17685)
			pix[3] = 255
			pix = pix[4:]
		}
	}
}
