package cpu

import (
	"runtime"
	"testing"
)

// TestPortions checks the bounds of portions: none empty or larger than the caches unless it is one
// image, never more at once than there are or than workers.
func TestPortions(t *testing.T) {
	before := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(before)
	for _, workers := range []int{0, 1, 2, 5} {
		b := New(Options{Workers: workers})
		most := workers
		if most == 0 {
			most = 3
		}
		for images := 1; images < 70; images++ {
			for _, floats := range []int{0, 1, 1000, 1 << 16, 1 << 18, portionFloats, 1 << 24} {
				size, atOnce := b.Portions(images, floats)
				parts := 0
				if size > 0 {
					parts = (images + size - 1) / size
				}
				if size < 1 || size > images || size > 1 && size*floats > portionFloats || atOnce < 1 ||
					atOnce > min(parts, most) {
					t.Fatalf("%d images of %d floats, %d workers: portions of %d, %d at once", images, floats,
						most, size, atOnce)
				}
				if parts < min(most, images/portionImages) {
					t.Fatalf("%d images of %d floats: %d portions for %d workers", images, floats, parts, most)
				}
			}
		}
	}
}
