package dataset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Growing is a set of images to which others are appended, in memory, for data that come in over
// time. It is read through snapshots. Its methods may be called from several goroutines at once;
// snapshots are taken at any time, an Append waits for the one under way, and so does a Save.
//
// Classes are matched by name: known ones keep their numbers, new ones get the next. Images are in
// the order in which they came. One whose three channels are equal takes one byte a pixel, whatever
// it came from.
//
// # Bounds
//
// With GrowingOptions.MaxImages, or MaxPerClass, older images make room for new ones. What stays of
// a class is a uniform sample of all its images that came, drawn with the seed: every image has a
// random key of its own, from its class and its number there, and the smallest keys stay (a
// reservoir sample, in the form of Efraimidis and Spirakis, "Weighted random sampling with a
// reservoir", 2006, with equal weights). So it depends neither on how the images were divided into
// appends, nor on those of other classes, nor on saving and loading. MaxImages is divided evenly: a
// class that has less than its share leaves the rest to the others, and what does not divide goes
// to the first classes. What is dropped does not come back: where a bound is raised later, new
// images get in at about the rate of the old ones, and do not outnumber them.
type Growing struct {
	size int
	opts GrowingOptions // seed and bounds

	appending sync.Mutex
	now       atomic.Pointer[grown]

	saving sync.Mutex
	saved  saved
}

// GrowingOptions are the bounds of a Growing. The zero value, or a nil pointer, is none.
type GrowingOptions struct {
	// Classes get the first numbers, before any image of them comes. Nil = none.
	Classes []string
	// MaxImages bounds the images that are kept. 0 = no bound.
	MaxImages int
	// MaxPerClass bounds the images that are kept of each class. 0 = no bound.
	MaxPerClass int
	// Seed of the choice of images that are dropped.
	Seed uint64
}

// grown is what a Growing holds at one time. It does not change; a later one may share its memory.
type grown struct {
	images Memory
	marks  []mark   // of the images
	seen   []int64  // images that came, of each class
	below  []uint64 // keys that stay, of each class
}

// mark says which image that came an image is.
type mark struct {
	number int64 // in its class
	order  int64 // in all
}

var errNotGrowing = errors.New("a growing set is made by NewGrowing or LoadGrowing")

// NewGrowing makes an empty set for images of size×size pixels.
func NewGrowing(size int, o *GrowingOptions) (*Growing, error) {
	g := &Growing{size: size}
	if o != nil {
		g.opts = *o
	}
	if size < 1 || size > maxSize {
		return nil, fmt.Errorf("dataset: growing: image size %d, want 1 to %d", size, maxSize)
	}
	if err := g.opts.check(); err != nil {
		return nil, fmt.Errorf("dataset: growing: %w", err)
	}
	start := &grown{images: Memory{size: size}}
	if err := start.know(g.opts.Classes); err != nil {
		return nil, fmt.Errorf("dataset: growing: %w", err)
	}
	g.now.Store(start)
	return g, nil
}

func (o *GrowingOptions) check() error {
	if o.MaxImages < 0 || o.MaxPerClass < 0 {
		return fmt.Errorf("at most %d images, %d of a class, want 1 or more, or 0 for no bound", o.MaxImages,
			o.MaxPerClass)
	}
	return nil
}

// know appends the classes of a list that are new. What n shares with another is left alone.
func (n *grown) know(classes []string) error {
	merged, err := mergeClasses(n.images.classes, classes)
	if err != nil {
		return err
	}
	if len(merged) > maxClasses {
		return fmt.Errorf("%d classes, %d allowed: %w", len(merged), maxClasses, ErrLimit)
	}
	for _, name := range merged[len(n.images.classes):] {
		if !utf8.ValidString(name) {
			return fmt.Errorf("class name %q is not UTF-8", name)
		}
	}
	n.images.classes = merged
	n.seen, n.below = slices.Clone(n.seen), slices.Clone(n.below)
	for range len(merged) - len(n.seen) {
		n.seen, n.below = append(n.seen, 0), append(n.below, allKeys)
	}
	return nil
}

// total is the number of images that came.
func (n *grown) total() (sum int64) {
	for _, s := range n.seen {
		sum += s
	}
	return sum
}

// held is what the set holds; the zero Growing holds nothing.
func (g *Growing) held() *grown {
	if n := g.now.Load(); n != nil {
		return n
	}
	return new(grown)
}

// Snapshot is the set as it is now. Later appends do not change it, and its images take no memory
// of their own.
func (g *Growing) Snapshot() Dataset { return &g.held().images }

// Seen is how many images of each class came, those included that were dropped.
func (g *Growing) Seen() []int {
	n := g.held()
	seen := make([]int, len(n.seen))
	for c, s := range n.seen {
		seen[c] = int(s)
	}
	return seen
}

// Append adds the images of ds, which must have the same size, and drops as many as the bounds
// want. Only images that stay are read, and copied. A class list of ds with empty names, or one
// twice, is an error; classes without images get numbers too. After an error, that of an image or
// of the context, the set is what it was.
//
// It takes time in the images of ds and, once a bound is reached, in the number of images kept; not
// in the number of appends before.
func (g *Growing) Append(ctx context.Context, ds Dataset) (err error) {
	defer panics(&err)
	g.appending.Lock()
	defer g.appending.Unlock()
	next, err := g.extend(ctx, ds)
	if err != nil {
		return fmt.Errorf("dataset: append: %w", err)
	}
	g.now.Store(next)
	return nil
}

// maxSeen bounds the images that may come.
const maxSeen = 1 << 53

// arrival is an image on its way into a Growing.
type arrival struct {
	index int // in what is appended
	label uint16
	mark  mark
}

// extend is what the Growing holds with the images of ds.
func (g *Growing) extend(ctx context.Context, ds Dataset) (*grown, error) {
	if g.size == 0 {
		return nil, errNotGrowing
	}
	if err := Check(ds); err != nil {
		return nil, err
	}
	if ds.Size() != g.size {
		return nil, fmt.Errorf("images of %d pixels, want %d", ds.Size(), g.size)
	}
	next := *g.held()
	switch p := PreparationOf(ds); {
	case ds.Len() == 0:
	case next.total() == 0:
		next.images.prepared = p
	case next.images.prepared != p: // of several kinds
		next.images.prepared = Preparation{}
	}
	if err := next.know(ds.Classes()); err != nil {
		return nil, err
	}
	coming, err := next.arrivals(ds)
	if err != nil {
		return nil, err
	}
	fell := next.tighten(&g.opts, coming)
	coming = slices.DeleteFunc(coming, func(a arrival) bool { return !next.stays(g.opts.Seed, a.label, a.mark) })
	pixels := make([][]uint8, len(coming))
	buf := make([]uint8, g.size*g.size*3)
	for k, a := range coming {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if pixels[k], err = pixelsOf(ds, a.index, buf); err != nil {
			return nil, fmt.Errorf("image %d: %w", a.index, err)
		}
	}
	if fell {
		next.drop(g.opts.Seed)
	}
	// Behind the end of what others see of the same memory, or in memory that nobody sees yet.
	for k, a := range coming {
		next.add(pixels[k], a.label, a.mark)
	}
	return &next, nil
}

// arrivals numbers the images of ds, whose classes are known, and counts them as seen.
func (n *grown) arrivals(ds Dataset) ([]arrival, error) {
	names := ds.Classes()
	number := make(map[string]uint16, len(n.images.classes))
	for c, name := range n.images.classes {
		number[name] = uint16(c)
	}
	order := n.total()
	if order+int64(ds.Len()) > maxSeen {
		return nil, fmt.Errorf("%d images came before, %d allowed: %w", order, int64(maxSeen), ErrLimit)
	}
	list := make([]arrival, ds.Len())
	for i := range list {
		l := ds.Label(i)
		if l < 0 || l >= len(names) {
			return nil, fmt.Errorf("label %d of image %d, want 0 to %d", l, i, len(names)-1)
		}
		c := number[names[l]]
		list[i] = arrival{index: i, label: c, mark: mark{number: n.seen[c], order: order}}
		n.seen[c]++
		order++
	}
	return list, nil
}

// pixelsOf is a copy of image i of ds, one byte a pixel where it is grey; buf has room for three.
func pixelsOf(ds Dataset, i int, buf []uint8) ([]uint8, error) {
	src := lend(ds, i)
	if src == nil {
		if err := ds.Image(i, buf); err != nil {
			return nil, err
		}
		src = buf
	}
	if len(src) < len(buf) {
		return slices.Clone(src), nil
	}
	for p := 0; p < len(src); p += 3 {
		if src[p] != src[p+1] || src[p] != src[p+2] {
			return slices.Clone(src), nil
		}
	}
	grey := make([]uint8, len(src)/3)
	for p := range grey {
		grey[p] = src[3*p]
	}
	return grey, nil
}
