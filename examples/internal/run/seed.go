package run

import (
	"flag"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Seed is the setting from which everything random of a program follows, a stream of its own for
// each purpose.
type Seed uint64

// Bind adds the flag -seed.
func (s *Seed) Bind(fs *flag.FlagSet) {
	fs.Uint64Var((*uint64)(s), "seed", uint64(*s), "`seed` of everything random")
}

// For is the seed of one purpose, of one of its items where there are several: a snapshot, a
// network.
func (s Seed) For(purpose string, item ...int) uint64 {
	return stream.Seed(uint64(s), purpose, index(item)...)
}

// Stream draws the random numbers of one purpose, of one of its items where there are several.
func (s Seed) Stream(purpose string, item ...int) *rand.Rand {
	return stream.New(uint64(s), purpose, index(item)...)
}

func index(item []int) []uint64 {
	out := make([]uint64, len(item))
	for i, v := range item {
		out[i] = uint64(v)
	}
	return out
}
