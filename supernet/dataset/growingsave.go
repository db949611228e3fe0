package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// A saved Growing is a folder: files of images, called by their content and never changed, and an
// index that lists them. The index is replaced last, in one step; files that it does not list are
// left over from a Save that did not end, or from before the last one.
const (
	indexName    = "index"
	indexKind    = "tendril-growing"
	imagesPrefix = "images-"
	imagesKind   = "tendril-growing-images"

	growingVersion = 1
)

// fullPart is the pixels that a file of images holds at most, in bytes. Files that hold at least
// half of it are not written again to join them to others.
const fullPart = 32 << 20

// growingIndex is the index.
type growingIndex struct {
	Size                   int
	Classes                []string
	Seen                   []int64
	Below                  []uint64
	Images                 int
	Seed                   uint64
	MaxImages, MaxPerClass int
	Parts                  []string
	Prepared               Preparation // zero in files older than it
}

// imagesMeta is the JSON part of a file of images.
type imagesMeta struct{ ID string }

// saved is what a folder holds, as far as this Growing wrote or read it.
type saved struct {
	path string
	part map[int64]string // of images, by their order
	size map[string]int   // pixels of a part, in bytes, those of dropped images included
}

// Save writes the set to a folder, which is made if it does not exist. A Save to the same folder as
// before writes the images that are new, and those of files of which half is dropped or that are
// small beside the new one, so that there are few files whatever the number of appends; every image
// is written a number of times that grows with the logarithm of that of appends. Nobody else may
// write to the folder.
//
// A process that is killed at any moment, and a Save that ends with an error, leave the folder as
// one Save made it, the last or this one.
func (g *Growing) Save(ctx context.Context, path string) error {
	g.saving.Lock()
	defer g.saving.Unlock()
	if path == "" {
		return errors.New("dataset: save: the path is empty")
	}
	if err := g.save(ctx, filepath.Clean(path)); err != nil {
		return fmt.Errorf("dataset: save: %w", err)
	}
	return nil
}

func (g *Growing) save(ctx context.Context, path string) error {
	if g.size == 0 {
		return errNotGrowing
	}
	if !g.saved.in(path) {
		g.saved = saved{}
	}
	if err := checkpoint.MakeDir(path); err != nil {
		return err
	}
	n := g.held()
	next := saved{path: path, part: make(map[int64]string, len(n.marks)), size: make(map[string]int)}
	kept, fresh := g.saved.plan(n)
	for id, list := range kept {
		next.put(id, g.saved.size[id], n, list)
	}
	for list := range n.parts(fresh) {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, err := n.writeImages(path, list)
		if err != nil {
			return err
		}
		next.put(id, n.bytes(list), n, list)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	index := growingIndex{Size: g.size, Classes: n.images.classes, Seen: n.seen, Below: n.below,
		Images: len(n.marks), Seed: g.opts.Seed, MaxImages: g.opts.MaxImages,
		MaxPerClass: g.opts.MaxPerClass, Parts: slices.Sorted(maps.Keys(next.size)),
		Prepared: n.images.prepared}
	err := checkpoint.Write(filepath.Join(path, indexName), indexKind, growingVersion, &index, nil)
	if err != nil {
		return err
	}
	g.saved = next
	if err := next.clean(); err != nil {
		return fmt.Errorf("saved, but old files stay: %w", err)
	}
	return nil
}

// in reports whether the folder is this one and still has the files that it had.
func (s *saved) in(path string) bool {
	if s.path != path {
		return false
	}
	names := []string{indexName}
	for id := range s.size {
		names = append(names, imagesPrefix+id)
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat(filepath.Join(path, name))
		return err != nil
	})
}

// plan divides the images of n, by their place, in those that stay in the files that they are in
// and those to be written. It rewrites files of which half is dropped, and those that hold at most
// twice of what is written; so each has more than double of the next one, and they are few.
func (s *saved) plan(n *grown) (kept map[string][]int, fresh []int) {
	kept = make(map[string][]int, len(s.size))
	for id := range s.size {
		kept[id] = nil
	}
	for i, m := range n.marks {
		if id, ok := s.part[m.order]; ok {
			kept[id] = append(kept[id], i)
		} else {
			fresh = append(fresh, i)
		}
	}
	size := make(map[string]int, len(kept))
	for id, list := range kept {
		size[id] = n.bytes(list)
	}
	rewrite := func(id string) {
		fresh = append(fresh, kept[id]...)
		delete(kept, id)
	}
	for id := range s.size {
		if 2*size[id] <= s.size[id] {
			rewrite(id)
		}
	}
	total := n.bytes(fresh)
	smallFirst := func(a, b string) int { return cmp.Or(cmp.Compare(size[a], size[b]), cmp.Compare(a, b)) }
	for _, id := range slices.SortedFunc(maps.Keys(kept), smallFirst) {
		if total > 0 && size[id] <= 2*total && size[id] < fullPart/2 {
			rewrite(id)
			total += size[id]
		}
	}
	slices.Sort(fresh)
	return kept, fresh
}

// bytes is the size of the pixels of some images.
func (n *grown) bytes(list []int) (sum int) {
	for _, i := range list {
		sum += len(n.images.images[i])
	}
	return sum
}

// parts divides images that are to be written into files, about evenly.
func (n *grown) parts(list []int) iter.Seq[[]int] {
	files := max(1, (n.bytes(list)+fullPart-1)/fullPart)
	return slices.Chunk(list, max(1, (len(list)+files-1)/files))
}

// put notes that images, by their place in n, are in a part.
func (s *saved) put(id string, size int, n *grown, list []int) {
	s.size[id] = size
	for _, i := range list {
		s.part[n.marks[i].order] = id
	}
}

// clean removes files that the index does not list.
func (s *saved) clean() error {
	if err := checkpoint.RemoveTemporaries(s.path); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		id, ok := strings.CutPrefix(e.Name(), imagesPrefix)
		if _, listed := s.size[id]; !ok || listed || !isID(id) {
			continue
		}
		if err := os.Remove(filepath.Join(s.path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// writeImages writes a file of images, by their place in n, and returns what it is called by.
func (n *grown) writeImages(path string, list []int) (id string, err error) {
	t := imagesTensors{pixels: make([]uint8, 0, n.bytes(list))}
	area := n.images.size * n.images.size
	for _, i := range list {
		p := n.images.images[i]
		t.class = append(t.class, int32(n.images.labels[i]))
		t.number = append(t.number, n.marks[i].number)
		t.order = append(t.order, n.marks[i].order)
		t.channels = append(t.channels, uint8(len(p)/area))
		t.pixels = append(t.pixels, p...)
	}
	id = t.id()
	return id, checkpoint.Write(filepath.Join(path, imagesPrefix+id), imagesKind, growingVersion,
		&imagesMeta{ID: id}, t.tensors())
}

// imagesTensors is what a file of images holds: one number per image of each but pixels, which are
// those of one image after the other.
type imagesTensors struct {
	class         []int32
	number, order []int64
	channels      []uint8 // 1 or 3
	pixels        []uint8
}

func (t *imagesTensors) tensors() map[string]checkpoint.Tensor {
	images := []int{len(t.class)}
	return map[string]checkpoint.Tensor{
		"class":    checkpoint.Of(images, t.class),
		"number":   checkpoint.Of(images, t.number),
		"order":    checkpoint.Of(images, t.order),
		"channels": checkpoint.Of(images, t.channels),
		"pixels":   checkpoint.Of([]int{len(t.pixels)}, t.pixels),
	}
}

// id is a name for the content.
func (t *imagesTensors) id() string {
	h := sha256.New()
	for _, part := range []any{t.class, t.number, t.order, t.channels, t.pixels} {
		binary.Write(h, binary.LittleEndian, part) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)[:idBytes])
}

// idBytes is how much of a digest names a file.
const idBytes = 16

// isID reports whether a text is the name of a content.
func isID(text string) bool {
	return len(text) == 2*idBytes && strings.Trim(text, "0123456789abcdef") == ""
}
