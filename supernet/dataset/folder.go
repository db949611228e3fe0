package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	m, err := readStorage(ctx, dir, folder(dir), s)
	if err == nil {
		m.report.Form = "folder"
	}
	return m, err
}

// folder is a storage on disk.
type folder string

func (d folder) file(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

func (d folder) place(e imageEntry) (file, entry string) { return d.file(e.name), "" }

func (d folder) children(dir string) ([]child, error) {
	entries, err := os.ReadDir(d.file(dir)) // sorted by name
	if err != nil {
		return nil, err
	}
	list := make([]child, len(entries))
	for i, e := range entries {
		c := child{imageEntry: imageEntry{name: e.Name()}, folder: e.IsDir()}
		if dir != "" {
			c.name = dir + "/" + e.Name()
		}
		if e.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(d.file(c.name))
			c.err, c.lost = err, errors.Is(err, os.ErrNotExist)
			c.folder = err == nil && info.IsDir()
		}
		list[i] = c
	}
	return list, nil
}

func (d folder) text(c child) ([]byte, error) {
	file := d.file(c.name)
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, badFile(file, "", 0, "named as annotations but not a regular file")
	}
	if info.Size() > maxAnnotations {
		return nil, &FileError{File: file, Err: errAnnotations(info.Size())}
	}
	return os.ReadFile(file)
}

func (d folder) contents(list []imageEntry) (func(int, []byte) ([]byte, error), func(), error) {
	return func(k int, buf []byte) ([]byte, error) {
		raw, err := readImageFile(d.file(list[k].name), buf)
		if err != nil {
			return nil, fileOnly{err}
		}
		return raw, nil
	}, func() {}, nil
}

// readImageFile reads a whole file into buf where that is long enough.
func readImageFile(path string, buf []byte) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: opening a pipe waits
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, badFile(path, "", 0, "named as an image but not a regular file")
	}
	if info.Size() > maxFile {
		return nil, &FileError{File: path, Err: errFileSize(info.Size())}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf = sized(buf, int(info.Size()))
	if n, err := io.ReadFull(f, buf); err != nil {
		return nil, badFile(path, "", int64(n), "reading %d bytes: %w", len(buf), err)
	}
	return buf, nil
}

// errFileSize says that an image file is too long.
func errFileSize(size int64) error {
	return fmt.Errorf("image file of %d bytes, %d allowed: %w", size, int64(maxFile), ErrLimit)
}
