package dataset

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// natural caps the size that is taken over from the first image.
const natural = 224

// loadImages decodes the listed image files. read gives the bytes of entry k of the list, asked in
// that order; where is the folder or archive, for messages, and name says which file and entry to
// complain of.
func loadImages(ctx context.Context, where string, list []imageEntry, s settings,
	read func(k int, buf []byte) ([]byte, error), name func(k int) (file, entry string)) (*Memory, error) {
	m := &Memory{size: s.Size, labels: make([]uint16, len(list)), images: make([][]uint8, len(list)),
		sources: make([]string, len(list)), prepared: s.preparation()}
	place, err := sortEntries(where, list, m)
	if err != nil {
		return nil, err
	}
	if m.size > 0 {
		if err := s.room(int64(len(list)), m.size, 3); err != nil {
			return nil, &FileError{File: where, Err: err}
		}
	}
	var store blocks
	k := 0
	next := func(buf []byte) (item, bool, error) {
		if k == len(list) {
			return item{}, false, nil
		}
		raw, err := read(k, buf)
		if err != nil {
			return item{}, false, err
		}
		if m.size == 0 { // the first image decides
			_, c, err := inspect(raw, list[k].name, &s)
			if err != nil {
				file, entry := name(k)
				return item{}, false, located(err, file, entry)
			}
			m.size = min(c.Width, c.Height, natural)
			if err := s.room(int64(len(list)), m.size, 3); err != nil {
				return item{}, false, &FileError{File: where, Err: err}
			}
		}
		store.per = m.size * m.size * 3
		it := item{k, raw, store.next()}
		m.images[place[k]], m.sources[place[k]] = it.dst, sourceName(name(k))
		k++
		return it, true, nil
	}
	convert := func(it item) error {
		if err := decodeTo(ctx, it.dst, it.raw, list[it.id].name, m.size, &s); err != nil {
			file, entry := name(it.id)
			return located(err, file, entry)
		}
		return nil
	}
	if err := convertAll(ctx, s.Workers, next, convert); err != nil {
		return nil, err
	}
	return m, m.pin(where, s.KnownClasses)
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
