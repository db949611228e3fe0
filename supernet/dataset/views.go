package dataset

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
)

// view is a selection of the images of a dataset, with labels of its own.
type view struct {
	base    Dataset
	index   []int32  // image of base
	relabel []int    // label in base → label here; nil = the same
	classes []string // names of the labels here
}

func (v *view) Len() int          { return len(v.index) }
func (v *view) Size() int         { return v.base.Size() }
func (v *view) Classes() []string { return v.classes }

func (v *view) Label(i int) int {
	l := v.base.Label(int(v.index[i]))
	if v.relabel != nil {
		return v.relabel[l]
	}
	return l
}

func (v *view) Image(i int, dst []uint8) error {
	if err := checkIndex(i, len(v.index)); err != nil {
		return err
	}
	return v.base.Image(int(v.index[i]), dst)
}

// newView selects index of ds; a view of a view refers to the base of both.
func newView(ds Dataset, index []int32) *view {
	v := &view{base: ds, index: index, classes: ds.Classes()}
	if b, ok := ds.(*view); ok {
		v.base, v.relabel = b.base, b.relabel
		for k, i := range index {
			index[k] = b.index[i]
		}
	}
	return v
}

// given refuses a data set that is not there.
func given(ds Dataset) error {
	if v := reflect.ValueOf(ds); ds == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("dataset: no data set, want one")
	}
	return nil
}

// Subset holds the images of ds whose indices are listed, in that order; an index may be listed
// more than once. Labels and classes stay.
func Subset(ds Dataset, index []int) (_ Dataset, err error) {
	defer panics(&err)
	if err := Check(ds); err != nil {
		return nil, err
	}
	list := make([]int32, len(index))
	for k, i := range index {
		if err := checkIndex(i, ds.Len()); err != nil {
			return nil, err
		}
		list[k] = int32(i)
	}
	return newView(ds, list), nil
}

// Shuffle holds the images of ds in a random order, drawn with the seed. Images that are read from
// folders are in the order of their classes: who takes ranges of them, or trains on them in order,
// wants them mixed. LoaderOptions.Shuffle mixes every epoch anew.
func Shuffle(ds Dataset, seed uint64) (_ Dataset, err error) {
	defer panics(&err)
	if err := Check(ds); err != nil {
		return nil, err
	}
	return Subset(ds, stream.New(seed, "dataset.order").Perm(ds.Len()))
}

// KeepClasses holds the images of the listed classes, in the order of ds. Labels and class names
// stay as in ds: the other classes are there, without images.
func KeepClasses(ds Dataset, labels ...int) (_ Dataset, err error) {
	defer panics(&err)
	keep, err := classSet(ds, labels)
	if err != nil {
		return nil, err
	}
	var list []int32
	for i := range ds.Len() {
		if keep[ds.Label(i)] >= 0 {
			list = append(list, int32(i))
		}
	}
	return newView(ds, list), nil
}

// ByClass holds the images of the listed classes, in the order of ds, and numbers the classes anew:
// labels[k] becomes class k.
func ByClass(ds Dataset, labels ...int) (_ Dataset, err error) {
	defer panics(&err)
	number, err := classSet(ds, labels)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(labels))
	for k, l := range labels {
		names[k] = ds.Classes()[l]
	}
	return Relabel(ds, names, number)
}

// classSet maps each class of ds to its place in labels, or −1.
func classSet(ds Dataset, labels []int) ([]int, error) {
	if err := Check(ds); err != nil {
		return nil, err
	}
	if len(labels) == 0 {
		return nil, fmt.Errorf("dataset: no classes chosen")
	}
	place := make([]int, len(ds.Classes()))
	for l := range place {
		place[l] = -1
	}
	for k, l := range labels {
		if l < 0 || l >= len(place) {
			return nil, fmt.Errorf("dataset: class %d chosen of a set of %d classes", l, len(place))
		}
		if place[l] >= 0 {
			return nil, fmt.Errorf("dataset: class %d chosen twice", l)
		}
		place[l] = k
	}
	return place, nil
}

// Relabel gives the images of ds other classes: label l becomes mapping[l], an index into classes;
// images whose label maps to −1 are left out. Several labels may map to one class.
func Relabel(ds Dataset, classes []string, mapping []int) (_ Dataset, err error) {
	defer panics(&err)
	if err := Check(ds); err != nil {
		return nil, err
	}
	if len(mapping) != len(ds.Classes()) {
		return nil, fmt.Errorf("dataset: mapping of %d labels for a set of %d classes", len(mapping),
			len(ds.Classes()))
	}
	if err := checkNames(classes); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	for l, m := range mapping {
		if m < -1 || m >= len(classes) {
			return nil, fmt.Errorf("dataset: label %d mapped to %d, want −1 to %d", l, m, len(classes)-1)
		}
	}
	list := make([]int32, 0, ds.Len())
	for i := range ds.Len() {
		if mapping[ds.Label(i)] >= 0 {
			list = append(list, int32(i))
		}
	}
	v := newView(ds, list)
	v.classes = slices.Clone(classes)
	if v.relabel == nil {
		v.relabel = slices.Clone(mapping)
		return v, nil
	}
	inner := v.relabel
	v.relabel = make([]int, len(inner))
	for l, m := range inner {
		v.relabel[l] = -1
		if m >= 0 {
			v.relabel[l] = mapping[m]
		}
	}
	return v, nil
}

// Fraction holds the fraction f, in (0, 1], of the images of each class, rounded to the nearest
// number but at least one, in the order of ds. It is drawn with the seed, and a larger fraction
// with the same seed contains the smaller: the data volume grows by new images only.
func Fraction(ds Dataset, f float64, seed uint64) (Dataset, error) {
	if !(f > 0 && f <= 1) {
		return nil, fmt.Errorf("dataset: fraction %v, want above 0 and at most 1", f)
	}
	taken, _, err := divide(ds, f, seed, func(images, taken int) int { return taken })
	if err != nil {
		return nil, err
	}
	return newView(ds, taken), nil
}

// Split divides ds in two: a holds what Fraction(ds, f, seed) holds, b all other images, save that
// no class is lost to either: of two images and more each gets at least one, and the only image of
// a class goes to the larger side, which is b up to f = 0.5, so that what is trained on knows it.
func Split(ds Dataset, f float64, seed uint64) (a, b Dataset, err error) {
	if !(f > 0 && f < 1) {
		return nil, nil, fmt.Errorf("dataset: split at %v, want between 0 and 1", f)
	}
	return split(ds, f, seed, f > 0.5)
}

// split is Split; lone says whether a takes the only image of a class.
func split(ds Dataset, f float64, seed uint64, lone bool) (a, b Dataset, err error) {
	taken, left, err := divide(ds, f, seed, func(images, taken int) int {
		if images == 1 && lone {
			return taken
		}
		return min(taken, images-1)
	})
	if err != nil {
		return nil, nil, err
	}
	return newView(ds, taken), newView(ds, left), nil
}

// divide draws the fraction f of each class, at least one image; amend is asked how many of the
// images of a class are taken in the end. Each class has a stream of its own, so its draw does not
// depend on the other classes.
func divide(ds Dataset, f float64, seed uint64, amend func(images, taken int) int) (
	taken, left []int32, err error) {
	defer panics(&err)
	if err := Check(ds); err != nil {
		return nil, nil, err
	}
	byClass := make([][]int32, len(ds.Classes()))
	for i := range ds.Len() {
		l := ds.Label(i)
		byClass[l] = append(byClass[l], int32(i))
	}
	for l, list := range byClass {
		r := stream.New(seed, "dataset.divide", uint64(l))
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if len(list) == 0 {
			continue
		}
		k := amend(len(list), max(1, int(math.Round(f*float64(len(list))))))
		taken = append(taken, list[:k]...)
		left = append(left, list[k:]...)
	}
	slices.Sort(taken)
	slices.Sort(left)
	return taken, left, nil
}

// concat is several datasets, one after the other.
type concat struct {
	parts []Dataset
	start []int // first index of each part; one more than parts
}

// Concat puts datasets of one image size and the same classes one after the other.
func Concat(parts ...Dataset) (_ Dataset, err error) {
	defer panics(&err)
	if len(parts) == 0 {
		return nil, fmt.Errorf("dataset: nothing to concatenate")
	}
	c := &concat{parts: slices.Clone(parts), start: make([]int, len(parts)+1)}
	for k, p := range parts {
		if err := Check(p); err != nil {
			return nil, err
		}
		if p.Size() != parts[0].Size() {
			return nil, fmt.Errorf("dataset: concatenating images of %d pixels with images of %d", p.Size(),
				parts[0].Size())
		}
		if !slices.Equal(p.Classes(), parts[0].Classes()) {
			return nil,
				fmt.Errorf(
					"dataset: concatenating sets with different classes: set %d has %d classes, set 0 has %d",
					k, len(p.Classes()), len(parts[0].Classes()))
		}
		c.start[k+1] = c.start[k] + p.Len()
	}
	return c, nil
}

func (c *concat) Len() int          { return c.start[len(c.parts)] }
func (c *concat) Size() int         { return c.parts[0].Size() }
func (c *concat) Classes() []string { return c.parts[0].Classes() }

// find gives the part that holds image i and the index there.
func (c *concat) find(i int) (Dataset, int) {
	k, found := slices.BinarySearch(c.start, i)
	if !found {
		return c.parts[k-1], i - c.start[k-1]
	}
	for c.start[k+1] == i { // parts without images
		k++
	}
	return c.parts[k], 0
}

func (c *concat) Label(i int) int {
	p, j := c.find(i)
	return p.Label(j)
}

func (c *concat) Image(i int, dst []uint8) error {
	if err := checkIndex(i, c.Len()); err != nil {
		return err
	}
	p, j := c.find(i)
	return p.Image(j, dst)
}
