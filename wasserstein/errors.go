package wasserstein

import "errors"

var (
	// ErrVersion is wrapped when moments of different feature extractors meet: distances between
	// them mean nothing.
	ErrVersion = errors.New("moments of different versions")
	// ErrDim is wrapped when lengths or shapes do not fit together, or are too large.
	ErrDim = errors.New("dimension mismatch")
	// ErrEmpty is wrapped when a distribution is asked for that no sample has been added to.
	ErrEmpty = errors.New("no samples")
	// ErrValue is wrapped when an input is NaN, infinite, or so large that its square overflows, or
	// an option is out of range.
	ErrValue = errors.New("value out of range")
	// ErrNotPSD is wrapped when a covariance is not symmetric or not positive semidefinite.
	ErrNotPSD = errors.New("covariance is not positive semidefinite")
	// ErrCount is wrapped when more or fewer vectors were seen than belong to the data.
	ErrCount = errors.New("wrong number of vectors")
	// ErrZeroTrace is wrapped when a distance is to be divided by the trace of a covariance that is
	// zero.
	ErrZeroTrace = errors.New("the reference's covariance has trace zero")
	// ErrNoUnit is wrapped when data give no unit of distance: fewer than four classes, or halves
	// of the classes that are no further apart than chance has it. Distance.Unit then stays 0.
	ErrNoUnit = errors.New("no unit of distance")
)
