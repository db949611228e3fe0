package searchspace

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotFinite reports a loss, a gradient or weights that are NaN or infinite: what StatusDiverged
// is about. Packages that train have it under their own name, so that an error tells whoever asks,
// whichever of them it comes from.
var ErrNotFinite = errors.New("not finite")

// Status says why a training or a search ended. It is part of results, so that callers need not
// read it out of an error.
type Status uint8

// Why it ended.
const (
	StatusNone      Status = iota // it has not ended, or not begun
	StatusFinished                // everything that was asked for is done
	StatusExhausted               // the strategy had nothing more to propose
	StatusStopped                 // a function of the caller, a Recorder for example, ended it
	StatusCancelled               // the context ended
	StatusDiverged                // a loss, or weights, were not finite
	StatusFailed                  // another error, which came with the result
)

var statusNames = [...]string{"none", "finished", "exhausted", "stopped", "cancelled", "diverged", "failed"}

// String is the lower-case name of the status.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// MarshalText writes String.
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusNames) {
		return nil, fmt.Errorf("searchspace: status %d, expected 0 to %d", uint8(s), len(statusNames)-1)
	}
	return []byte(statusNames[s]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("searchspace: status %q, expected one of %q", text, statusNames)
	}
	*s = Status(i)
	return nil
}
