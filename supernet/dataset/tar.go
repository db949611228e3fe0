package dataset

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxEntries bounds the files of an archive, whose names are kept.
const maxEntries = 1 << 21

// OpenTar reads a tar file, plain or packed with gzip, of images in class folders. It
// understands what OpenFolder understands, and the result is the same as for the unpacked folder,
// whatever the order of the entries: a later entry takes the place of an earlier one of its name,
// and hard links are followed. The file is read twice, once for the names and once for the images
// that are wanted, and up to its first image once more where Options give no size.
func OpenTar(ctx context.Context, path string, o *Options) (*Memory, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	m, err := readTar(ctx, path, func() (*fileReader, error) { return openReader(path) }, s)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

func readTar(ctx context.Context, path string, open func() (*fileReader, error), s settings) (
	*Memory, error) {
	tr, err := listTar(ctx, path, open, s)
	if err != nil {
		return nil, err
	}
	list, err := tr.arrange(path, s.Part)
	if err != nil {
		return nil, err
	}
	name := func(k int) (string, string) { return path, list[k].name }
	slices.SortFunc(list, byPlace)
	if s.Size == 0 { // the image that comes first in the set decides, not the one in the archive
		with := func(sample []imageEntry) (func(int, []byte) ([]byte, error), func(), error) {
			st, err := open()
			if err != nil {
				return nil, nil, err
			}
			return tarContents(newTarWalk(st), sample), func() { st.Close() }, nil
		}
		file := func(e imageEntry) (string, string) { return path, e.name }
		if s.Size, err = nativeSize(list, &s, with, file); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b imageEntry) int { return cmp.Compare(a.at, b.at) })
	st, err := open()
	if err != nil {
		return nil, err
	}
	defer st.Close()
	read := tarContents(newTarWalk(st), list)
	m, err := loadImages(ctx, path, list, s, read, name)
	if err != nil {
		return nil, err
	}
	m.report = tr.report()
	return m, nil
}

// tarContents gives the content of the listed entries, which are in the order of the archive. Links
// to one file follow each other.
func tarContents(t *tarWalk, list []imageEntry) func(k int, buf []byte) ([]byte, error) {
	st := t.st
	var last []byte
	return func(k int, buf []byte) ([]byte, error) {
		if k > 0 && list[k].at == list[k-1].at {
			return append(buf[:0], last...), nil
		}
		for {
			h, err := t.next()
			if err == nil && h == nil {
				err = st.fail(st.offset, "archive changed while it was read")
			}
			if err != nil {
				return nil, err
			}
			if t.count-1 == list[k].at {
				if h.Name != list[k].stored {
					return nil, st.fail(st.offset, "archive changed while it was read: %q where %q was",
						h.Name, list[k].stored)
				}
				raw, err := t.content(h, buf)
				if err == nil && k+1 < len(list) && list[k+1].at == list[k].at {
					last = append(last[:0], raw...)
				}
				return raw, err
			}
		}
	}
}

// listTar is the first reading: names, annotations, and a check of the whole archive.
func listTar(ctx context.Context, path string, open func() (*fileReader, error), s settings) (*tree, error) {
	st, err := open()
	if err != nil {
		return nil, err
	}
	defer st.Close()
	t := newTarWalk(st)
	tr := &tree{}
	files := map[string]imageEntry{} // regular files and links to them, by their path
	images := map[string]int{}       // places in tr.images
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := t.next()
		if err != nil {
			return nil, err
		}
		if h == nil {
			return tr, nil
		}
		if h.Typeflag == tar.TypeReg && isAnnotations(h.Name) && cleanName(h.Name) != nil {
			if err := tr.tarAnnotations(path, t, h); err != nil {
				return nil, err
			}
		}
		clean := cleanName(h.Name)
		key := strings.Join(clean, "/")
		if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if clean == nil {
			tr.pass(passes(strings.Split(h.Name, "/")), h.Name)
			continue
		}
		if len(files) >= maxEntries {
			return nil, &FileError{File: path, Entry: h.Name,
				Err: fmt.Errorf("more than %d files: %w", maxEntries, ErrLimit)}
		}
		e := imageEntry{name: h.Name, stored: h.Name, at: t.count - 1}
		link, linked := files[strings.Join(cleanName(h.Linkname), "/")]
		if linked = linked && h.Typeflag == tar.TypeLink; linked {
			e.stored, e.at = link.stored, link.at
		}
		if linked || h.Typeflag == tar.TypeReg && !isSparse(h) {
			files[key] = e
		}
		if !saysImage(h.Name) {
			if !isAnnotations(h.Name) {
				tr.pass(NotImage, h.Name)
			}
			continue
		}
		if !linked && (h.Typeflag != tar.TypeReg || isSparse(h)) {
			return nil, badFile(path, h.Name, 0, "named as an image but not stored as a plain file (type %q)",
				h.Typeflag)
		}
		if h.Size > maxFile {
			return nil, &FileError{File: path, Entry: h.Name,
				Err: fmt.Errorf("image file of %d bytes, %d allowed: %w", h.Size, maxFile, ErrLimit)}
		}
		// One pixel an image is the least that the result can take.
		if err := s.room(int64(len(tr.images)+1), max(s.Size, 1), 3); err != nil {
			return nil, &FileError{File: path, Entry: h.Name, Err: err}
		}
		if i, ok := images[key]; ok { // a later entry takes the place of an earlier one
			tr.images[i] = e
			continue
		}
		images[key] = len(tr.images)
		tr.images = append(tr.images, e)
	}
}

// tarAnnotations reads the current entry as a file of classes.
func (t *tree) tarAnnotations(path string, walk *tarWalk, h *tar.Header) error {
	if h.Size > maxAnnotations {
		return &FileError{File: path, Entry: h.Name, Err: errAnnotations(h.Size)}
	}
	text, err := walk.content(h, nil)
	if err != nil {
		return err
	}
	a, err := newAnnotations(path, h.Name, h.Name, text)
	if err != nil {
		return err
	}
	t.notes = append(t.notes, a)
	return nil
}

func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// tarWalk goes through the entries of an archive.
type tarWalk struct {
	st    *fileReader
	tail  *tailReader
	r     *tar.Reader
	count int // entries seen
}

func newTarWalk(st *fileReader) *tarWalk {
	tail := &tailReader{r: st}
	return &tarWalk{st: st, tail: tail, r: tar.NewReader(tail)}
}

// next gives the next entry, nil after the last. An archive must end with its two blocks of zeros:
// without them it was cut off between two entries.
func (t *tarWalk) next() (*tar.Header, error) {
	h, err := t.r.Next()
	switch {
	case err == nil:
		t.count++
		return h, nil
	case errors.Is(err, io.EOF):
		if t.tail.zeros < 1024 {
			return nil, t.st.fail(t.st.offset, "archive ends without its closing blocks: truncated")
		}
		return nil, t.drain()
	}
	return nil, t.st.fail(t.st.offset, "tar: %w", err)
}

// drain reads what is after the closing blocks (padding), so that a packed file's checksum is
// looked at.
func (t *tarWalk) drain() error {
	if _, err := io.Copy(io.Discard, t.st); err != nil {
		return t.st.fail(t.st.offset, "after the archive: %w", err)
	}
	return nil
}

// content reads the current entry into buf where that is long enough. Memory is taken as bytes
// arrive when the header announces much.
func (t *tarWalk) content(h *tar.Header, buf []byte) ([]byte, error) {
	const trust = 1 << 20
	var n int64
	var err error
	if h.Size <= trust {
		buf = sized(buf, int(h.Size))
		var k int
		k, err = io.ReadFull(t.r, buf)
		n = int64(k)
	} else {
		var grow bytes.Buffer
		n, err = io.CopyN(&grow, t.r, h.Size)
		buf = grow.Bytes()
	}
	if err != nil {
		return nil, badFile(t.st.name, h.Name, n, "reading %d bytes at %d of the archive: %w", h.Size,
			t.st.offset, err)
	}
	return buf, nil
}

// tailReader counts the zero bytes that end what was read so far.
type tailReader struct {
	r     io.Reader
	zeros int64
}

func (t *tailReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	k := n
	for k > 0 && p[k-1] == 0 {
		k--
	}
	if k > 0 {
		t.zeros = 0
	}
	t.zeros += int64(n - k)
	return n, err
}
