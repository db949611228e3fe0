package dataset

import (
	"cmp"
	"fmt"
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
// images: then the first is no image like the others. list is sorted by place and not empty; with
// reads the images of a list, k in the order of their places in an archive; file names the image
// for messages.
func nativeSize(list []imageEntry, s *settings,
	with func([]imageEntry) (read func(k int, buf []byte) ([]byte, error), done func(), err error),
	file func(imageEntry) (file, entry string)) (int, error) {
	first := list[0]
	sample := []imageEntry{first}
	n := min(nativeSample, len(list)-1)
	for k := range n {
		sample = append(sample, list[1+k*(len(list)-1)/n])
	}
	slices.SortStableFunc(sample, func(a, b imageEntry) int { return cmp.Compare(a.at, b.at) })
	read, done, err := with(sample)
	if err != nil {
		return 0, err
	}
	defer done()
	size := 0
	var sides []int
	var buf []byte
	for k, e := range sample {
		if buf, err = read(k, buf); err != nil {
			return 0, err
		}
		_, c, err := inspect(buf, e.name, s)
		if e.name == first.name {
			if err != nil {
				name, entry := file(e)
				return 0, located(err, name, entry)
			}
			size = min(c.Width, c.Height, natural)
		}
		if err == nil { // the others complain when they are decoded
			sides = append(sides, min(c.Width, c.Height, natural))
		}
	}
	slices.Sort(sides)
	if middle := sides[len(sides)/2]; size < (middle+3)/4 {
		name, entry := file(first)
		return 0, badFile(name, entry, 0, "%s", fmt.Sprintf("the first image is of %d pixels, others of %d: "+
			"give the size of the images in the options, or take the image away", size, middle))
	}
	return size, nil
}
