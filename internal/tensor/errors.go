package tensor

import "fmt"

// Error is the panic value of an operation called with operands that do not fit: a programming
// mistake, or an architecture and weights that do not belong together.
type Error struct {
	Op  string // the operation
	Msg string // what was got and what was expected
}

func (e *Error) Error() string { return e.Op + ": " + e.Msg }

// Failf panics with an *Error.
func Failf(op, format string, args ...any) {
	panic(&Error{Op: op, Msg: fmt.Sprintf(format, args...)})
}

// Recover turns the panic of an operation into an error; other panics go on. Defer it at a public
// boundary:
//
//	func (n *Net) Evaluate(…) (m Measurement, err error) {
//		defer tensor.Recover(&err)
//
// An error already set is kept when nothing panicked.
func Recover(err *error) {
	switch r := recover().(type) {
	case nil:
	case *Error:
		*err = r
	default:
		panic(r)
	}
}
