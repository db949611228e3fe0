package dataset

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that callers may want to branch on, found with errors.Is.
var (
	// ErrFormat: the file or directory is damaged, truncated, or not what its name says. The error
	// also holds a *FileError.
	ErrFormat = errors.New("bad data file")
	// ErrUnknown: no reader recognises the path.
	ErrUnknown = errors.New("unknown data format")
	// ErrPart: the asked part (train, val, test) is not there.
	ErrPart = errors.New("no such part")
	// ErrLimit: the data would need more memory than Options allow.
	ErrLimit = errors.New("data over the limit")
)

// FileError says where in a data file something is wrong.
type FileError struct {
	File  string // path of the file on disk
	Entry string // name inside an archive, empty elsewhere
	// Offset is where reading stopped, in bytes from the start of the entry, or of the file
	// (uncompressed) when there is no entry.
	Offset int64
	Err    error
}

// Error names the file, the entry and the offset.
func (e *FileError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Entry != "" {
		b.WriteString(": ")
		b.WriteString(e.Entry)
	}
	fmt.Fprintf(&b, ": offset %d: %v", e.Offset, e.Err)
	return b.String()
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }

var errEmptyImage = errors.New("image without pixels")
