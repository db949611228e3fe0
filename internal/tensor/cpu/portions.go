package cpu

import "runtime"

// A portion keeps its largest activation within portionFloats, which is about what caches hold. It
// has portionImages, if there are so many, that share the reading of weights.
const (
	portionFloats = 1 << 20
	portionImages = 4
)

// Portions makes them small enough for caches and for every processor to have one.
func (b *backend) Portions(images, floats int) (size, atOnce int) {
	atOnce = b.workers
	if atOnce <= 0 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	size = min(portionFloats/max(floats, 1), max(ceilDiv(images, atOnce), portionImages))
	size = max(min(size, images), 1)
	return size, min(atOnce, ceilDiv(images, size))
}
