// Package stream derives every stream of random numbers of this library.
//
// A stream belongs to a seed, a purpose and an index: the purpose says what is drawn
// ("supernet.sampler"), the index which item it is drawn for (step 12, image 7 of epoch 3). Two
// purposes never share a stream, and neither do two items, so a result depends neither on the order
// in which items are made nor on how many workers make them.
package stream

import "math/rand/v2"

// New is the generator of one item: the stream (seed, purpose, index...).
func New(seed uint64, purpose string, index ...uint64) *rand.Rand {
	return rand.New(Source(seed, purpose, index...))
}

// Source is the source of New. A loop over many items may call its Seed method with Key to use it
// again.
func Source(seed uint64, purpose string, index ...uint64) *rand.PCG {
	return rand.NewPCG(Key(seed, purpose, index...))
}

// Key is the two numbers that a PCG source of the stream is seeded with.
func Key(seed uint64, purpose string, index ...uint64) (uint64, uint64) {
	h := uint64(0xcbf29ce484222325) // FNV-1a, written out because keys are made in inner loops
	for i := range len(purpose) {
		h = (h ^ uint64(purpose[i])) * 0x100000001b3
	}
	hi := mix(seed ^ mix(h))
	lo := uint64(len(index))
	for _, i := range index {
		lo = mix(lo) ^ mix(i+0x9e3779b97f4a7c15)
	}
	return hi, lo
}

// Seed is a seed of its own for something that derives streams by itself.
func Seed(seed uint64, purpose string, index ...uint64) uint64 {
	hi, lo := Key(seed, purpose, index...)
	return mix(hi ^ mix(lo))
}

// mix is the output function of SplitMix64, a bijection in which every bit of the argument moves
// every bit of the result.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
