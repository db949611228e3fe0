package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// storage is where image files lie: a folder, or an archive.
type storage interface {
	// children lists a folder in the order of the names; "" is the top.
	children(dir string) ([]child, error)
	// text reads a file of annotations.
	text(c child) ([]byte, error)
	// contents gives the files of a list, one after the other; done ends that. An error about one
	// file alone is a fileOnly.
	contents(list []imageEntry) (read func(k int, buf []byte) ([]byte, error), done func(), err error)
	// place says where an entry lies, for messages.
	place(e imageEntry) (file, entry string)
}

// child is a file or a folder of a storage; its name is the path from the top.
type child struct {
	imageEntry
	folder bool
	lost   bool  // a link to nothing
	err    error // why it cannot be read
}

// fileOnly is an error that says nothing of other files.
type fileOnly struct{ error }

func (e fileOnly) Unwrap() error { return e.error }

// readStorage reads the images of a storage, or only lists them where the settings say so.
func readStorage(ctx context.Context, where string, src storage, s settings) (*Memory, error) {
	t := &tree{skip: s.Skip}
	if err := t.walk(ctx, src, "", 0); err != nil {
		return nil, err
	}
	list, err := t.arrange(where, s.Part)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, byPlace)
	if s.Size == 0 { // the image that comes first in the set decides, not the one in an archive
		if s.Size, err = nativeSize(list, &s, src); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b imageEntry) int { return cmp.Compare(a.at, b.at) })
	m, err := t.load(ctx, where, list, s, src)
	if err != nil {
		return nil, err
	}
	m.report = t.report()
	return m, nil
}

// walk adds what is below a folder of a storage.
func (t *tree) walk(ctx context.Context, src storage, dir string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	list, err := src.children(dir)
	if err != nil {
		if depth == 0 {
			return err
		}
		return t.unreadable(dir, err)
	}
	if len(list) == 0 && depth > 0 {
		t.pass(Empty, dir)
	}
	for _, c := range list {
		if t.seen++; t.seen > maxEntries {
			file, entry := src.place(c.imageEntry)
			return &FileError{File: file, Entry: entry,
				Err: fmt.Errorf("more than %d files: %w", maxEntries, ErrLimit)}
		}
		if err := t.add(ctx, src, c, depth); err != nil {
			return err
		}
	}
	return nil
}

// add notes a file, or goes into a folder.
func (t *tree) add(ctx context.Context, src storage, c child, depth int) error {
	why := passes([]string{path.Base(c.name)})
	switch {
	case why != "":
		t.pass(why, c.name)
	case c.lost && !saysImage(c.name):
		t.pass(BrokenLink, c.name)
	case c.err != nil && t.skip && saysImage(c.name): // noted with those that turn out to be damaged
		e := c.imageEntry
		e.err, e.at = c.err, -1
		t.images = append(t.images, e)
	case c.err != nil:
		return t.unreadable(c.name, c.err)
	case c.folder && depth == maxDepth:
		file, entry := src.place(c.imageEntry)
		return &FileError{File: file, Entry: entry,
			Err: fmt.Errorf("folders deeper than %d: %w", maxDepth, ErrLimit)}
	case c.folder:
		return t.walk(ctx, src, c.name, depth+1)
	case saysImage(c.name):
		t.images = append(t.images, c.imageEntry)
	case isAnnotations(c.name):
		text, err := src.text(c)
		if err != nil {
			return err
		}
		file, entry := src.place(c.imageEntry)
		a, err := newAnnotations(file, entry, c.name, text)
		if err != nil {
			return err
		}
		t.notes = append(t.notes, a)
	default:
		t.pass(NotImage, c.name)
	}
	return nil
}

// unreadable notes a file that cannot be read, where Options.Skip allows that, or is its error.
func (t *tree) unreadable(name string, err error) error {
	if !t.skip {
		return err
	}
	said := err.Error()
	var file *FileError
	var system *fs.PathError
	if errors.As(err, &file) {
		said = file.Err.Error()
	} else if errors.As(err, &system) {
		said = system.Err.Error()
	}
	p := t.pass(Unreadable, name)
	p.Said = append(p.Said, said)
	return nil
}
