package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
)

// A header is found where the decoder finds it, whatever lies before.
func TestHeaderBehindOthers(t *testing.T) {
	// A chunk of text before the header, where a header of one bit a pixel would be.
	text := make([]byte, 7000)
	text[8] = 1
	bomb := bombPNG(7000, 7000, 16, 6)
	bomb = slices.Concat(bomb[:8], pngChunk("tEXt", text), bomb[8:])
	if _, err := Decode(bytes.NewReader(bomb), nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "cannot hold") {
		t.Errorf("PNG: %v", err)
	}

	// Bytes between the segments of a JPEG.
	app1 := append([]byte("\xff\xfe\x00\x02\x00\x01\xff\x00\xff\xff\xe1\x00\x22Exif\x00\x00"), exifBlock(6)...)
	photo := jpegOf(t, noise(20, 9, 1))
	photo = slices.Concat(photo[:2], app1, photo[2:])
	if img, err := Decode(bytes.NewReader(photo), nil); err != nil || img.Bounds() != image.Rect(0, 0, 9, 20) {
		t.Errorf("JPEG on its side: %v", err)
	}
	photo[bytes.Index(photo, []byte{0xff, 0xc0})+1] = 0xc2
	if !isProgressive(photo) {
		t.Error("JPEG: not progressive")
	}
}

// Numbers of a TIFF may have any width, and stand elsewhere.
func TestTIFFNumbers(t *testing.T) {
	var b bytes.Buffer
	if err := tiff.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	if _, err := Decode(bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	at := int(binary.LittleEndian.Uint32(data[4:])) + 2
	for ; binary.LittleEndian.Uint16(data[at:]) != tagCompression; at += 12 {
		switch binary.LittleEndian.Uint16(data[at:]) {
		case 256, 257: // the sides
			binary.LittleEndian.PutUint16(data[at+2:], 4)
			binary.LittleEndian.PutUint32(data[at+8:], 5000)
		}
	}
	for _, entry := range [][]byte{{1, 0, 1, 0, 0, 0, 1, 0, 0, 0}, {4, 0, 1, 0, 0, 0, 1, 0, 0, 0}, // none
		{4, 0, 2, 0, 0, 0, byte(len(data)), byte(len(data) >> 8), 0, 0}, {1, 0, 8, 0, 0, 0, byte(len(data)), byte(len(data) >> 8), 0, 0}} {
		copy(data[at+2:], entry)
		bomb := append(slices.Clone(data), 1, 0, 0, 0, 1, 0, 0, 0)
		if _, err := Decode(bytes.NewReader(bomb), nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "cannot hold") {
			t.Errorf("compression % x: %v", entry, err)
		}
	}
}
