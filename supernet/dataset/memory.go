package dataset

import (
	"fmt"
	"slices"
)

// Memory is a Dataset held in memory, one byte per channel. Greyscale images are kept as one
// channel and repeated when they are handed out. It does not change after it is made and is safe
// for concurrent use.
type Memory struct {
	size    int
	classes []string
	labels  []uint16
	images  [][]uint8 // each size·size or size·size·3 bytes
	sources []string  // where images come from; nil = not known
	report  Report

	prepared Preparation
}

// FromPixels makes a dataset of images that are already in memory. pixels holds them one after the
// other, each size·size·3 bytes (RGB) or, for all of them, size·size bytes (greyscale); it is kept,
// not copied. labels[i] is the class of image i, below len(classes).
func FromPixels(size int, classes []string, labels []int, pixels []uint8) (*Memory, error) {
	if size < 1 || size > maxSize {
		return nil, fmt.Errorf("dataset: image size %d, want 1 to %d", size, maxSize)
	}
	if len(classes) == 0 || len(classes) > maxClasses {
		return nil, fmt.Errorf("dataset: %d classes, want 1 to %d", len(classes), maxClasses)
	}
	if err := checkNames(classes); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	n := len(labels)
	per := size * size
	switch len(pixels) {
	case n * per:
	case n * per * 3:
		per *= 3
	default:
		return nil,
			fmt.Errorf("dataset: %d bytes of pixels for %d images of %d×%d, want %d (RGB) or %d (greyscale)",
				len(pixels), n, size, size, n*per*3, n*per)
	}
	m := &Memory{size: size, classes: slices.Clone(classes), labels: make([]uint16, n),
		images: make([][]uint8, n)}
	for i, l := range labels {
		if l < 0 || l >= len(classes) {
			return nil, fmt.Errorf("dataset: label %d of image %d, want 0 to %d", l, i, len(classes)-1)
		}
		m.labels[i] = uint16(l)
		m.images[i] = pixels[i*per : (i+1)*per : (i+1)*per]
	}
	return m, nil
}

// Limits that no option lifts: they bound what a hostile header can ask for.
const (
	maxSize    = 4096
	maxClasses = 65535
	maxWorkers = 1024
)

// Len is the number of images.
func (m *Memory) Len() int { return len(m.images) }

// Size is the side of every image in pixels.
func (m *Memory) Size() int { return m.size }

// Classes holds the class names; the caller must not change it.
func (m *Memory) Classes() []string { return m.classes }

// Label is the class of image i.
func (m *Memory) Label(i int) int { return int(m.labels[i]) }

// Image writes image i to dst.
func (m *Memory) Image(i int, dst []uint8) error {
	if err := checkIndex(i, len(m.images)); err != nil {
		return err
	}
	if err := checkBuffer(dst, m.size); err != nil {
		return err
	}
	expand(dst, m.images[i])
	return nil
}

// expand copies RGB pixels, or repeats greyscale ones over three channels.
func expand(dst, src []uint8) {
	if len(src) == len(dst) {
		copy(dst, src)
		return
	}
	for i, v := range src {
		p := dst[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = v, v, v
	}
}
