package dataset

import (
	"cmp"
	"errors"
	"image"
	"slices"
)

// byPlace compares entries in the order of the data set: by class, then by path.
func byPlace(a, b imageEntry) int {
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.within, b.within))
}

// nativeSample is how many images are looked at, evenly spaced, beside the first.
const nativeSample = 32

// nativeSize is the size that the first image of the data set decides: its shorter side, at most
// natural. It is refused where it is below a quarter of the middle one among a sample of all
// images, or above four times: then the first is no image like the others. With Options.Skip the
// first image of the sample that says its shape takes the place of one that does not. list is
// sorted by place and not empty.
func nativeSize(list []imageEntry, s *settings, src storage) (int, error) {
	sample := []int{0}
	n := min(nativeSample, len(list)-1)
	for k := range n {
		sample = append(sample, 1+k*(len(list)-1)/n)
	}
	slices.SortStableFunc(sample, func(a, b int) int { return cmp.Compare(list[a].at, list[b].at) })
	asked := make([]imageEntry, len(sample))
	for k, i := range sample {
		asked[k] = list[i]
	}
	read, done, err := src.contents(asked)
	if err != nil {
		return 0, err
	}
	defer done()
	sides := make([]int, len(list)) // of those in the sample
	var wrong error                 // with the first image
	var buf []byte
	for k, i := range sample {
		err := list[i].err
		var raw []byte
		var one fileOnly
		if err != nil {
			err = fileOnly{err}
		} else {
			raw, err = read(k, buf)
		}
		if err != nil && !errors.As(err, &one) {
			return 0, err
		}
		if err == nil {
			var c image.Config
			buf = raw
			if _, c, err = inspect(raw, list[i].name, s); err == nil {
				sides[i] = min(c.Width, c.Height, natural)
				continue
			}
			file, entry := src.place(list[i])
			err = located(err, file, entry)
		} else {
			err = one.error
		}
		if i == 0 { // the others complain when they are decoded
			wrong = err
		}
	}
	known := slices.DeleteFunc(slices.Clone(sides), func(side int) bool { return side == 0 })
	if wrong != nil && (!s.Skip || len(known) == 0) {
		return 0, wrong
	}
	first := slices.IndexFunc(sides, func(side int) bool { return side > 0 })
	slices.Sort(known)
	if size, middle := sides[first], known[len(known)/2]; size < (middle+3)/4 || size > 4*middle {
		name, entry := src.place(list[first])
		return 0, badFile(name, entry, 0, "the first image is of %d pixels, others of %d: give the size of the "+
			"images in the options, or take the image away", size, middle)
	}
	return sides[first], nil
}
