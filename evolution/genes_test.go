package evolution

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// Children are valid, each decision is that of one parent or a consequence of others, and what a
// restriction ties together comes from one parent.
func TestArchitecturesCross(t *testing.T) {
	space := testSpace(t)
	names := []string{space.Decisions()[1].Name, space.Decisions()[2].Name}
	space, err := space.Restrict(
		searchspace.Restriction{Decisions: names, Combinations: [][]int{{0, 0}, {1, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	x := Architectures{Space: space}
	r := rand.New(rand.NewPCG(1, 1))
	different := 0
	for range 100 {
		a, err := x.Random(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := x.Random(r)
		if err != nil {
			t.Fatal(err)
		}
		c, d, err := x.Cross(a, b, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, child := range []searchspace.Arch{c, d} {
			if err := space.Valid(child); err != nil {
				t.Error(err)
			}
			if child != a && child != b {
				different++
			}
			for i := range child.Len() {
				if v := child.At(i); v != 0 && v != a.At(i) && v != b.At(i) {
					t.Errorf("decision %d of %v comes from neither %v nor %v", i, child, a, b)
				}
			}
		}
	}
	if different < 150 {
		t.Errorf("%d of 200 children differ from their parents", different)
	}
	// Kernels come from one parent, all else from the other.
	x.Space = testSpace(t)
	x.Crossing = map[searchspace.Kind]float64{}
	for _, d := range x.Space.Decisions() {
		x.Crossing[d.Kind] = 0
	}
	x.Crossing[searchspace.KindKernel] = 1
	a, b := x.Space.Smallest(), x.Space.Largest()
	c, _, err := x.Cross(a, b, r)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range x.Space.Decisions() {
		want := a.At(i)
		if d.Kind == searchspace.KindKernel && x.Space.Active(a)[i] {
			want = b.At(i)
		}
		if c.At(i) != want {
			t.Errorf("%s is %d, expected %d", d.Name, c.At(i), want)
		}
	}
	x.Crossing[searchspace.KindKernel] = 2
	if _, _, err := x.Cross(a, b, r); err == nil {
		t.Error("a probability of 2")
	}
	if _, err := (Architectures{}).Random(r); err == nil {
		t.Error("architectures of no space")
	}
	if _, _, err := x.Cross(searchspace.Arch{}, searchspace.Arch{}, r); err == nil {
		t.Error("children of no architecture")
	}
}

// Everything stays within bounds, also where they leave no room; parents are not changed; children
// lie around the mean of their parents.
func TestVectorsKeepToTheirBounds(t *testing.T) {
	x := Vectors{Low: []float64{-1, 0, 2, -1e-300}, High: []float64{1, 1e9, 2, 1e-300}, Rate: 0.5}
	r := rand.New(rand.NewPCG(2, 2))
	changed := 0
	for range 2000 {
		a, err := x.Random(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := x.Random(r)
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(a)
		c, d, err := x.Cross(a, b, r)
		if err != nil {
			t.Fatal(err)
		}
		e, err := x.Mutate(a, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range [][]float64{a, b, c, d, e} {
			if err := x.fits(g); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(a, before) {
			t.Fatal("a parent changed")
		}
		if e[0] != a[0] {
			changed++
		}
	}
	if changed < 900 || changed > 1100 {
		t.Errorf("variable mutated in %d of 2000 vectors at a rate of one half", changed)
	}
	for _, bad := range []Vectors{{}, {Low: []float64{0}}, {Low: []float64{1}, High: []float64{0}},
		{Low: []float64{math.NaN()}, High: []float64{1}}, {Low: []float64{0}, High: []float64{math.Inf(1)}},
		{Low: []float64{0}, High: []float64{1}, Rate: 2}, {Low: []float64{0}, High: []float64{1}, CrossIndex: -1}} {
		if g, err := bad.Random(r); err == nil {
			t.Errorf("%+v gives %v", bad, g)
		}
	}
	if x.Key([]float64{0}) != x.Key([]float64{math.Copysign(0, -1)}) {
		t.Error("−0 is not 0")
	}
}

// Variables of any range are crossed; a candidate to begin with that lies outside is refused before
// anything is measured.
func TestVectorsOfAnyRange(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, h := range []float64{1e-300, 1e-15, 1, 1e300} {
		x := Vectors{Low: []float64{-h, -h}, High: []float64{h, h}}
		crossed := 0
		for range 100 {
			c, d, err := x.Cross([]float64{-h / 2, -h / 2}, []float64{h / 2, h / 2}, r)
			if err != nil {
				t.Fatal(err)
			}
			for i := range c {
				if math.Abs(c[i]) != h/2 || math.Abs(d[i]) != h/2 {
					crossed++
				}
			}
		}
		if crossed < 70 || crossed > 130 {
			t.Errorf("±%g: %d of 200 variables crossed", h, crossed)
		}
	}
	x := box(2, 1)
	for _, bad := range [][]float64{{0}, {0, 2}, {math.NaN(), 0}} {
		o := BreedOptions[[]float64]{Initial: [][]float64{{0, 1}, bad}}
		if _, err := NewNSGA2(x, &NSGA2Options[[]float64]{BreedOptions: o}); err == nil {
			t.Errorf("a search that begins with %v", bad)
		}
	}
	if got := (Vectors{Low: []float64{0}}).Encode([]float64{1}); got[0] != 0 {
		t.Errorf("%v encodes a variable without an upper bound", got)
	}
}

// embedded is Vectors with operators of its own.
type embedded struct {
	Vectors
	calls *int
}

func (e embedded) Key(g []float64) string { *e.calls++; return e.Vectors.Key(g[:1]) }

func (e embedded) Mutate(g []float64, r *rand.Rand) ([]float64, error) {
	*e.calls++
	return e.Vectors.Mutate(g, r)
}

// A type that embeds genes of this package is asked itself.
func TestGenesThatEmbedOthers(t *testing.T) {
	calls := 0
	s, err := NewNSGA2(embedded{box(2, 1), &calls}, &NSGA2Options[[]float64]{
		BreedOptions: BreedOptions[[]float64]{Population: 10, Mutation: 1, Initial: [][]float64{{0, 0}, {0, 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		xs, err := s.Ask(0)
		if err != nil || len(xs) != 10 {
			t.Fatal(xs, err)
		}
		for _, x := range xs {
			if err := s.Tell(Outcome[[]float64]{Genome: x, Point: Point{Objectives: x}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(s.Population()) != 10 || slices.Equal(s.Population()[0].Genome, []float64{0, 1}) || calls < 50 {
		t.Errorf("%v after %d calls", s.Population(), calls)
	}
}

// Whole powers and roots by multiplication are those of package math.
func TestPowersAndRoots(t *testing.T) {
	for _, n := range []float64{1, 2, 3, 16, 21, 64, 2.5, 200} {
		for _, v := range []float64{0.25, 1, 1.01, 1.5} {
			e := exponentOf(n)
			for i, got := range []float64{e.power(v), e.root(v)} {
				want := []float64{math.Pow(v, n), math.Pow(v, 1/n)}[i]
				if math.Abs(got-want) > 1e-13*want {
					t.Errorf("%g and %g: %g, expected %g", v, n, got, want)
				}
			}
		}
	}
}

// A state is read or refused, whatever it says.
func FuzzState(f *testing.F) {
	names := slices.Sorted(maps.Keys(savers))
	for i, name := range names {
		s, err := savers[name]()
		if err != nil {
			f.Fatal(err)
		}
		for range 30 {
			xs, err := s.Ask(2)
			if err != nil {
				f.Fatal(err)
			}
			for _, x := range xs[:1] {
				if err := s.Tell(Outcome[int]{Genome: x, Point: twoSums(x)}); err != nil {
					f.Fatal(err)
				}
			}
		}
		text, err := s.MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, i uint8, text []byte) {
		s, err := savers[names[int(i)%len(names)]]()
		if err != nil {
			t.Fatal(err)
		}
		if s.UnmarshalJSON(text) != nil {
			return
		}
		_, _ = s.Ask(3) // may fail, for its genomes are not checked
		_ = s.Tell(Outcome[int]{Genome: 1, Point: Point{Objectives: []float64{1, 2}}})
		_, _ = s.Ask(3)
		_ = s.Population()
	})
}
