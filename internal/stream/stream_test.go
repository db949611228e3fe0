package stream

import (
	"testing"

	"pgregory.net/rapid"
)

// Streams that differ in anything share no key, and the order of indices counts.
func TestKeysAreDistinct(t *testing.T) {
	type key struct{ hi, lo uint64 }
	seen := map[key]string{}
	note := func(name string, hi, lo uint64) {
		if other, ok := seen[key{hi, lo}]; ok {
			t.Fatalf("%s has the stream of %s", name, other)
		}
		seen[key{hi, lo}] = name
	}
	for _, purpose := range []string{"", "a", "b", "ab", "ba", "augment", "sampler"} {
		for seed := range uint64(50) {
			hi, lo := Key(seed, purpose)
			note(purpose, hi, lo)
			for i := range uint64(50) {
				hi, lo := Key(seed, purpose, i)
				note(purpose, hi, lo)
				for j := range uint64(4) {
					hi, lo := Key(seed, purpose, i, j)
					note(purpose, hi, lo)
				}
			}
		}
	}
}

// The same arguments give the same numbers; a source that is seeded again gives them too.
func TestStreamsRepeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, purpose, i := rapid.Uint64().Draw(t, "seed"), rapid.String().Draw(t, "purpose"), rapid.Uint64().Draw(t, "index")
		a, b := New(seed, purpose, i), New(seed, purpose, i)
		src := Source(seed+1, "other")
		src.Seed(Key(seed, purpose, i))
		for range 4 {
			x := a.Uint64()
			if y := b.Uint64(); y != x {
				t.Fatalf("second generator gives %d, expected %d", y, x)
			}
			if y := src.Uint64(); y != x {
				t.Fatalf("source seeded again gives %d, expected %d", y, x)
			}
		}
		if s := Seed(seed, purpose, i); s != Seed(seed, purpose, i) || s == Seed(seed, purpose+"x", i) {
			t.Fatalf("derived seed %d belongs to another purpose, or changes", s)
		}
	})
}

// Making a key allocates nothing: loaders make one per image.
func TestKeyAllocates(t *testing.T) {
	i := uint64(0)
	if n := testing.AllocsPerRun(100, func() { i++; Key(1, "test", i, 2) }); n != 0 {
		t.Errorf("a key costs %v allocations, expected none", n)
	}
}

// Streams are part of what users see: a change here changes every result of a seed.
func TestStreamsAreFixed(t *testing.T) {
	if got, want := New(1, "test", 2, 3).Uint64(), uint64(15108297558466898905); got != want {
		t.Errorf("first number of stream (1, test, 2, 3) is %d, expected %d", got, want)
	}
}
