package evolution

import (
	"errors"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// With one candidate at a time the search is a climb: each candidate is a neighbour of the best of
// this climb so far, until none of the eight is better.
func TestLocalClimbs(t *testing.T) {
	s, err := NewLocal(bitString{}, &LocalOptions[int]{Seed: 1, Initial: []int{0b10101010}})
	if err != nil {
		t.Fatal(err)
	}
	value := func(g int) float64 { return hills(g).Objectives[0] }
	told := map[int]bool{}
	centre := ask(t, Strategy[int](s))
	if centre != 0b10101010 {
		t.Fatalf("began at %08b", centre)
	}
	tell(t, s, centre, hills(centre))
	told[centre] = true
	climbs := 1
	for range 150 {
		x := ask(t, Strategy[int](s))
		if bits.OnesCount(uint(x^centre)) != 1 { // another climb begins
			for i := range 8 {
				if n := centre ^ 1<<i; !told[n] || value(n) < value(centre) {
					t.Fatalf("left %08b although %08b has %g, known: %v", centre, n, value(n), told[n])
				}
			}
			climbs++
			centre = x
		}
		told[x] = true
		tell(t, s, x, hills(x))
		if value(x) < value(centre) {
			centre = x
		}
		// The strategy may go on from a neighbour that an earlier climb has measured.
		if s.centre != nil {
			for better := true; better; {
				better = false
				for i := range 8 {
					if n := centre ^ 1<<i; told[n] && value(n) < value(centre) {
						centre, better = n, true
						break
					}
				}
			}
		}
	}
	if climbs < 5 || len(s.Optima()) < climbs-1 {
		t.Errorf("%d climbs, %d optima", climbs, len(s.Optima()))
	}
	for _, o := range s.Optima() {
		for i := range 8 {
			if value(o.Genome^1<<i) < value(o.Genome) {
				t.Errorf("%08b is no optimum", o.Genome)
			}
		}
	}
}

// While the last neighbours are measured there is always something to do, and what was begun in
// advance is gone on from.
func TestLocalNeverWaits(t *testing.T) {
	s, err := NewLocal(bitString{}, &LocalOptions[int]{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 5))
	var flying []int
	for range 200 {
		for len(flying) < 12 {
			xs, err := s.Ask(1)
			if err != nil {
				t.Fatal(err)
			}
			if len(xs) == 0 {
				if n := len(s.population) + len(flying); n < 220 {
					t.Fatalf("nothing to propose after %d", n)
				}
				return
			}
			flying = append(flying, xs[0])
		}
		i := r.IntN(len(flying))
		o := Outcome[int]{Genome: flying[i], Point: hills(flying[i]), Failed: flying[i]%9 == 1}
		if err := s.Tell(o); err != nil {
			t.Fatal(err)
		}
		flying = slices.Delete(flying, i, i+1)
	}
}

// Offspring are different, valid in a space whose limits the basic architecture misses, and of one
// change each where that is possible.
func TestOffspring(t *testing.T) {
	small, err := searchspace.EATNAS(
		searchspace.EATNASOptions{CIFAR: true, Chain: true, StemChannels: 8, StemStride: 2})
	if err != nil {
		t.Fatal(err)
	}
	large, err := searchspace.EATNAS(
		searchspace.EATNASOptions{Chain: true, StemChannels: 8, StemStride: 1, InputSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(6, 6))
	changes := func(a, b searchspace.Arch) (n int) {
		for i := range a.Len() {
			if a.At(i) != b.At(i) {
				n++
			}
		}
		return n
	}
	for range 5 {
		basic, err := small.Sample(r)
		if err != nil {
			t.Fatal(err)
		}
		for space, far := range map[*searchspace.Space]int{small: 4, large: 30} {
			children, err := Offspring(space, basic, 64, searchspace.MutateOptions{}, r)
			if err != nil || len(children) != 64 {
				t.Fatal(len(children), err)
			}
			seen := map[searchspace.Arch]bool{basic: true}
			near := 0
			for i, a := range children {
				if err := space.Valid(a); err != nil || seen[a] {
					t.Errorf("child %d: %v, known: %v", i, err, seen[a])
				}
				seen[a] = true
				n := changes(basic, a)
				if n > far {
					t.Errorf("child %d has %d changes", i, n)
				}
				if n <= 2 { // an operation that changes may bring a skip along
					near++
				}
			}
			if space == small && near < 30 {
				t.Errorf("%d of 64 are neighbours", near)
			}
		}
		if _, err := Offspring(small, searchspace.Arch{}, 1, searchspace.MutateOptions{}, r); err == nil {
			t.Error("offspring of nothing")
		}
	}
	free, err := searchspace.EATNAS(searchspace.EATNASOptions{CIFAR: true, Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	one, err := free.Restrict(searchspace.Restriction{Decisions: []string{"*"}, Keep: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	basic, err := small.Sample(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Offspring(one, basic, 3, searchspace.MutateOptions{}, r)
	if !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("%v, %v out of a space of one", got, err)
	}
}
