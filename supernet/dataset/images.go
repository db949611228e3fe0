package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// natural caps the size that is taken over from the first image.
const natural = 224

// load decodes the listed images, in the order of the list; where is the folder or archive, for
// messages.
func (t *tree) load(ctx context.Context, where string, list []imageEntry, s settings, src storage) (
	*Memory, error) {
	m := &Memory{size: s.Size, labels: make([]uint16, len(list)), images: make([][]uint8, len(list)),
		sources: make([]string, len(list)), prepared: s.preparation()}
	place, err := sortEntries(where, list, m)
	if err != nil {
		return nil, err
	}
	if err := s.room(int64(len(list)), m.size, 3); err != nil {
		return nil, &FileError{File: where, Err: err}
	}
	if s.listOnly && !s.Skip { // which images are damaged shows when they are decoded
		return m, m.pin(where, s.KnownClasses)
	}
	read, done, err := src.contents(list)
	if err != nil {
		return nil, err
	}
	defer done()
	bad := make([]error, len(list)) // by place
	store := blocks{per: m.size * m.size * 3}
	k := 0
	next := func(buf []byte) (item, bool, error) {
		for ; k < len(list); k++ {
			if bad[place[k]] = list[k].err; list[k].err != nil {
				continue
			}
			raw, err := read(k, buf)
			var one fileOnly
			switch {
			case errors.As(err, &one) && s.Skip:
				bad[place[k]] = one.error
				continue
			case errors.As(err, &one):
				return item{}, false, one.error
			case err != nil:
				return item{}, false, err
			}
			it := item{k, raw, store.next()}
			m.images[place[k]], m.sources[place[k]] = it.dst, sourceName(src.place(list[k]))
			k++
			return it, true, nil
		}
		return item{}, false, nil
	}
	convert := func(it item) error {
		err := decodeTo(ctx, it.dst, it.raw, list[it.id].name, m.size, &s)
		if err == nil {
			return nil
		}
		file, entry := src.place(list[it.id])
		where := located(err, file, entry)
		switch err.(type) {
		case decodeError, limitError:
			if s.Skip {
				bad[place[it.id]] = where
				return nil
			}
		}
		return where
	}
	if err := convertAll(ctx, s.Workers, next, convert); err != nil {
		return nil, err
	}
	slices.SortFunc(list, byPlace)
	if err := t.drop(m, list, bad); err != nil {
		return nil, err
	}
	return m, m.pin(where, s.KnownClasses)
}

// drop takes the images out that have an error, and notes them. list has all of them by place.
func (t *tree) drop(m *Memory, list []imageEntry, bad []error) error {
	kept := make([]int, len(m.classes))
	n := 0
	for i, err := range bad {
		if err != nil {
			if err := t.unreadable(list[i].name, err); err != nil {
				return err
			}
			continue
		}
		kept[m.labels[i]]++
		m.labels[n], m.images[n], m.sources[n] = m.labels[i], m.images[i], m.sources[i]
		n++
	}
	for i, err := range bad {
		if err != nil && kept[slices.Index(m.classes, list[i].class)] == 0 {
			return fmt.Errorf("%w; no image of class %q can be read", err, list[i].class)
		}
	}
	m.labels, m.images, m.sources = m.labels[:n], m.images[:n], m.sources[:n]
	return nil
}

// sortEntries numbers the classes by name and gives each entry its place in the dataset: by class,
// then by path. Classes and labels of m are filled.
func sortEntries(where string, list []imageEntry, m *Memory) ([]int, error) {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(list[a].class, list[b].class), cmp.Compare(list[a].within, list[b].within))
	})
	place := make([]int, len(list))
	for pos, i := range order {
		e := list[i]
		if pos > 0 {
			if p := list[order[pos-1]]; p.class == e.class && p.within == e.within {
				return nil, badFile(where, e.name, 0, "image is there twice")
			}
		}
		if len(m.classes) == 0 || m.classes[len(m.classes)-1] != e.class {
			if len(m.classes) == maxClasses {
				return nil, fmt.Errorf("%s: more than %d classes: %w", where, maxClasses, ErrLimit)
			}
			m.classes = append(m.classes, e.class)
		}
		place[i] = pos
		m.labels[pos] = uint16(len(m.classes) - 1)
	}
	return place, nil
}
