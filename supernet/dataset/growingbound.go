package dataset

import (
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
)

// allKeys bounds the keys of a class of which nothing was dropped.
const allKeys = math.MaxUint64

// keyOf is the random key of an image of a class.
func keyOf(seed uint64, class uint16, m mark) uint64 {
	return stream.Seed(seed, "dataset.growing", uint64(class), uint64(m.number))
}

// stays reports whether an image is among those that are kept.
func (n *grown) stays(seed uint64, class uint16, m mark) bool {
	return n.below[class] == allKeys || keyOf(seed, class, m) < n.below[class]
}

// tighten lowers the bounds of keys until no class has more than its share of the images that are
// there and of those that come, and reports whether it had to. Bounds only ever fall, since a share
// grows only while its class has all its images; so what stays depends on the images seen alone.
func (n *grown) tighten(o *GrowingOptions, coming []arrival) bool {
	share := o.shares(n.seen)
	if slices.Equal(share, n.seen) {
		return false
	}
	keys := make([][]uint64, len(share))
	add := func(class uint16, m mark) {
		if share[class] == n.seen[class] {
			return
		}
		if key := keyOf(o.Seed, class, m); key < n.below[class] {
			keys[class] = append(keys[class], key)
		}
	}
	for i, m := range n.marks {
		add(n.images.labels[i], m)
	}
	for _, a := range coming {
		add(a.label, a.mark)
	}
	fell := false
	for c, k := range keys {
		if int64(len(k)) > share[c] {
			slices.Sort(k)
			n.below[c], fell = k[share[c]], true
		}
	}
	return fell
}

// drop leaves out the images that do not stay. Memory that others see stays as it is.
func (n *grown) drop(seed uint64) {
	old, marks := n.images, n.marks
	n.images.images, n.images.labels, n.marks = nil, nil, nil
	for i, m := range marks {
		if n.stays(seed, old.labels[i], m) {
			n.add(old.images[i], old.labels[i], m)
		}
	}
}

// add appends an image.
func (n *grown) add(pixels []uint8, label uint16, m mark) {
	n.images.images = append(n.images.images, pixels)
	n.images.labels = append(n.images.labels, label)
	n.marks = append(n.marks, m)
}

// shares divides MaxImages among classes of which so many images were seen: evenly, but to none
// more than it has or MaxPerClass; what does not divide goes to the first.
func (o *GrowingOptions) shares(seen []int64) []int64 {
	share, sum := slices.Clone(seen), int64(0)
	for c := range share {
		if o.MaxPerClass > 0 {
			share[c] = min(share[c], int64(o.MaxPerClass))
		}
		sum += share[c]
	}
	if o.MaxImages == 0 || sum <= int64(o.MaxImages) {
		return share
	}
	left, classes := int64(o.MaxImages), int64(len(share))
	for _, s := range slices.Sorted(slices.Values(share)) {
		if s > left/classes {
			break
		}
		left -= s
		classes--
	}
	level, more := left/classes, left%classes
	for c, s := range share {
		switch {
		case s <= level:
		case more > 0:
			share[c] = level + 1
			more--
		default:
			share[c] = level
		}
	}
	return share
}
