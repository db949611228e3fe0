package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// IDX is the format of MNIST and its relatives: a magic number whose third byte is the type of the
// values (8 = unsigned byte) and whose fourth is the number of dimensions, the dimensions as
// big-endian uint32, the values.
const (
	idxImages = 0x00000803
	idxLabels = 0x00000801
)

// OpenIDX reads an IDX file of greyscale images and one of their labels, each plain or packed with
// gzip. Labels must be below 10, or below the number of Options.ClassNames.
func OpenIDX(ctx context.Context, images, labels string, o *Options) (*Memory, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	lab, err := openReader(labels)
	if err != nil {
		return nil, fmt.Errorf("dataset: labels: %w", err)
	}
	defer lab.Close()
	img, err := openReader(images)
	if err != nil {
		return nil, fmt.Errorf("dataset: images: %w", err)
	}
	defer img.Close()
	m, err := readIDX(ctx, img, lab, s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

// ReadIDX is OpenIDX for files that are open already, or embedded.
func ReadIDX(ctx context.Context, images, labels io.Reader, o *Options) (m *Memory, err error) {
	defer panics(&err) // of the readers
	if images == nil || labels == nil {
		return nil, fmt.Errorf("dataset: no images or no labels to read, want both")
	}
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	lab, err := newReader("labels", labels)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	img, err := newReader("images", images)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	m, err = readIDX(ctx, img, lab, s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

func readIDX(ctx context.Context, img, lab *fileReader, s settings) (*Memory, error) {
	var head [16]byte
	if err := img.full(head[:], "the header of an IDX image file"); err != nil {
		return nil, err
	}
	if magic := binary.BigEndian.Uint32(head[:]); magic != idxImages {
		return nil, img.fail(0, "magic number %#08x, want %#08x (IDX images of bytes)", magic, idxImages)
	}
	count := int64(binary.BigEndian.Uint32(head[4:]))
	rows, cols := int(binary.BigEndian.Uint32(head[8:])), int(binary.BigEndian.Uint32(head[12:]))
	if rows < 1 || rows > maxSize || cols < 1 || cols > maxSize {
		return nil, img.fail(8, "images of %d×%d, want 1 to %d each way", rows, cols, maxSize)
	}
	if count == 0 {
		return nil, img.fail(4, "no images")
	}
	size, fit := s.Size, s.Fit
	if size == 0 {
		size = min(rows, cols)
	}
	if fit == FitAuto {
		fit = FitCrop
		if dx, dy := size-cols, size-rows; dx >= 0 && dx <= 8 && dy >= 0 && dy <= 8 && dx+dy > 0 {
			fit = FitPad
		}
	}
	if err := s.room(count, size, 1); err != nil {
		return nil, &FileError{File: img.name, Offset: 4, Err: err}
	}
	if rows*cols > s.MaxPixels {
		return nil, &FileError{File: img.name, Offset: 8,
			Err: fmt.Errorf("images of %d×%d, %d pixels allowed: %w", rows, cols, s.MaxPixels, ErrLimit)}
	}
	s.Fit = fit
	m := &Memory{size: size, classes: s.ClassNames, prepared: s.preparation(), report: Report{Form: "IDX"}}
	if m.classes == nil {
		m.classes = digits()
	}
	var err error
	if m.labels, err = readIDXLabels(lab, img, count, len(m.classes)); err != nil {
		return nil, err
	}
	store := blocks{per: size * size}
	read := func(buf []byte) (item, bool, error) {
		i := len(m.images)
		if int64(i) == count {
			return item{}, false, img.end()
		}
		buf = sized(buf, rows*cols)
		if err := img.full(buf, fmt.Sprintf("image %d of %d", i, count)); err != nil {
			return item{}, false, err
		}
		dst := store.next()
		m.images = append(m.images, dst)
		return item{i, buf, dst}, true, nil
	}
	swap := s.Transpose || strings.HasPrefix(strings.ToLower(filepath.Base(img.name)), "emnist-")
	if swap && rows != cols {
		return nil, img.fail(8, "images of %d×%d, want square ones to transpose", rows, cols)
	}
	convert := func(it item) error {
		if swap {
			transpose(it.raw, rows)
		}
		src := &image.Gray{Pix: it.raw, Stride: cols, Rect: image.Rect(0, 0, cols, rows)}
		return fitGray(it.dst, src, size, fit)
	}
	if err := convertAll(ctx, s.Workers, read, convert); err != nil {
		return nil, err
	}
	return m, m.pin(img.name, s.KnownClasses)
}

// transpose swaps rows and columns of a square image in place.
func transpose(pixels []uint8, side int) {
	for y := range side {
		for x := range y {
			a, b := y*side+x, x*side+y
			pixels[a], pixels[b] = pixels[b], pixels[a]
		}
	}
}

// readIDXLabels reads as many labels as there are images, each below classes.
func readIDXLabels(lab, img *fileReader, count int64, classes int) ([]uint16, error) {
	var head [8]byte
	if err := lab.full(head[:], "the header of an IDX label file"); err != nil {
		return nil, err
	}
	if magic := binary.BigEndian.Uint32(head[:]); magic != idxLabels {
		return nil, lab.fail(0, "magic number %#08x, want %#08x (IDX labels of bytes)", magic, idxLabels)
	}
	if n := int64(binary.BigEndian.Uint32(head[4:])); n != count {
		return nil, lab.fail(4, "%d labels for the %d images of %s", n, count, img.name)
	}
	var labels []uint16
	buf := make([]byte, 1<<14)
	for left := count; left > 0; {
		part := buf[:min(left, int64(len(buf)))]
		at := lab.offset
		if err := lab.full(part, fmt.Sprintf("%d labels", count)); err != nil {
			return nil, err
		}
		for k, l := range part {
			if int(l) >= classes {
				return nil, lab.fail(at+int64(k),
					"label %d, want 0 to %d (class names in the options allow more)", l, classes-1)
			}
			labels = append(labels, uint16(l))
		}
		left -= int64(len(part))
	}
	return labels, lab.end()
}

// digits are the class names of the MNIST family.
func digits() []string {
	names := make([]string, 10)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}
