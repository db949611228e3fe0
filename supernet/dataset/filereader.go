package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// fileReader reads a file from the front, unpacks gzip by itself, and knows where it is, so that
// every complaint can say so.
type fileReader struct {
	name   string // for messages
	file   io.Closer
	r      io.Reader
	offset int64 // of the unpacked bytes
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
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.Equal(head, gzipMagic) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, s.fail(0, "gzip: %w", err)
		}
		s.r = bufio.NewReaderSize(z, 1<<16)
	}
	return s, nil
}

var gzipMagic = []byte{0x1f, 0x8b}

// Close closes the file below.
func (s *fileReader) Close() error {
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
