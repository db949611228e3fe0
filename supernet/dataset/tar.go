package dataset

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// OpenTar reads a tar file, plain or packed with gzip, bzip2 or zstd, of images in class folders.
// It understands what OpenFolder understands, and the result is the same as for the unpacked
// folder, whatever the order of the entries: a later entry takes the place of an earlier one of its
// name, and links are followed inside the archive. The file is read twice, once for the names and
// once for the images that are wanted, and in part once more where Options give no size.
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
	t := &tarFile{archive: archive{path: path}, open: open}
	if err := t.list(ctx); err != nil {
		return nil, err
	}
	m, err := readStorage(ctx, path, t, s)
	if err == nil {
		m.report.Form = "tar"
	}
	return m, err
}

// tarFile is a storage in a tar.
type tarFile struct {
	archive
	open func() (*fileReader, error)
}

// list is the first reading: names, annotations, and a check of the whole archive.
func (t *tarFile) list(ctx context.Context) error {
	st, err := t.open()
	if err != nil {
		return err
	}
	defer st.Close()
	for walk := newTarWalk(st); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := walk.next()
		if h == nil || err != nil {
			return err
		}
		if err := t.count(h.Name); err != nil {
			return err
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := t.entry(walk, h); err != nil {
			return err
		}
	}
}

// entry puts an entry where it unpacks to.
func (t *tarFile) entry(walk *tarWalk, h *tar.Header) error {
	if h.Typeflag == tar.TypeDir && t.isFolder(splitName(h.Name)) {
		return nil // there already
	}
	f := &stored{name: h.Name, at: walk.count - 1}
	if h.Typeflag == tar.TypeLink { // before it is put: a link to itself changes nothing
		to := t.find(strings.Join(splitName(h.Linkname), "/"))
		switch {
		case to == nil || to.file == nil:
			f.err = badFile(t.path, h.Name, 0, "link to %q, which no entry before it is", h.Linkname)
		default:
			f = to.file
		}
	}
	n, err := t.put(h.Name)
	if n == nil || err != nil {
		return err
	}
	switch {
	case h.Typeflag == tar.TypeDir:
		return nil
	case h.Typeflag == tar.TypeSymlink && h.Linkname != "":
		n.link = h.Linkname
		return nil
	}
	n.file = f
	switch {
	case h.Typeflag == tar.TypeLink:
	case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeCont || isSparse(h):
		f.err = badFile(t.path, h.Name, 0, "named as an image but not stored as a plain file (type %q)",
			h.Typeflag)
	case isAnnotations(h.Name):
		if err := t.room(h.Name, h.Size); err != nil {
			return err
		}
		f.text, err = walk.content(h, nil)
		return err
	case h.Size > maxFile:
		f.err = &FileError{File: t.path, Entry: h.Name, Err: errFileSize(h.Size)}
	}
	return nil
}

func (t *tarFile) text(c child) ([]byte, error) { return t.find(c.name).file.text, nil }

// contents gives the content of the listed entries, which are in the order of the archive. Links to
// one file follow each other.
func (t *tarFile) contents(list []imageEntry) (func(int, []byte) ([]byte, error), func(), error) {
	st, err := t.open()
	if err != nil {
		return nil, nil, err
	}
	return tarContents(newTarWalk(st), list), func() { st.Close() }, nil
}

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
