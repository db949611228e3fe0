package checkpoint

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt is wrapped by every error that says that a file is damaged or not a checkpoint at
	// all.
	ErrCorrupt = errors.New("corrupt checkpoint")
	// ErrVersion is wrapped when an intact file has a version newer than the reader understands, or
	// none.
	ErrVersion = errors.New("unsupported checkpoint version")
	// ErrKind is wrapped when an intact file holds something else than the caller asked for.
	ErrKind = errors.New("wrong kind of checkpoint")
	// ErrTensor is wrapped when a tensor is missing or has another element type or shape than asked
	// for.
	ErrTensor = errors.New("unexpected tensor in checkpoint")
)

// FormatError says where a container is damaged. It wraps [ErrCorrupt], and the read error, if
// there was one.
type FormatError struct {
	Path   string // file, empty for a stream
	Offset int64  // byte offset at which the damage was noticed
	Reason string // what was found and what was expected
	Err    error  // underlying read error, or nil
}

func (e *FormatError) Error() string {
	s := fmt.Sprintf("%v at offset %d: %s", ErrCorrupt, e.Offset, e.Reason)
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives ErrCorrupt and the underlying error to errors.Is and errors.As.
func (e *FormatError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrCorrupt}
	}
	return []error{ErrCorrupt, e.Err}
}

func corrupt(offset int64, format string, args ...any) *FormatError {
	return &FormatError{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// inFile puts the path into an error that came from a reader that did not know it.
func inFile(path string, err error) error {
	if err == nil {
		return nil
	}
	if fe, ok := errors.AsType[*FormatError](err); ok && fe.Path == "" {
		fe.Path = path
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
