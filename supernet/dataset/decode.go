package dataset

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"path"
	"strings"
)

// imageFormat is a kind of image file that can be read.
type imageFormat struct {
	name   string
	magic  string
	decode func(io.Reader) (image.Image, error)
	config func(io.Reader) (image.Config, error)
}

var (
	jpegFormat = imageFormat{"JPEG", "\xff\xd8\xff", jpeg.Decode, jpeg.DecodeConfig}
	pngFormat  = imageFormat{"PNG", "\x89PNG\r\n\x1a\n", png.Decode, png.DecodeConfig}
)

// byName gives the format that a file's name promises, nil for files that are no images.
func byName(name string) *imageFormat {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg":
		return &jpegFormat
	case ".png":
		return &pngFormat
	}
	return nil
}

// byContent gives the format that the first bytes show, nil for none.
func byContent(data []byte) *imageFormat {
	for _, f := range []*imageFormat{&jpegFormat, &pngFormat} {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f
		}
	}
	return nil
}

// inspect checks what an image file says of itself before anything is decoded, and gives its format
// and its shape. name is the file's name.
func inspect(data []byte, name string, s *settings) (*imageFormat, image.Config, error) {
	f := byContent(data)
	want := byName(name)
	switch {
	case len(data) == 0:
		return nil, image.Config{}, decodeError{0, fmt.Errorf("empty file")}
	case f == nil:
		return nil, image.Config{}, decodeError{0,
			fmt.Errorf("starts with % x, which is neither JPEG nor PNG", data[:min(len(data), 8)])}
	case want != nil && want != f && !s.AnyImageName:
		return nil, image.Config{}, decodeError{0, fmt.Errorf("named as %s but holds %s", want.name, f.name)}
	}
	c, err := f.config(bytes.NewReader(data))
	if err != nil {
		at := stopped(data, func(r io.Reader) error { _, err := f.config(r); return err })
		return nil, c, decodeError{at, fmt.Errorf("%s header: %w", f.name, err)}
	}
	if c.Width < 1 || c.Height < 1 {
		return nil, c, decodeError{0, errEmptyImage}
	}
	if c.Width > s.MaxPixels/c.Height {
		return nil, c, limitError{fmt.Errorf("image of %d×%d, %d pixels allowed: %w", c.Width, c.Height,
			s.MaxPixels, ErrLimit)}
	}
	return f, c, nil
}

// decodeTo decodes an image file to dst, size×size RGB.
func decodeTo(dst []uint8, data []byte, name string, size int, s *settings) error {
	f, _, err := inspect(data, name, s)
	if err != nil {
		return err
	}
	img, err := f.decode(bytes.NewReader(data))
	if err != nil {
		at := stopped(data, func(r io.Reader) error { _, err := f.decode(r); return err })
		return decodeError{at, fmt.Errorf("%s: %w", f.name, err)}
	}
	return FromImage(dst, img, size, s.Fit)
}

// decodeError is a complaint about the content of an image file.
type decodeError struct {
	at  int64
	err error
}

func (e decodeError) Error() string { return e.err.Error() }

// limitError is a refusal, not a complaint.
type limitError struct{ error }

func (e limitError) Unwrap() error { return e.error }

// located adds to an error of decodeTo or inspect where the image lies.
func located(err error, file, entry string) error {
	switch e := err.(type) {
	case decodeError:
		return badFile(file, entry, e.at, "%w", e.err)
	case limitError:
		return &FileError{File: file, Entry: entry, Err: e.error}
	}
	return &FileError{File: file, Entry: entry, Err: err}
}

// stopped tells how many bytes a decoder takes before it gives up. Decoders read ahead, so the
// bytes are given one at a time; only done for a message.
func stopped(data []byte, decode func(io.Reader) error) int64 {
	r := &dripReader{data: data}
	_ = decode(r) // the error is known, the place is wanted
	return int64(r.n)
}

type dripReader struct {
	data []byte
	n    int
}

func (r *dripReader) Read(p []byte) (int, error) {
	if r.n == len(r.data) {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p[0] = r.data[r.n]
	r.n++
	return 1, nil
}
