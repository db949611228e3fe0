package zoo

import (
	"errors"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Errors that callers branch on; they arrive wrapped.
var (
	// ErrEntry reports a description of a model that cannot be right.
	ErrEntry = errors.New("entry is not valid")
	// ErrExists reports a name that another entry has.
	ErrExists = errors.New("name is taken")
	// ErrUnknown reports a name that no entry has.
	ErrUnknown = errors.New("no such model in the zoo")
	// ErrNoWeights reports an entry that only tells of a model.
	ErrNoWeights = errors.New("the zoo has no weights of the model")
	// ErrCorrupt reports an index or weights that are damaged.
	ErrCorrupt = checkpoint.ErrCorrupt
	// ErrInUse reports a zoo that another process is changing.
	ErrInUse = checkpoint.ErrInUse
)
