package searchspace

import (
	"encoding/json"
	"fmt"
)

// Family describes a search space for NewSpace: one function that writes the network against a
// Builder, and a few things that have good defaults.
type Family struct {
	Name      string
	InputSize int // height and width of the images, in pixels
	Classes   int
	// Build writes the network, from Builder.Input to Builder.Classifier.
	Build func(b *Builder)
	// Options is the JSON value that Spec carries so that a Maker can build the family again;
	// optional.
	Options json.RawMessage
	// Text lists the decision names of each list of the text form; lists are separated by colons,
	// numbers or labels inside a list by commas. Nil is one list of all decisions.
	Text []TextList
	// Synonyms are further texts that Parse accepts; optional.
	Synonyms []Synonym
	// Codec replaces the text form made from Text; optional.
	Codec Codec
	// Encoding lists the decisions of the one-hot encoding in order; nil is all.
	Encoding []string
	// Limits refuse architectures; optional.
	Limits []Limit
}

// TextList is one list of the text form.
type TextList struct {
	Name      string // what error messages call the list, e.g. "kernels"
	Decisions []string
}

// Synonym lets Parse read Label as the choice labelled Means.
type Synonym struct{ Decision, Label, Means string }

// Codec is a text form of a family's own. Parse gives one choice index per decision (inactive ones
// are ignored) and reports bad text as a *SyntaxError; Format is its inverse.
type Codec interface {
	Parse(text string, decisions []Decision) ([]int, error)
	Format(choices []int, decisions []Decision) string
}

// Limit is a condition on a few decisions that valid architectures satisfy.
type Limit struct {
	Decisions []string
	// Check gets the numeric value of each of the Decisions (the choice index where a decision is
	// symbolic; choice 0's where it is inactive) and says what is wrong.
	Check func(values []int) error

	// Add, instead of Check, makes a limit on a sum, which may run over many decisions and still be
	// counted exactly: the sum of Add(i, value of Decisions[i]), never negative, must lie in [Min,
	// Max]. What names the sum in errors, e.g. "layers".
	Add      func(i, value int) int
	Min, Max int
	What     string

	// Measure, instead of both, makes a limit on a number that follows from the values in another
	// way: it must lie in [Min, Max], and What names it. Unlike after Check, errors can say which
	// numbers a space reaches.
	Measure func(values []int) float64
}

// Maker builds a family from the options of its Spec.
type Maker struct {
	Family string
	Make   func(options json.RawMessage) (*Space, error)
}

// NewSpace makes the space of a family. It runs f.Build once to record the decisions and once more
// for the first architecture, so that mistakes show at once.
func NewSpace(f Family) (*Space, error) {
	if f.Name == "" || f.Build == nil {
		return nil, fmt.Errorf("searchspace: a family needs a name and a build function")
	}
	if f.InputSize < 1 || f.InputSize > maxInput {
		return nil, fmt.Errorf("searchspace: family %s: input size %d, expected 1 to %d", f.Name, f.InputSize,
			maxInput)
	}
	if f.Classes < 1 || f.Classes > maxClasses {
		return nil, fmt.Errorf("searchspace: family %s: %d classes, expected 1 to %d", f.Name, f.Classes,
			maxClasses)
	}
	b := newBuilder(&f, nil, nil)
	f.Build(b)
	if b.err != nil {
		return nil, b.err
	}
	s := &Space{fam: f, decisions: b.decisions, activity: b.activity, index: b.index, opaque: b.opaque,
		nodes: b.nodes}
	if err := s.resolveNames(); err != nil {
		return nil, err
	}
	sites := make(map[string]bool, len(b.nodes))
	for i := range b.nodes {
		n := &b.nodes[i]
		if n.Op != OpSelect && sites[n.Site] {
			return nil, fmt.Errorf("searchspace: family %s uses site %s twice", f.Name, n.Site)
		}
		sites[n.Site] = true
	}
	s.readers = make([][]int, len(s.decisions))
	for i := range s.nodes {
		for _, d := range s.nodes[i].Decisions() {
			s.readers[d] = append(s.readers[d], i)
		}
	}
	if _, err := s.lower(make([]int, len(s.decisions))); err != nil {
		return nil, err
	}
	return s, nil
}

// Bounds that keep every count far inside an int64.
const (
	maxInput   = 1 << 11
	maxClasses = 1 << 20
	maxWidth   = 1 << 24
	maxMAdds   = 1 << 60
)

// newBuilder is a builder for f; choices nil records the space. A non-nil space gives the decisions
// that exist already.
func newBuilder(f *Family, s *Space, choices []int) *Builder {
	b := &Builder{fam: f, choices: choices, index: map[string]int{}, layer: -1, eps: 1e-5, momentum: 0.1,
		feature: -1}
	if s != nil {
		b.index, b.decisions = s.index, s.decisions
	}
	return b
}

// resolveNames turns the names in the family's texts, encoding and limits into decision indices.
func (s *Space) resolveNames() error {
	find := func(names []string) ([]int, error) {
		out := make([]int, len(names))
		for i, name := range names {
			d, ok := s.index[name]
			if !ok {
				return nil, fmt.Errorf("searchspace: family %s names decision %q, which does not exist",
					s.fam.Name, name)
			}
			out[i] = d
		}
		return out, nil
	}
	all := make([]string, len(s.decisions))
	for i := range all {
		all[i] = s.decisions[i].Name
	}
	encoding := s.fam.Encoding
	if encoding == nil {
		encoding = all
	}
	var err error
	if s.encoding, err = find(encoding); err != nil {
		return err
	}
	lists := s.fam.Text
	if lists == nil {
		lists = []TextList{{Name: "choices", Decisions: all}}
	}
	for _, l := range lists {
		idx, err := find(l.Decisions)
		if err != nil {
			return err
		}
		s.lists = append(s.lists, textList{l.Name, idx})
	}
	for _, l := range s.fam.Limits {
		idx, err := find(l.Decisions)
		if err != nil {
			return err
		}
		forms := 0
		for _, has := range []bool{l.Check != nil, l.Add != nil, l.Measure != nil} {
			forms += flag(has)
		}
		if forms != 1 {
			return fmt.Errorf("searchspace: a limit of family %s needs one of Check, Add and Measure", s.fam.Name)
		}
		s.limits = append(s.limits, limit{l, idx})
	}
	return nil
}
