package searchspace

import (
	"errors"
	"iter"
	"math/big"
	"math/rand/v2"
)

// ErrInfeasible is returned when no architecture that satisfies a space's
// limits was found within the allowed number of draws.
var ErrInfeasible = errors.New("no valid architecture found")

// Space is a set of architectures; it is immutable and safe for concurrent use.
type Space struct{ decisions []Decision }

var errEarly = errors.New("searchspace: under construction")

func (s *Space) Name() string                               { return "" }
func (s *Space) Decisions() []Decision                      { return s.decisions }
func (s *Space) Active(a Arch) []bool                       { return nil }
func (s *Space) ActiveNext(prefix []int) bool               { return true } // is decision len(prefix) active, given the choices before it
func (s *Space) AllowedNext(prefix []int) []int             { return nil }  // choices of decision len(prefix) that can still lead to a valid arch
func (s *Space) New(choices []int) (Arch, error)            { return Arch{}, errEarly }
func (s *Space) Parse(text string) (Arch, error)            { return Arch{}, errEarly }
func (s *Space) Format(a Arch) string                       { return "" }
func (s *Space) Valid(a Arch) error                         { return errEarly }
func (s *Space) Sample(r *rand.Rand) (Arch, error)          { return Arch{}, errEarly }
func (s *Space) Neighbours(a Arch) iter.Seq[Arch]           { return func(func(Arch) bool) {} }
func (s *Space) Encode(a Arch) []float32                    { return nil }
func (s *Space) EncodingLen() int                           { return 0 }
func (s *Space) Smallest() Arch                             { return Arch{} }
func (s *Space) Largest() Arch                              { return Arch{} }
func (s *Space) Size() *big.Int                             { return new(big.Int) }
func (s *Space) Lower(a Arch) (*Graph, error)               { return nil, errEarly }
func (s *Space) Cost(a Arch) (Cost, error)                  { return Cost{}, errEarly }
func (s *Space) WithClasses(n int) (*Space, error)          { return nil, errEarly }
func (s *Space) WithInput(size int) (*Space, error)         { return nil, errEarly }
func (s *Space) Classes() int                               { return 0 }
func (s *Space) InputSize() int                             { return 0 }
func (s *Space) Restrict(rs ...Restriction) (*Space, error) { return nil, errEarly }
func (s *Space) Spec() Spec                                 { return Spec{} }
func FromSpec(sp Spec) (*Space, error)                      { return nil, errEarly }

// MutateOptions sets how Mutate changes an architecture.
type MutateOptions struct {
	// Rate is the probability that each active decision is redrawn; 0 means
	// exactly one decision changes.
	Rate float64
	// Tries bounds the draws until a valid, different architecture is found; 0 means 1000.
	Tries int
}

func (s *Space) Mutate(a Arch, r *rand.Rand, o MutateOptions) (Arch, error) { return Arch{}, errEarly }

// Restriction narrows a space. Names are decision names, or patterns of path.Match ("*.kernel").
type Restriction struct {
	Decisions    []string `json:"decisions"`
	Keep         []int    `json:"keep,omitempty"`         // choice indices that stay, for every named decision
	Combinations [][]int  `json:"combinations,omitempty"` // allowed choice tuples over the named decisions
}

// Spec describes a space in a form that JSON can carry, so that a checkpoint can rebuild it with FromSpec.
type Spec struct {
	Family       string        `json:"family"`
	Options      []byte        `json:"options"`
	Restrictions []Restriction `json:"restrictions,omitempty"`
}

// SyntaxError is what Parse returns for bad text.
type SyntaxError struct {
	Offset    int    // byte offset in the text, from 0
	Got, Want string // what stands there, and what was expected
}

func (e *SyntaxError) Error() string { return e.Got }

// MobileNetV3Options sets up the MobileNetV3 family; zero values are the defaults.
type MobileNetV3Options struct {
	Width      float64 // width multiplier, 0 = 1
	InputSize  int     // 0 = 224
	StemStride int     // 0 = 2; 1 for small images
	Classes    int     // 0 = 1000
	Depths     []int   // nil = 2, 3, 4
	Kernels    []int   // nil = 3, 5, 7
	Expands    []int   // nil = 3, 4, 6
	Dropout    float64 // 0 = 0.1, negative = none
}

func MobileNetV3(o MobileNetV3Options) (*Space, error) { return nil, errEarly }
func (g *Graph) Cost() Cost                            { return Cost{} }
func (g *Graph) Layers() []LayerCost                   { return nil }
