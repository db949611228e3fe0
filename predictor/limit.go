package predictor

import (
	"errors"
	"fmt"
	"time"
)

// ErrLimit is wrapped when no regime fits a time limit; see [LimitError].
var ErrLimit = errors.New("no regime fits the time limit")

// LimitError is the error when no regime fits a time limit.
type LimitError struct {
	// Limit is what was asked for, Least the smallest limit that a regime fits: the one of Model
	// with so many stages Frozen. A Least of a century or more stands for none.
	Limit, Least time.Duration
	Model        string
	Frozen       int
}

// Error implements error.
func (e *LimitError) Error() string {
	if e.Least >= longest {
		return fmt.Sprintf("predictor: %v of %v, and none that can be asked for would do", ErrLimit, e.Limit)
	}
	return fmt.Sprintf("predictor: %v of %v: the smallest that would do is %v, of %s with %d stages frozen", ErrLimit,
		e.Limit, e.Least, e.Model, e.Frozen)
}

// Unwrap is ErrLimit.
func (e *LimitError) Unwrap() error { return ErrLimit }
