package dataset

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// zipMagics are how a zip begins, with an entry or without.
var zipMagics = []string{"PK\x03\x04", "PK\x05\x06"}

// openZip reads a zip of images in class folders as the folder that it unpacks to.
func openZip(ctx context.Context, path string, s settings) (*Memory, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return readZip(ctx, path, f, info.Size(), s)
}

func readZip(ctx context.Context, path string, r io.ReaderAt, size int64, s settings) (*Memory, error) {
	z := &zipFile{archive: archive{path: path}}
	dir, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, badFile(path, "", 0, "zip: %w", err)
	}
	z.files = dir.File
	for i := range z.files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := z.entry(i); err != nil {
			return nil, err
		}
	}
	if z.unpacked > freeUnpacked+mostUnpacked*size {
		return nil, &FileError{File: path, Err: errUnpacked(z.unpacked, size)}
	}
	m, err := readStorage(ctx, path, z, s)
	if err == nil {
		m.report.Form = "zip"
	}
	return m, err
}

// errUnpacked says that an archive unpacks to more than can be meant.
func errUnpacked(unpacked, packed int64) error {
	return fmt.Errorf("%d bytes unpack to %d, more than %d times as many: %w", packed, unpacked, mostUnpacked,
		ErrLimit)
}

// zipFile is a storage in a zip.
type zipFile struct {
	archive
	files    []*zip.File
	unpacked int64 // bytes of all files, as the directory has them
}

// entry puts entry i where it unpacks to.
func (z *zipFile) entry(i int) error {
	f := z.files[i]
	if err := z.count(f.Name); err != nil {
		return err
	}
	// Some programs on Windows write its separator.
	name := strings.ReplaceAll(f.Name, "\\", "/")
	folder := strings.HasSuffix(name, "/")
	if folder && z.isFolder(splitName(name)) {
		return nil // there already
	}
	n, err := z.put(name)
	if n == nil || err != nil || folder {
		return err
	}
	n.file = &stored{name: f.Name, at: i}
	if wanted := saysImage(f.Name) || isAnnotations(f.Name); wanted && f.UncompressedSize64 <= maxFile {
		z.unpacked += int64(f.UncompressedSize64)
	}
	const encrypted = 1
	switch {
	case f.Flags&encrypted != 0:
		n.file.err = badFile(z.path, f.Name, 0, "encrypted")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		n.file.err = badFile(z.path, f.Name, 0, "packed by method %d, which is not read", f.Method)
	case f.Mode()&fs.ModeSymlink != 0:
		if f.UncompressedSize64 > 1<<12 {
			return badFile(z.path, f.Name, 0, "link of %d bytes", f.UncompressedSize64)
		}
		target, err := z.content(i, nil)
		if err != nil {
			return err
		}
		if len(target) > 0 {
			*n = node{link: string(target)}
		}
	case !f.Mode().IsRegular():
		n.file.err = badFile(z.path, f.Name, 0, "named as an image but not a plain file (%v)", f.Mode())
	case f.UncompressedSize64 > maxFile:
		n.file.err = &FileError{File: z.path, Entry: f.Name,
			Err: fmt.Errorf("image file of %d bytes, %d allowed: %w", f.UncompressedSize64, int64(maxFile), ErrLimit)}
	case isAnnotations(f.Name):
		return z.room(f.Name, int64(f.UncompressedSize64))
	}
	return nil
}

func (z *zipFile) text(c child) ([]byte, error) { return z.content(c.at, nil) }

func (z *zipFile) contents(list []imageEntry) (func(int, []byte) ([]byte, error), func(), error) {
	return func(k int, buf []byte) ([]byte, error) {
		raw, err := z.content(list[k].at, buf)
		if err != nil {
			return nil, fileOnly{err}
		}
		return raw, nil
	}, func() {}, nil
}

// content unpacks a file, into buf where that is long enough. Memory is taken as bytes arrive where
// the directory announces much.
func (z *zipFile) content(i int, buf []byte) ([]byte, error) {
	f := z.files[i]
	bad := func(n int64, err error) error {
		return badFile(z.path, f.Name, n, "reading %d bytes: %w", f.UncompressedSize64, err)
	}
	r, err := f.Open()
	if err != nil {
		return nil, bad(0, err)
	}
	defer r.Close()
	const trust = 1 << 20
	grow := bytes.NewBuffer(sized(buf, int(min(f.UncompressedSize64, trust)))[:0])
	// One byte more than announced, so that the end is met, where the checksum is looked at.
	n, err := io.Copy(grow, io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err == nil && uint64(n) != f.UncompressedSize64 {
		err = zip.ErrFormat
	}
	if err != nil {
		return nil, bad(n, err)
	}
	return grow.Bytes(), nil
}
