package wasserstein

import "errors"

var (
	// ErrVersion is wrapped when moments of different feature extractors meet: distances between
	// them mean nothing.
	ErrVersion = errors.New("moments of different versions")
	// ErrDim is wrapped when lengths or shapes do not fit together.
	ErrDim = errors.New("dimension mismatch")
	// ErrEmpty is wrapped when a distribution is asked for that no sample has been added to.
	ErrEmpty = errors.New("no samples")
	// ErrValue is wrapped when an input is NaN, infinite, or so large that its square overflows.
	ErrValue = errors.New("value out of range")
	// ErrNotPSD is wrapped when a covariance is not symmetric or not positive semidefinite.
	ErrNotPSD = errors.New("covariance is not positive semidefinite")
)
