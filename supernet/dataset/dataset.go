package dataset

import "fmt"

// Dataset is a finite, ordered set of labelled images of one size. Every
// method may be called from several goroutines at once, and must give the
// same answer for the same index each time it is asked.
type Dataset interface {
	// Len is the number of images.
	Len() int
	// Size is the side of every image in pixels: images are Size×Size RGB.
	Size() int
	// Classes holds the class names; its length is the number of classes. The
	// caller must not change it.
	Classes() []string
	// Label is the class of image i, in [0, len(Classes())).
	Label(i int) int
	// Image writes image i to dst, which must hold exactly Size·Size·3
	// bytes: rows from the top, pixels from the left, red, green, blue.
	Image(i int, dst []uint8) error
}

// Count returns the number of images of each class.
func Count(ds Dataset) []int {
	counts := make([]int, len(ds.Classes()))
	for i := range ds.Len() {
		counts[ds.Label(i)]++
	}
	return counts
}

// pixeler is implemented by datasets that hold their images in memory and can
// lend one without a copy. The slice must not be written to; it holds
// Size·Size bytes for greyscale or Size·Size·3 for RGB, and nil means that
// this image cannot be lent.
type pixeler interface {
	pixels(i int) []uint8
}

// lend returns image i of ds without a copy where ds can do that, and nil
// otherwise.
func lend(ds Dataset, i int) []uint8 {
	if p, ok := ds.(pixeler); ok {
		return p.pixels(i)
	}
	return nil
}

func checkIndex(i, n int) error {
	if i < 0 || i >= n {
		return fmt.Errorf("dataset: image %d asked of a set of %d", i, n)
	}
	return nil
}

func checkBuffer(dst []uint8, size int) error {
	if len(dst) != size*size*3 {
		return fmt.Errorf("dataset: image buffer holds %d bytes, an image of %d×%d takes %d", len(dst), size, size, size*size*3)
	}
	return nil
}
