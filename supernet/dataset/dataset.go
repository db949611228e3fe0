package dataset

import "fmt"

// Dataset is a finite, ordered set of labelled images of one size. Every method may be called from
// several goroutines at once, and must give the same answer for the same index each time it is
// asked.
type Dataset interface {
	// Len is the number of images.
	Len() int
	// Size is the side of every image in pixels: images are Size×Size RGB.
	Size() int
	// Classes holds the class names; its length is the number of classes. The caller must not
	// change it.
	Classes() []string
	// Label is the class of image i, in [0, len(Classes())).
	Label(i int) int
	// Image writes image i to dst, which must hold exactly Size·Size·3 bytes: rows from the top,
	// pixels from the left, red, green, blue.
	Image(i int, dst []uint8) error
}

// Count returns the number of images of each class, nil where there is no data set. An image whose
// label is the number of no class is not counted, nor is any where ds panics.
func Count(ds Dataset) (counts []int) {
	if given(ds) != nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			counts = nil
		}
	}()
	counts = make([]int, len(ds.Classes()))
	for i := range ds.Len() {
		if l := ds.Label(i); l >= 0 && l < len(counts) {
			counts[l]++
		}
	}
	return counts
}

// lend returns the pixels of image i without a copy, size·size bytes of greyscale or size·size·3 of
// RGB, or nil where ds cannot do that. It knows this package's types only: a type outside that
// embeds one of them and changes its images must be asked for them.
func lend(ds Dataset, i int) []uint8 {
	switch d := ds.(type) {
	case *Memory:
		return d.images[i]
	case *view:
		return lend(d.base, int(d.index[i]))
	case *concat:
		p, j := d.find(i)
		return lend(p, j)
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
		return fmt.Errorf("dataset: image buffer holds %d bytes, an image of %d×%d takes %d", len(dst), size,
			size, size*size*3)
	}
	return nil
}
