package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// LoadGrowing reads a set that Save wrote. With o nil it has the bounds that it had; otherwise
// those of o, which drop what is too much, and the classes of o that it does not know follow the
// others. Its seed stays what it was.
//
// The error wraps fs.ErrNotExist when no set was saved there, also where a first Save was killed,
// and ErrFormat, with a *FileError, when a file is damaged, missing or of another set.
func LoadGrowing(path string, o *GrowingOptions) (*Growing, error) {
	g, err := loadGrowing(filepath.Clean(path), o, checkpoint.Read)
	if err != nil {
		return nil, fmt.Errorf("dataset: load: %w", err)
	}
	return g, nil
}

// readFunc is the form of checkpoint.Read.
type readFunc func(path, kind string, maxVersion int, meta any) (map[string]checkpoint.Tensor, error)

func loadGrowing(path string, o *GrowingOptions, read readFunc) (*Growing, error) {
	file := filepath.Join(path, indexName)
	var index growingIndex
	if _, err := read(file, indexKind, growingVersion, &index); err != nil {
		return nil, damaged(file, err)
	}
	n, err := index.start()
	if err != nil {
		return nil, badFile(file, "", 0, "%w", err)
	}
	g := &Growing{size: index.Size, saved: saved{path: path, part: map[int64]string{}, size: map[string]int{}},
		opts: GrowingOptions{MaxImages: index.MaxImages, MaxPerClass: index.MaxPerClass, Seed: index.Seed}}
	for _, id := range index.Parts {
		if err := g.readImages(n, id, read); err != nil {
			return nil, err
		}
	}
	if err := n.settle(index.Images); err != nil {
		return nil, badFile(file, "", 0, "%w", err)
	}
	if o != nil {
		if err := o.check(); err != nil {
			return nil, err
		}
		if err := n.know(o.Classes); err != nil {
			return nil, err
		}
		g.opts.MaxImages, g.opts.MaxPerClass = o.MaxImages, o.MaxPerClass
	}
	if n.tighten(&g.opts, nil) {
		n.drop(g.opts.Seed)
	}
	g.now.Store(n)
	return g, nil
}

// damaged says in the manner of this package what is wrong with a file of a saved set. Errors of
// the file system stay what they are.
func damaged(file string, err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err
	}
	bad := &FileError{File: file, Err: formatError{err}}
	if at, ok := errors.AsType[*checkpoint.FormatError](err); ok {
		bad.Offset = at.Offset
	}
	return bad
}

// start is the set that an index describes, without its images.
func (x *growingIndex) start() (*grown, error) {
	if x.Size < 1 || x.Size > maxSize {
		return nil, fmt.Errorf("images of %d pixels, want 1 to %d", x.Size, maxSize)
	}
	if x.MaxImages < 0 || x.MaxPerClass < 0 || x.Images < 0 {
		return nil, fmt.Errorf("%d images, at most %d, %d of a class, want no negative numbers", x.Images,
			x.MaxImages, x.MaxPerClass)
	}
	if x.Prepared.Fit < FitAuto || x.Prepared.Fit > FitPad {
		return nil, fmt.Errorf("images prepared with %v", x.Prepared.Fit)
	}
	n := &grown{images: Memory{size: x.Size, prepared: x.Prepared}}
	if err := n.know(x.Classes); err != nil {
		return nil, err
	}
	if len(x.Seen) != len(x.Classes) || len(x.Below) != len(x.Classes) {
		return nil, fmt.Errorf("%d and %d numbers for %d classes", len(x.Seen), len(x.Below), len(x.Classes))
	}
	n.seen, n.below = x.Seen, x.Below
	for c, s := range x.Seen {
		if s < 0 || s > maxSeen || n.total() > maxSeen {
			return nil, fmt.Errorf("%d images of class %d seen, want 0 to %d together", s, c, int64(maxSeen))
		}
	}
	for i, id := range x.Parts {
		if !isID(id) || slices.Contains(x.Parts[:i], id) {
			return nil, fmt.Errorf("file of images %q, want hexadecimal digits and none twice", id)
		}
	}
	return n, nil
}

// readImages adds the images of a file that stay.
func (g *Growing) readImages(n *grown, id string, read readFunc) error {
	file := filepath.Join(g.saved.path, imagesPrefix+id)
	var meta imagesMeta
	tensors, err := read(file, imagesKind, growingVersion, &meta)
	if errors.Is(err, fs.ErrNotExist) { // of a set that does exist
		return badFile(file, "", 0, "%v", err)
	}
	if err != nil {
		return damaged(file, err)
	}
	t, err := imagesOf(tensors)
	if err != nil {
		return damaged(file, err)
	}
	if meta.ID != id {
		return badFile(file, "", 0, "images called %q", meta.ID)
	}
	if err := n.take(t, g.opts.Seed, func(order int64) { g.saved.part[order] = id }); err != nil {
		return badFile(file, "", 0, "%w", err)
	}
	g.saved.size[id] = len(t.pixels)
	return nil
}

// imagesOf finds the tensors of a file of images.
func imagesOf(tensors map[string]checkpoint.Tensor) (*imagesTensors, error) {
	var t imagesTensors
	var err error
	if t.class, err = checkpoint.Get[int32](tensors, "class", -1); err != nil {
		return nil, err
	}
	images := len(t.class)
	if t.number, err = checkpoint.Get[int64](tensors, "number", images); err != nil {
		return nil, err
	}
	if t.order, err = checkpoint.Get[int64](tensors, "order", images); err != nil {
		return nil, err
	}
	if t.channels, err = checkpoint.Get[uint8](tensors, "channels", images); err != nil {
		return nil, err
	}
	t.pixels, err = checkpoint.Get[uint8](tensors, "pixels", -1)
	return &t, err
}

// take adds those images of a file that stay, and calls found for each.
func (n *grown) take(t *imagesTensors, seed uint64, found func(order int64)) error {
	area, total, pixels := n.images.size*n.images.size, n.total(), t.pixels
	for i, c := range t.class {
		m := mark{number: t.number[i], order: t.order[i]}
		if c < 0 || int(c) >= len(n.seen) || m.number < 0 || m.number >= n.seen[c] || m.order < 0 || m.order >= total {
			return fmt.Errorf("image %d is number %d of class %d and %d in all, which did not come", i, m.number,
				c, m.order)
		}
		k := t.channels[i]
		if k != 1 && k != 3 || int(k)*area > len(pixels) {
			return fmt.Errorf("image %d has %d channels and %d bytes are left, want 1 or 3 channels of %d", i, k,
				len(pixels), area)
		}
		size := int(k) * area
		if n.stays(seed, uint16(c), m) {
			n.add(slices.Clone(pixels[:size]), uint16(c), m)
			found(m.order)
		}
		pixels = pixels[size:]
	}
	if len(pixels) > 0 {
		return fmt.Errorf("%d bytes more than its images take", len(pixels))
	}
	return nil
}

// settle puts images that came from files in their order and checks that each is there once.
func (n *grown) settle(images int) error {
	if len(n.marks) != images {
		return fmt.Errorf("%d images in its files, want %d", len(n.marks), images)
	}
	place := make([]int, images)
	for i := range place {
		place[i] = i
	}
	slices.SortFunc(place, func(a, b int) int { return cmp.Compare(n.marks[a].order, n.marks[b].order) })
	old := *n
	n.images.images, n.images.labels, n.marks = nil, nil, nil
	next := make([]int64, len(n.seen)) // smallest number of the next image of each class
	for k, i := range place {
		m, c := old.marks[i], old.images.labels[i]
		if k > 0 && n.marks[k-1].order == m.order || m.number < next[c] {
			return fmt.Errorf("image %d of all, number %d of class %d, is there twice or out of order", m.order,
				m.number, c)
		}
		next[c] = m.number + 1
		n.add(old.images.images[i], c, m)
	}
	return nil
}
