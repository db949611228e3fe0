package dataset

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MergeClasses appends the names of more that known does not have, in their order: classes that are
// known keep their numbers, new ones follow. A name that is empty, not UTF-8, or twice in one of
// the lists, is an error; so are two that differ only in how Unicode composes their characters (an
// é of one character, or of two), because they print alike. The result is a list of its own; with
// more empty it is known, checked.
func MergeClasses(known, more []string) ([]string, error) {
	merged, err := mergeClasses(known, more)
	if err != nil {
		return nil, fmt.Errorf("dataset: merging classes: %w", err)
	}
	return merged, nil
}

func mergeClasses(known, more []string) ([]string, error) {
	if err := checkNames(slices.Concat(known, more)); err != nil {
		return nil, err
	}
	merged := make([]string, 0, max(len(known), len(more)))
	seen := make(map[string]bool, cap(merged))
	for _, list := range [][]string{known, more} {
		here := make(map[string]int, len(list))
		for i, name := range list {
			if name == "" {
				return nil, fmt.Errorf("class %d has no name", i)
			}
			if j, twice := here[name]; twice {
				return nil, fmt.Errorf("classes %d and %d are both called %q", j, i, name)
			}
			here[name] = i
			if !seen[name] {
				seen[name] = true
				merged = append(merged, name)
			}
		}
	}
	return merged, nil
}

// pin numbers the classes anew: those of known first, whether they have images or not, then the
// others as they were. Images keep their order. where names the data in messages.
func (m *Memory) pin(where string, known []string) error {
	if err := checkNames(m.classes); err != nil {
		return badFile(where, "", 0, "%w", err)
	}
	if len(known) == 0 || slices.Equal(known, m.classes) {
		return nil
	}
	merged, err := mergeClasses(known, m.classes)
	if err != nil {
		return badFile(where, "", 0, "classes beside those known: %w", err)
	}
	if len(merged) > maxClasses {
		return fmt.Errorf("%s: %d classes with those known, %d allowed: %w", where, len(merged), maxClasses,
			ErrLimit)
	}
	number := make(map[string]uint16, len(merged))
	for c, name := range merged {
		number[name] = uint16(c)
	}
	for i, l := range m.labels {
		m.labels[i] = number[m.classes[l]]
	}
	m.classes = merged
	return nil
}

// checkNames refuses class names that people or files could not tell apart: what is not UTF-8
// (other programs replace it, and names become one), and one name composed in two ways. The same
// name twice is not its concern.
func checkNames(names []string) error {
	plain := true // as they are
	for i, name := range names {
		if !utf8.ValidString(name) {
			return fmt.Errorf("class %d is called %q, which is not UTF-8", i, name)
		}
		plain = plain && strings.TrimFunc(name, isPlain) == "" && name == strings.Join(strings.Fields(name), " ")
	}
	if plain {
		return nil
	}
	composed := make(map[string]string, len(names))
	for _, name := range names {
		form := norm.NFC.String(strings.Join(strings.Fields(strings.Map(shown, name)), " "))
		if was, ok := composed[form]; ok && was != name {
			return fmt.Errorf("classes %+q and %+q print alike: they differ in how characters are "+
				"composed, as macOS and other systems do it, in spaces, or in what does not show; rename one", was, name)
		}
		composed[form] = name
	}
	return nil
}

// isPlain tells characters that look like no other and are not composed.
func isPlain(r rune) bool { return r >= ' ' && r < 0x7f }

// shown drops what does not show: marks of direction, joiners, spaces of no width, selectors of a
// variant, control characters that are no spaces.
func shown(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Variation_Selector) || unicode.IsControl(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}
