package supernet

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// counterSuffix ends the names of PyTorch's batch counters, which say nothing here.
const counterSuffix = ".num_batches_tracked"

// pairing says which tensor of a file becomes which of a model.
type pairing struct {
	layout string
	of     map[string]string // name in the file by key of the model
	// skipped are the names in the file that the layout passes over.
	skipped []string
	// complaints is what does not fit; nothing may be read then.
	complaints
}

// complaints lists what is wrong with a set of named tensors.
type complaints struct {
	missing    []string // no tensor of the file has the name
	unexpected []string // no tensor of the model has the name
	same       []string // several tensors of the file have one name in the model
	misshapen  []string // another shape or element type
	unusable   []string // values that no network can have
	classes    string   // other numbers of classes
}

// shownNames is how many names of a kind an error has: the wrong file has hundreds.
const shownNames = 4

// some is the first names of a list, and how many more there are.
func some(names []string) string {
	if more := len(names) - shownNames; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shownNames], ", "), more)
	}
	return strings.Join(names, ", ")
}

// err is an error that says what kinds of things are wrong, how often, and gives examples; nil if
// there is nothing to say.
func (c *complaints) err() error {
	var parts []string
	for _, group := range []struct {
		what  string
		names []string
	}{{"missing", c.missing}, {"unexpected", c.unexpected}, {"for the same tensor", c.same},
		{"misshapen", c.misshapen}, {"unusable", c.unusable}} {
		if len(group.names) > 0 {
			parts = append(parts, group.what+": "+some(group.names))
		}
	}
	if c.classes != "" {
		parts = append(parts, c.classes)
	}
	if parts == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrWeights, strings.Join(parts, "; "))
}

// pair matches the tensors of a file with those of a model by name. Of the model those in without
// keep what they have: what the file has for them is skipped, and may be missing. An error is about
// the layout; what does not fit is in the pairing.
func (l *WeightLayout) pair(keys, names []string, without map[string]bool) (*pairing, error) {
	p := &pairing{layout: l.Name, of: make(map[string]string, len(keys))}
	names, err := l.keep(names, p)
	if err != nil {
		return nil, err
	}
	met, err := renamed(keys, l.Model)
	if err != nil {
		return nil, fmt.Errorf("layout %q: of the model: %w", l.Name, err)
	}
	keyOf := make(map[string]string, len(keys))
	for i, name := range met {
		if other, ok := keyOf[name]; ok {
			return nil, fmt.Errorf("layout %q: tensors %s and %s of the model both become %s", l.Name, other,
				keys[i], name)
		}
		keyOf[name] = keys[i]
	}
	became, err := renamed(names, l.Rules)
	if err != nil {
		return nil, fmt.Errorf("layout %q: %w", l.Name, err)
	}
	for i, name := range became {
		key, ok := keyOf[name]
		other, taken := p.of[key]
		switch {
		case !ok && name == names[i]:
			p.unexpected = append(p.unexpected, name)
		case !ok:
			p.unexpected = append(p.unexpected, fmt.Sprintf("%s (%s)", names[i], name))
		case without[key]:
			p.skipped = append(p.skipped, names[i])
		case taken:
			p.same = append(p.same, fmt.Sprintf("%s and %s (%s)", other, names[i], key))
		default:
			p.of[key] = names[i]
		}
	}
	for _, key := range keys {
		if _, ok := p.of[key]; !ok && !without[key] {
			p.missing = append(p.missing, key)
		}
	}
	slices.Sort(p.skipped)
	return p, nil
}

// keep is the names, in order, without those that are skipped.
func (l *WeightLayout) keep(names []string, p *pairing) ([]string, error) {
	skip := make([]*regexp.Regexp, len(l.Skip))
	for i, text := range l.Skip {
		var err error
		if skip[i], err = regexp.Compile(text); err != nil {
			return nil, fmt.Errorf("layout %q: skip %d: %w", l.Name, i, err)
		}
	}
	var kept []string
	for _, name := range names {
		matches := func(e *regexp.Regexp) bool { return e.MatchString(name) }
		if strings.HasSuffix(name, counterSuffix) || slices.ContainsFunc(skip, matches) {
			p.skipped = append(p.skipped, name)
		} else {
			kept = append(kept, name)
		}
	}
	slices.Sort(kept)
	return kept, nil
}

// nearest says which of the known layouts an error is about, and whether it is near at all: a file
// that has less than half of the model's tensors is of another network, or in another layout.
func (p *pairing) nearest() string {
	found, all := len(p.of), len(p.of)+len(p.missing)
	if 2*found >= all {
		return fmt.Sprintf("layout %q fits best", p.layout)
	}
	var names []string
	for _, l := range WeightLayouts() {
		names = append(names, l.Name)
	}
	return fmt.Sprintf("none of the known layouts (%s) fits: by the nearest, %q, the file has %d of the model's "+
		"%d tensors; it is of another network, or PretrainedOptions.Layout has to say what it calls them",
		strings.Join(slices.Compact(names), ", "), p.layout, found, all)
}

// recognise is the pairing of the first known layout that fits, by name; if none does, that of the
// one with most tensors of the model.
func recognise(keys, names []string, without map[string]bool) *pairing {
	var nearest *pairing
	for _, l := range WeightLayouts() {
		p, err := l.pair(keys, names, without)
		if err != nil {
			continue // it is not for this model
		}
		if p.err() == nil {
			return p
		}
		if nearest == nil || len(p.of) > len(nearest.of) {
			nearest = p
		}
	}
	return nearest
}
