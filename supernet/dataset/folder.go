package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// maxDepth of folders below the one opened; it also ends circles of links.
const maxDepth = 8

// maxFile bounds one image file as stored. The largest sensible image within the pixel limit is
// smaller.
const maxFile = 1 << 28

// OpenFolder reads a folder whose subfolders are classes and hold images of the kinds that Decode
// reads, at any depth. Classes are numbered by name. A level of train, val and test folders above
// the classes is understood; Options.Part chooses. Where a file val_annotations.txt (or of another
// part) lies, its lines "image file, tab, class" give the classes of the images below that folder,
// and a part whose images all lie in one folder "images" counts as not there when others have
// classes: this is how Tiny-ImageNet unpacks. What else lies there is passed over and in
// Memory.Report; what can be read in two ways is an error.
func OpenFolder(ctx context.Context, dir string, o *Options) (*Memory, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	m, err := readFolder(ctx, dir, s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

func readFolder(ctx context.Context, dir string, s settings) (*Memory, error) {
	t := &tree{}
	if err := t.listFolder(ctx, dir, "", 0); err != nil {
		return nil, err
	}
	list, err := t.arrange(dir, s.Part)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, byPlace)
	if s.Size == 0 {
		file := func(e imageEntry) string { return filepath.Join(dir, filepath.FromSlash(e.name)) }
		with := func(sample []imageEntry) (func(int, []byte) ([]byte, error), func(), error) {
			return func(k int, buf []byte) ([]byte, error) {
				return readImageFile(file(sample[k]), buf)
			}, func() {}, nil
		}
		name := func(e imageEntry) (string, string) { return file(e), "" }
		if s.Size, err = nativeSize(list, &s, with, name); err != nil {
			return nil, err
		}
	}
	file := func(k int) string { return filepath.Join(dir, filepath.FromSlash(list[k].name)) }
	read := func(k int, buf []byte) ([]byte, error) { return readImageFile(file(k), buf) }
	m, err := loadImages(ctx, dir, list, s, read, func(k int) (string, string) { return file(k), "" })
	if err != nil {
		return nil, err
	}
	m.report = t.report()
	return m, nil
}

// listFolder adds what is below dir/sub.
func (t *tree) listFolder(ctx context.Context, dir, sub string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(sub)))
	if err != nil {
		return err
	}
	for _, e := range entries { // ReadDir sorts by name
		name := e.Name()
		if sub != "" {
			name = sub + "/" + e.Name()
		}
		if why := passes([]string{e.Name()}); why != "" {
			t.pass(why, name)
			continue
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		isDir := e.IsDir()
		if e.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(file)
			if err != nil && errors.Is(err, os.ErrNotExist) && !saysImage(name) {
				t.pass(BrokenLink, name)
				continue
			}
			if err != nil {
				return err
			}
			isDir = info.IsDir()
		}
		switch {
		case isDir:
			if depth == maxDepth {
				return fmt.Errorf("%s: %w: folders deeper than %d", file, ErrLimit, maxDepth)
			}
			if err := t.listFolder(ctx, dir, name, depth+1); err != nil {
				return err
			}
		case saysImage(name):
			t.images = append(t.images, imageEntry{name: name, at: len(t.images)})
		case isAnnotations(name):
			if err := t.readAnnotations(file, name); err != nil {
				return err
			}
		default:
			t.pass(NotImage, name)
		}
	}
	return nil
}

// readAnnotations reads a file of classes.
func (t *tree) readAnnotations(file, name string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return badFile(file, "", 0, "named as annotations but not a regular file")
	}
	if info.Size() > maxAnnotations {
		return &FileError{File: file, Err: errAnnotations(info.Size())}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	a, err := newAnnotations(file, "", name, text)
	if err != nil {
		return err
	}
	t.notes = append(t.notes, a)
	return nil
}

// readImageFile reads a whole file into buf where that is long enough.
func readImageFile(path string, buf []byte) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, badFile(path, "", 0, "named as an image but not a regular file")
	}
	if info.Size() > maxFile {
		return nil, &FileError{File: path, Err: fmt.Errorf("image file of %d bytes, %d allowed: %w",
			info.Size(), maxFile, ErrLimit)}
	}
	buf = sized(buf, int(info.Size()))
	if n, err := io.ReadFull(f, buf); err != nil {
		return nil, badFile(path, "", int64(n), "reading %d bytes: %w", len(buf), err)
	}
	return buf, nil
}
