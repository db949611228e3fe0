package dataset

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// fileReader reads a file from the front, unpacks gzip, bzip2 and zstd by itself, and knows where
// it is, so that every complaint can say so.
type fileReader struct {
	name   string // for messages
	file   io.Closer
	r      io.Reader
	offset int64 // of the unpacked bytes
	zstd   *zstd.Decoder
}

func openReader(path string) (*fileReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || st.IsDir() {
		f.Close()
		if err == nil {
			err = fmt.Errorf("%s: is a directory, want a file", path)
		}
		return nil, err
	}
	s, err := newReader(path, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	s.file = f
	return s, nil
}

func newReader(name string, r io.Reader) (*fileReader, error) {
	b := bufio.NewReaderSize(r, 1<<18)
	s := &fileReader{name: name, r: b}
	head, err := b.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := s.unpack(b, string(head)); err != nil {
		return nil, err
	}
	return s, nil
}

// unpack puts the decoder before the reader that the first bytes ask for.
func (s *fileReader) unpack(b *bufio.Reader, head string) error {
	packed := &countReader{r: b}
	var z io.Reader
	switch {
	case strings.HasPrefix(head, "\x1f\x8b"):
		// The buffer is given as it is: of another reader gzip would read more than is counted.
		gz, err := gzip.NewReader(bufio.NewReader(packed))
		if err != nil {
			return s.fail(0, "gzip: %w", err)
		}
		z = gz
	case strings.HasPrefix(head, "BZh"):
		z = bzip2.NewReader(packed)
	case strings.HasPrefix(head, "\x28\xb5\x2f\xfd"),
		len(head) > 3 && head[0]>>4 == 5 && head[1:4] == "\x2a\x4d\x18": // a frame to skip
		d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return s.fail(0, "zstd: %w", err)
		}
		z, s.zstd = d, d
	case strings.HasPrefix(head, "\xfd7zXZ\x00"):
		return s.fail(0, "packed with xz, which is not read; unpack it first (xz -d), or pack it with zstd: %w",
			ErrUnknown)
	default:
		return nil
	}
	s.r = bufio.NewReaderSize(&bombReader{r: z, packed: packed}, 1<<16)
	return nil
}

// zstdWindow is the memory that a zstd file may ask for: what the zstd program gives unasked.
const zstdWindow = 128 << 20

// countReader counts what is read.
type countReader struct {
	r io.Reader
	n int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// bombReader refuses to unpack to more than mostUnpacked times what was read.
type bombReader struct {
	r      io.Reader
	packed *countReader
	n      int64
}

func (b *bombReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.n > freeUnpacked+mostUnpacked*b.packed.n {
		return 0, errUnpacked(b.n, b.packed.n)
	}
	return n, err
}

// Close closes the file below.
func (s *fileReader) Close() error {
	if s.zstd != nil {
		s.zstd.Close()
	}
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Read reads on, keeping count.
func (s *fileReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.offset += int64(n)
	return n, err
}

// full fills p; what names the bytes in a complaint about a truncated file.
func (s *fileReader) full(p []byte, what string) error {
	n, err := io.ReadFull(s, p)
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return s.fail(s.offset, "file ends inside %s: %d of %d bytes there", what, n, len(p))
	}
	return s.fail(s.offset, "reading %s: %w", what, err)
}

// end checks that nothing follows, and with it the checksum of a packed file.
func (s *fileReader) end() error {
	var one [1]byte
	at := s.offset
	switch n, err := io.ReadFull(s, one[:]); {
	case n > 0:
		return s.fail(at, "more data than the header announces")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return s.fail(at, "at the end: %w", err)
	}
}

// fail makes the error for something wrong at an offset.
func (s *fileReader) fail(at int64, format string, args ...any) error {
	return badFile(s.name, "", at, format, args...)
}

func badFile(file, entry string, at int64, format string, args ...any) error {
	return &FileError{File: file, Entry: entry, Offset: at, Err: formatError{fmt.Errorf(format, args...)}}
}

// formatError marks an error as ErrFormat and leaves its text alone.
type formatError struct{ error }

func (e formatError) Is(target error) bool { return target == ErrFormat }
func (e formatError) Unwrap() error        { return e.error }
