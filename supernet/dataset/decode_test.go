package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"io"
	"slices"
	"sync"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// bombPNG is a PNG that announces w×h pixels and holds none.
func bombPNG(w, h uint32, depth, kind byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, w)
	head = append(binary.BigEndian.AppendUint32(head, h), depth, kind, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", head)...)
	return append(b, pngChunk("IDAT", make([]byte, 16))...)
}

func pngChunk(name string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, name...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// exifBlock is an EXIF block that holds an orientation only.
func exifBlock(orientation uint16) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	b = binary.BigEndian.AppendUint16(b, orientation)
	return append(b, 0, 0, 0, 0, 0, 0)
}

func withEXIF(png []byte, orientation uint16) []byte {
	return slices.Concat(png[:33], pngChunk("eXIf", exifBlock(orientation)), png[33:])
}

// webpFlat is a WebP without loss of one pixel.
var webpFlat = []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")

func encodings(t testing.TB) map[string][]byte {
	img := noise(8, 8, 3)
	for i := range img.Pix { // few enough colours for GIF
		img.Pix[i] |= 0x7f
	}
	pal := image.NewPaletted(img.Rect, nil)
	seen := map[color.RGBA]bool{}
	for i := 0; i < len(img.Pix); i += 4 {
		c := color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255}
		if !seen[c] {
			pal.Palette = append(pal.Palette, c)
		}
		seen[c] = true
	}
	for i := range pal.Pix {
		pal.Set(i%8, i/8, img.At(i%8, i/8))
	}
	var g, b, f bytes.Buffer
	for _, err := range []error{gif.Encode(&g, pal, &gif.Options{NumColors: len(pal.Palette)}),
		bmp.Encode(&b, img), tiff.Encode(&f, img, &tiff.Options{Compression: tiff.Deflate})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string][]byte{"png": pngOf(t, img), "gif": g.Bytes(), "bmp": b.Bytes(), "tiff": f.Bytes()}
}

// The same picture in every format without loss gives the same pixels.
func TestDecodeFormats(t *testing.T) {
	files := encodings(t)
	var want []uint8
	for _, name := range []string{"png", "gif", "bmp", "tiff"} {
		img, err := Decode(bytes.NewReader(files[name]), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := make([]uint8, 8*8*3)
		if err := FromImage(got, img, 8, FitAuto); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: other pixels than PNG", name)
		}
		if _, err := Decode(bytes.NewReader(files[name][:len(files[name])/2]), nil); !errors.Is(err, ErrFormat) {
			t.Errorf("%s cut in half: %v", name, err)
		}
	}
	if img, err := Decode(bytes.NewReader(webpFlat), nil); err != nil || img.Bounds().Dx() != 1 {
		t.Errorf("WebP: %v", err)
	}
	if _, err := Decode(bytes.NewReader([]byte("text")), nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("a text: %v", err)
	}
	for _, name := range []string{"a.JPE", "a.jfif", "a.gif", "a.bmp", "a.tif", "a.TIFF", "a.webp"} {
		if byName(name) == nil {
			t.Errorf("%s is not an image", name)
		}
	}
}

// An image stored in any of the eight ways comes out upright.
func TestDecodeOrientation(t *testing.T) {
	up := noise(3, 2, 5)
	for o := 1; o <= 8; o++ {
		w, h := 3, 2
		if o >= 5 {
			w, h = 2, 3
		}
		stored := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range 2 { // EXIF 2.3, 4.6.4: where the 0th row and column are
			for x := range 3 {
				right, bottom := 2-x, 1-y
				at := [][2]int{{x, y}, {right, y}, {right, bottom}, {x, bottom},
					{y, x}, {y, right}, {bottom, right}, {bottom, x}}[o-1]
				stored.Set(at[0], at[1], up.At(x, y))
			}
		}
		data := withEXIF(pngOf(t, stored), uint16(o))
		img, err := Decode(bytes.NewReader(data), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]color.Color, 0, 6)
		for i := range 6 {
			got = append(got, color.RGBAModel.Convert(img.At(i%3, i/3)))
			if got[i] != up.At(i%3, i/3) || img.Bounds().Dx() != 3 {
				t.Fatalf("orientation %d: pixel %d of %v is %v, want %v", o, i, img.Bounds(), got[i], up.At(i%3, i/3))
			}
		}
		raw, err := Decode(bytes.NewReader(data), &DecodeOptions{RawOrientation: true})
		if err != nil || raw.Bounds() != stored.Rect {
			t.Fatalf("orientation %d left alone: %v", o, err)
		}
	}
	app1 := append([]byte("\xff\xe1\x00\x22Exif\x00\x00"), exifBlock(6)...)
	photo := jpegOf(t, noise(20, 9, 1))
	photo = slices.Concat(photo[:2], app1, photo[2:])
	if img, err := Decode(bytes.NewReader(photo), nil); err != nil || img.Bounds() != image.Rect(0, 0, 9, 20) {
		t.Errorf("a JPEG on its side: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"over the pixels", bombPNG(16384, 16384, 8, 2), ErrLimit},
		{"more than deflate can hold", bombPNG(4000, 4000, 8, 2), ErrFormat},
		{"one row, too long", bombPNG(1<<20, 1, 1, 0), ErrLimit},
		{"JPEG", bombJPEG(t, 8000, 8000), ErrFormat},
		{"GIF", append([]byte("GIF89a\x40\x1f\x40\x1f\x00\x00\x00"), make([]byte, 90)...), ErrFormat},
		{"empty", nil, ErrUnknown},
	} {
		if _, err := Decode(bytes.NewReader(c.data), nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := Decode(bytes.NewReader(pngOf(t, noise(9, 9, 1))), &DecodeOptions{MaxPixels: 80}); !errors.Is(err, ErrLimit) {
		t.Errorf("81 pixels of 80: %v", err)
	}
	if _, err := Decode(bytes.NewReader(pngOf(t, noise(9, 9, 1))), &DecodeOptions{Budget: NewBudget(300)}); !errors.Is(err, ErrLimit) {
		t.Errorf("above the budget: %v", err)
	}
	if _, err := Decode(nil, nil); err == nil {
		t.Error("no reader: no error")
	}
}

// bombJPEG is a small JPEG whose header announces another size.
func bombJPEG(t *testing.T, w, h uint16) []byte {
	data := jpegOf(t, noise(8, 8, 1))
	at := bytes.Index(data, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(data[at+5:], h)
	binary.BigEndian.PutUint16(data[at+7:], w)
	return data
}

// Decoders that panic give errors.
func TestDecoderPanics(t *testing.T) {
	f := imageFormat{decode: func(io.Reader) (image.Image, error) { panic("oh") }}
	if _, err := f.safely().decode(nil); err == nil {
		t.Error("no error")
	}
}

// Eight files read by four workers stay within the budget, and all are read.
func TestBudgetOverWorkers(t *testing.T) {
	var files []file
	for i := range 8 {
		files = append(files, file{fmt.Sprintf("a/%d.png", i), pngOf(t, image.NewGray(image.Rect(0, 0, 300, 200)))})
	}
	b := NewBudget(700 << 10) // of two at most
	m, err := OpenFolder(ctx, writeFolder(t, files), &Options{Size: 8, Workers: 4, Budget: b})
	if err != nil || m.Len() != 8 {
		t.Fatal(err)
	}
	if b.peak > b.limit() || b.peak < b.limit()/3 || b.used != 0 {
		t.Errorf("peak of %d, %d in use, want at most %d and 0", b.peak, b.used, b.limit())
	}
}

// Who gives up waiting leaves nothing behind.
func TestBudgetCancelled(t *testing.T) {
	b := NewBudget(10)
	if err := b.take(ctx, 10); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.take(gone, 8); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
	cancel()
	wg.Wait()
	b.give(10)
	if err := b.take(ctx, 10); err != nil || b.used != 10 {
		t.Errorf("%d used, %v", b.used, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range encodings(f) {
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Add(webpFlat)
	f.Add(bombPNG(16384, 16384, 8, 2))
	f.Add(withEXIF(pngOf(f, noise(3, 2, 1)), 6))
	f.Add(jpegOf(f, noise(9, 9, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := NewBudget(1 << 20)
		img, err := Decode(bytes.NewReader(data), &DecodeOptions{MaxPixels: 1 << 12, Budget: b})
		if b.used != 0 {
			t.Fatalf("%d bytes stay in use", b.used)
		}
		if err == nil && (img.Bounds().Empty() || img.Bounds().Dx()*img.Bounds().Dy() > 1<<12) {
			t.Fatalf("image of %v", img.Bounds())
		}
		if err != nil && !errors.Is(err, ErrFormat) && !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrLimit) {
			t.Fatalf("error of no kind: %v", err)
		}
	})
}

func FuzzEXIF(f *testing.F) {
	f.Add(exifBlock(6))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\xff\xff"))
	f.Add(withEXIF(pngOf(f, noise(3, 2, 1)), 6))
	f.Add(webpFlat)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range imageFormats() {
			if o := orientationOf(format, data); o < 1 || o > 8 {
				t.Fatalf("orientation %d", o)
			}
		}
	})
}

// A budget of its zero value has the default, and readers that are not there are errors.
func TestDecodeNothing(t *testing.T) {
	if _, err := Decode(bytes.NewReader(pngOf(t, noise(8, 8, 1))), &DecodeOptions{Budget: &Budget{}}); err != nil {
		t.Error(err)
	}
	for name, r := range map[string]io.Reader{"none": nil, "nil": (*bytes.Reader)(nil)} {
		if _, err := Decode(r, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := ReadIDX(ctx, r, r, nil); err == nil {
			t.Errorf("IDX, %s: no error", name)
		}
	}
}

// A progressive JPEG may not come in scans without end.
func TestDecodeScans(t *testing.T) {
	// A grey block: all coefficients in the first scan, then scans that say nothing.
	start, scan := progressive()
	for scans, limited := range map[int]bool{1: false, 90: false, 200: true} {
		data := append(bytes.Clone(start), bytes.Repeat(scan, scans)...)
		_, err := Decode(bytes.NewReader(append(data, 0xff, 0xd9)), nil)
		if errors.Is(err, ErrLimit) != limited || !limited && err != nil {
			t.Errorf("%d scans: error %v", scans, err)
		}
	}
}

// progressive is a progressive JPEG of 8×8 pixels without its end, and one more scan of it.
func progressive() (start, scan []byte) {
	segment := func(marker byte, body ...byte) []byte {
		n := len(body) + 2
		return append([]byte{0xff, marker, byte(n >> 8), byte(n)}, body...)
	}
	// One code, of one bit, in each table: no difference of the mean, and an end of block.
	table := func(kind byte) []byte {
		return segment(0xc4, append(append([]byte{kind, 1}, make([]byte, 15)...), 0)...)
	}
	start = append([]byte{0xff, 0xd8}, segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)...)
	start = append(start, segment(0xc2, 8, 0, 8, 0, 8, 1, 1, 0x11, 0)...)
	start = append(append(start, table(0x00)...), table(0x10)...)
	start = append(append(start, segment(0xda, 1, 1, 0x00, 0, 0, 0x00)...), 0x7f) // the mean
	scan = append(segment(0xda, 1, 1, 0x00, 1, 63, 0x00), 0x7f)                   // the rest
	return start, scan
}
