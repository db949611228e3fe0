package dataset

import (
	"fmt"
	"runtime/debug"
)

const (
	maxImageSide = 1 << 14 // pixels
	maxImages    = 1 << 31
)

// Check reports whether what a data set says of itself can be: that there is one, fewer than 1<<31
// images (none is fine) of a side between 1 and 16384 pixels, and every label, of which at most
// 4096 are looked at, evenly spaced, the number of a class. It reads no image. A panic of the data
// set is an error.
func Check(ds Dataset) (err error) {
	if err := given(ds); err != nil {
		return err
	}
	defer panics(&err)
	n, size, classes := ds.Len(), ds.Size(), len(ds.Classes())
	if n < 0 || int64(n) >= maxImages {
		return fmt.Errorf("dataset: %d images, want 0 or more and fewer than %d", n, int64(maxImages))
	}
	if size < 0 || size > maxImageSide || size == 0 && n > 0 {
		return fmt.Errorf("dataset: images of %d pixels, want 1 to %d", size, maxImageSide)
	}
	const looks = 4096
	for k := range min(n, looks) {
		i := int(int64(k) * int64(n) / int64(min(n, looks)))
		if l := ds.Label(i); l < 0 || l >= classes {
			return fmt.Errorf("dataset: image %d has label %d, want one of %d classes", i, l, classes)
		}
	}
	return nil
}

// panics makes the panic of what a caller has given an error.
func panics(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("dataset: panic: %v, at %s", r, panicked(debug.Stack()))
	}
}
