package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
)

// DecodeOptions are how an image file is decoded. The zero value, or a nil pointer, is every
// default.
type DecodeOptions struct {
	// MaxPixels bounds width × height, checked before anything is decoded. 0 = 1<<26 (about 67
	// million). No side may be above 65 536 pixels.
	MaxPixels int
	// Budget bounds the memory of all images that are decoded at one time with it. Nil = 512 MiB
	// for this image alone.
	Budget *Budget
	// RawOrientation leaves the image as it is stored. False = it is turned upright where its EXIF
	// block, which cameras write, says that it lies on its side.
	RawOrientation bool
}

// Decode reads an image file: JPEG, PNG, GIF (its first frame), BMP, TIFF or WebP, recognised by
// its content. What the header announces is looked at before anything is decoded. The error wraps
// ErrUnknown where the content is none of these, ErrFormat where it is damaged or the file is too
// small for the pixels that it announces, ErrLimit where it is larger than allowed: 256 MiB as
// stored, and what o says.
//
// The memory of the result does not count against the budget any more: see WithImage.
func Decode(r io.Reader, o *DecodeOptions) (image.Image, error) {
	var out image.Image
	err := WithImage(context.Background(), r, o, func(img image.Image) error {
		out = img
		return nil
	})
	return out, err
}

// WithImage decodes as Decode does and gives the image to a function, whose error it returns. The
// image counts against the budget until the function ends, which must not keep it. The context ends
// the waiting for a part of the budget.
func WithImage(ctx context.Context, r io.Reader, o *DecodeOptions, use func(image.Image) error) error {
	if r == nil || use == nil {
		return fmt.Errorf("dataset: decode: nothing to read, or nothing to do with it")
	}
	data, err := readAll(r, maxFile+1)
	if err != nil {
		return fmt.Errorf("dataset: decode: %w", err)
	}
	if len(data) > maxFile {
		return fmt.Errorf("dataset: decode: image file above %d bytes: %w", maxFile, ErrLimit)
	}
	var s settings
	if o != nil {
		s.MaxPixels, s.Budget, s.RawOrientation = o.MaxPixels, o.Budget, o.RawOrientation
	}
	if s.MaxPixels < 0 {
		return fmt.Errorf("dataset: decode: at most %d pixels, want 0 or more", s.MaxPixels)
	}
	s.decodeDefaults()
	var used error
	err = withImage(ctx, data, "", &s, 0, func(img image.Image) error {
		used = use(img)
		return nil
	})
	switch e := err.(type) {
	case decodeError:
		if byContent(data) == nil {
			return fmt.Errorf("dataset: decode: %w: %w", ErrUnknown, e.err)
		}
		return fmt.Errorf("dataset: decode: %w", formatError{e.err})
	case nil:
		return used
	}
	return fmt.Errorf("dataset: decode: %w", err)
}

// readAll reads so many bytes at most. A panic of the reader is an error: one that is a nil
// pointer.
func readAll(r io.Reader, most int64) (data []byte, err error) {
	defer panics(&err)
	return io.ReadAll(io.LimitReader(r, most))
}

// decodeDefaults fills in the defaults of what DecodeOptions and Options have in common.
func (s *settings) decodeDefaults() {
	if s.MaxPixels == 0 {
		s.MaxPixels = 1 << 26
	}
	if s.Budget == nil {
		s.Budget = NewBudget(0)
	}
}

// maxSide of a source image: resizing takes memory in proportion to one side, whatever the other
// is.
const maxSide = 1 << 16

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
			fmt.Errorf("starts with % x, which is no kind of image that is read", data[:min(len(data), 8)])}
	case want != nil && want != f && !s.AnyImageName:
		return nil, image.Config{}, decodeError{0, fmt.Errorf("named as %s but holds %s (Options.AnyImageName reads it)", want.name, f.name)}
	}
	c, err := f.safely().config(bytes.NewReader(data))
	if err != nil {
		at := stopped(data, func(r io.Reader) error { _, err := f.safely().config(r); return err })
		return nil, c, decodeError{at, fmt.Errorf("%s header: %w", f.name, err)}
	}
	if c.Width < 1 || c.Height < 1 {
		return nil, c, decodeError{0, errEmptyImage}
	}
	if c.Width > s.MaxPixels/c.Height || max(c.Width, c.Height) > maxSide {
		return nil, c, limitError{fmt.Errorf("image of %d×%d, %d pixels and sides of %d allowed: %w",
			c.Width, c.Height, s.MaxPixels, maxSide, ErrLimit)}
	}
	return f, c, nil
}

// decodeTo decodes an image file to dst, size×size RGB.
func decodeTo(ctx context.Context, dst []uint8, data []byte, name string, size int, s *settings) error {
	// The scaler keeps four float64 for every row of the source and column of the result; then
	// there is a canvas.
	scaling := func(c image.Config) int64 { return int64(max(c.Width, c.Height)+1) * int64(size) * 32 }
	_, c, err := inspect(data, name, s)
	if err != nil {
		return err
	}
	return withImage(ctx, data, name, s, scaling(c), func(img image.Image) error {
		return FromImage(dst, img, size, s.Fit)
	})
}

// withImage decodes an image file, turns it upright and gives it to use; more is the memory, in
// bytes, that use takes itself.
func withImage(ctx context.Context, data []byte, name string, s *settings, more int64,
	use func(image.Image) error) error {
	f, c, err := inspect(data, name, s)
	if err != nil {
		return err
	}
	bytesTaken, err := f.bound(data, c)
	if errors.Is(err, ErrLimit) {
		return limitError{err}
	}
	if err != nil {
		return decodeError{0, fmt.Errorf("%s: %w", f.name, err)}
	}
	turn := 1
	if !s.RawOrientation {
		turn = orientationOf(f, data)
	}
	if turn != 1 {
		bytesTaken += 8 * int64(c.Width) * int64(c.Height)
	}
	bytesTaken += more
	if err := s.Budget.take(ctx, bytesTaken); err != nil {
		if errors.Is(err, ErrLimit) {
			return limitError{fmt.Errorf("%s of %d×%d: %w", f.name, c.Width, c.Height, err)}
		}
		return err
	}
	defer s.Budget.give(bytesTaken)
	img, err := f.safely().decode(bytes.NewReader(data))
	if err != nil {
		at := stopped(data, func(r io.Reader) error { _, err := f.safely().decode(r); return err })
		return decodeError{at, fmt.Errorf("%s: %w", f.name, err)}
	}
	if turn != 1 {
		img = turned(img, turn)
	}
	return use(img)
}

// safely is the format with the panics of its decoder made errors.
func (f *imageFormat) safely() imageFormat {
	safe := *f
	safe.decode = func(r io.Reader) (img image.Image, err error) {
		defer recovered(&err)
		return f.decode(r)
	}
	safe.config = func(r io.Reader) (c image.Config, err error) {
		defer recovered(&err)
		return f.config(r)
	}
	return safe
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the decoder failed: %v", r)
	}
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
