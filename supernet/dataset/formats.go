package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// imageFormat is a kind of image file that can be read.
type imageFormat struct {
	name       string
	magics     []string // how files begin; a point stands for any byte
	extensions []string // lower-case
	decode     func(io.Reader) (image.Image, error)
	config     func(io.Reader) (image.Config, error)
	// bound says what an image takes in memory while it is decoded, and that the file is too small
	// for what its header announces. The header was read, its sides are within the limits.
	bound func(data []byte, c image.Config) (bytes int64, err error)
	exif  func(data []byte) []byte // the file's EXIF block, nil for none
}

// imageFormats lists what is read. A function, since formats refer to functions that look at it.
func imageFormats() []*imageFormat {
	return []*imageFormat{&jpegFormat, &pngFormat, &gifFormat, &bmpFormat, &tiffFormat, &webpFormat}
}

var (
	jpegFormat = imageFormat{"JPEG", []string{"\xff\xd8\xff"}, []string{".jpg", ".jpeg", ".jpe", ".jfif",
		".jif", ".jfi", ".pjpeg", ".pjp", ".mpo"}, jpeg.Decode, jpeg.DecodeConfig, boundJPEG, exifOfJPEG}
	pngFormat = imageFormat{"PNG", []string{"\x89PNG\r\n\x1a\n"}, []string{".png", ".apng"},
		png.Decode, png.DecodeConfig, boundPNG, exifOfPNG}
	gifFormat = imageFormat{"GIF", []string{"GIF87a", "GIF89a"}, []string{".gif"},
		decodeGIF, gif.DecodeConfig, boundGIF, noEXIF}
	bmpFormat = imageFormat{"BMP", []string{"BM"}, []string{".bmp", ".dib"},
		bmp.Decode, bmp.DecodeConfig, boundBMP, noEXIF}
	tiffFormat = imageFormat{"TIFF", []string{"II*\x00", "MM\x00*"}, []string{".tif", ".tiff"},
		tiff.Decode, tiff.DecodeConfig, boundTIFF, func(data []byte) []byte { return data }}
	webpFormat = imageFormat{"WebP", []string{"RIFF....WEBP"}, []string{".webp"},
		decodeWebP, webp.DecodeConfig, boundWebP, exifOfWebP}
)

func noEXIF([]byte) []byte { return nil }

// byName gives the format that a file's name promises, nil for files that are no images.
func byName(name string) *imageFormat {
	ext := strings.ToLower(path.Ext(name))
	for _, f := range imageFormats() {
		if slices.Contains(f.extensions, ext) {
			return f
		}
	}
	return nil
}

// byContent gives the format that the first bytes show, nil for none.
func byContent(data []byte) *imageFormat {
	for _, f := range imageFormats() {
		for _, magic := range f.magics {
			if begins(data, magic) {
				return f
			}
		}
	}
	return nil
}

// begins reports whether data start with a magic, in which a point stands for any byte.
func begins(data []byte, magic string) bool {
	if len(data) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '.' && magic[i] != data[i] {
			return false
		}
	}
	return true
}

// decodeGIF decodes the first frame, on the canvas that the file announces.
func decodeGIF(r io.Reader) (image.Image, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	c, err := gif.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	frame, err := gif.Decode(bytes.NewReader(data))
	canvas := image.Rect(0, 0, c.Width, c.Height)
	if err != nil || frame.Bounds() == canvas {
		return frame, err
	}
	full := image.NewRGBA(canvas) // transparent where the frame is not, as viewers show it
	for y := frame.Bounds().Min.Y; y < frame.Bounds().Max.Y; y++ {
		for x := frame.Bounds().Min.X; x < frame.Bounds().Max.X; x++ {
			full.Set(x, y, frame.At(x, y))
		}
	}
	return full, nil
}

// Most bytes that one compressed byte can become: of deflate (258 bytes for 2 bits), of LZW with
// its codes of 12 bits, of PackBits.
const (
	deflateRatio  = 1032
	lzwRatio      = 4096 * 2 / 3
	packBitsRatio = 64
)

// tooSmall refuses a file that cannot hold what it announces.
func tooSmall(need, ratio int64, data []byte, c image.Config) error {
	if need <= ratio*int64(len(data)) {
		return nil
	}
	return fmt.Errorf("%d bytes cannot hold the %d×%d pixels that the header announces", len(data), c.Width,
		c.Height)
}

// area is the number of pixels when sides are rounded up to a multiple.
func area(c image.Config, multiple int) int64 {
	up := func(n int) int64 { return int64((n + multiple - 1) / multiple * multiple) }
	return up(c.Width) * up(c.Height)
}

// maxScans bounds the scans of a progressive JPEG, each of which goes over all pixels and may take
// a few bytes of the file. Cameras and programs write about ten.
const maxScans = 100

// boundJPEG: a block of 8×8 takes a bit at least. Progressive files keep four bytes a sample beside
// the planes, and those that are RGB or CMYK are copied once more.
func boundJPEG(data []byte, c image.Config) (int64, error) {
	samples, copied := int64(3), int64(0)
	switch c.ColorModel {
	case color.GrayModel:
		samples = 1
	case color.RGBAModel, color.CMYKModel:
		samples, copied = 4, 4
	}
	if isProgressive(data) {
		samples *= 5
		if n := bytes.Count(data, []byte("\xff\xda")); n > maxScans {
			return 0, fmt.Errorf("%d scans, %d allowed: %w", n, maxScans, ErrLimit)
		}
	}
	return area(c, 32) * (samples + copied), tooSmall(int64(c.Width)*int64(c.Height), 512, data, c)
}

// boundPNG goes by the depth, the kind of colour and the interlacing in the header: interlaced,
// every pass is an image of its own, too. The decoder passes over chunks before the header.
func boundPNG(data []byte, c image.Config) (int64, error) {
	head := chunkOfPNG(data, "IHDR")
	if len(head) < 13 {
		return 0, io.ErrUnexpectedEOF
	}
	depth, kind := int64(head[8]), head[9]
	channels := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
	row := 1 + (int64(c.Width)*depth*channels+7)/8
	per := int64(4)
	switch {
	case depth == 16:
		per = 8
	case kind == 3:
		per = 1
	}
	if head[12] != 0 {
		per *= 2
	}
	return area(c, 8)*per + 4*row, tooSmall(row*int64(c.Height), deflateRatio, data, c)
}

func boundGIF(data []byte, c image.Config) (int64, error) {
	return area(c, 1) * 5, tooSmall(area(c, 1), lzwRatio, data, c)
}

// boundBMP goes by the bits of a pixel, at byte 28: nothing that is read is compressed.
func boundBMP(data []byte, c image.Config) (int64, error) {
	if len(data) < 30 {
		return 0, io.ErrUnexpectedEOF
	}
	bits := int64(binary.LittleEndian.Uint16(data[28:]))
	return area(c, 1) * 4, tooSmall((int64(c.Width)*bits+7)/8*int64(c.Height), 1, data, c)
}

// boundTIFF: a strip or tile is unpacked as a whole, beside the image. Of fax compression an empty
// line takes a bit, so nothing follows from the size of such a file.
func boundTIFF(data []byte, c image.Config) (int64, error) {
	d := readIFD(data)
	per := int64(4)
	switch c.ColorModel {
	case color.GrayModel:
		per = 1
	case color.Gray16Model:
		per = 2
	case color.RGBA64Model, color.NRGBA64Model:
		per = 8
	}
	// Tiles are whole beyond the edges of the image.
	tile := area(c, 1)
	if rows := int64(d[tagRowsPerStrip]); rows > 0 {
		tile = int64(c.Width) * min(rows, int64(c.Height))
	}
	if w, h := int64(d[tagTileWidth]), int64(d[tagTileHeight]); w > 0 && h > 0 {
		if w > maxSide || h > maxSide {
			return 0, fmt.Errorf("tiles of %d×%d: %w", w, h, ErrLimit)
		}
		tile = w * h
	}
	need := (area(c, 1)*max(1, int64(d[tagBits])) + 7) / 8
	var err error
	switch d[tagCompression] {
	case 1:
		err = tooSmall(need, 1, data, c)
	case 5:
		err = tooSmall(need, lzwRatio, data, c)
	case 8, 32946:
		err = tooSmall(need, deflateRatio, data, c)
	case 32773:
		err = tooSmall(need, packBitsRatio, data, c)
	}
	return area(c, 1)*per + 2*tile*8, err
}

// boundWebP: pixels that are all alike take nothing in a WebP without loss, so nothing follows from
// the size of the file.
func boundWebP(_ []byte, c image.Config) (int64, error) { return area(c, 16) * 11, nil }
