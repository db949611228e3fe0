package evolution

import "math/rand/v2"

// Genes says how genomes of one kind come about and vary. A genome is never changed in place.
type Genes[G any] interface {
	// Random draws a genome.
	Random(r *rand.Rand) (G, error)
	// Mutate returns a changed copy.
	Mutate(g G, r *rand.Rand) (G, error)
	// Cross returns two children of two parents.
	Cross(a, b G, r *rand.Rand) (G, G, error)
	// Key is equal for genomes that are the same candidate, and for no others.
	Key(g G) string
}
