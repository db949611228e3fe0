package zoo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Options sets up Open. The zero value, or a nil pointer, is the default.
type Options struct {
	// Published lists the models of Published, too, as long as the zoo has none of the same name.
	Published bool
}

// Zoo is a folder of models. It is safe for concurrent use; several processes may read it, and
// change it one after the other.
type Zoo struct {
	dir  string
	opts Options

	change  sync.Mutex   // one change at a time
	mu      sync.RWMutex // of what follows
	shown   int          // how often entries were replaced
	entries []Entry
	index   map[string]int
}

// Open opens the zoo in a folder, which need not exist: Add makes it. It reads the index alone,
// whatever the number of models; a damaged one is an error that wraps ErrCorrupt.
func Open(dir string, o *Options) (*Zoo, error) {
	if dir == "" {
		return nil, errors.New("zoo: open: no folder")
	}
	z := &Zoo{dir: dir}
	if o != nil {
		z.opts = *o
	}
	if err := z.Reload(); err != nil {
		return nil, err
	}
	return z, nil
}

// Reload reads the index again, for what other processes have changed.
func (z *Zoo) Reload() error {
	for {
		z.mu.RLock()
		before := z.shown
		z.mu.RUnlock()
		stored, err := readIndex(z.dir)
		if err != nil {
			return fmt.Errorf("zoo: %w", err)
		}
		if z.show(stored, before) {
			return nil
		}
	}
}

// anyhow has show show entries whatever was shown meanwhile.
const anyhow = -1

// show makes entries those of the zoo, unless others were shown since before, which are then the
// newer ones.
func (z *Zoo) show(stored []Entry, before int) bool {
	entries := stored
	if z.opts.Published {
		entries = slices.Clone(stored)
		for _, e := range Published() {
			if !slices.ContainsFunc(stored, func(s Entry) bool { return s.Name == e.Name }) {
				entries = append(entries, e)
			}
		}
	}
	index := make(map[string]int, len(entries))
	for i := range entries {
		index[entries[i].Name] = i
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if before != anyhow && before != z.shown {
		return false
	}
	z.entries, z.index = entries, index
	z.shown++
	return true
}

// Dir is the folder.
func (z *Zoo) Dir() string { return z.dir }

// Len is the number of entries.
func (z *Zoo) Len() int {
	z.mu.RLock()
	defer z.mu.RUnlock()
	return len(z.entries)
}

// Entries lists the models in the order in which they came.
func (z *Zoo) Entries() []Entry {
	z.mu.RLock()
	defer z.mu.RUnlock()
	out := make([]Entry, len(z.entries))
	for i := range z.entries {
		out[i] = z.entries[i].clone()
	}
	return out
}

// Find is the entry called name. The error wraps ErrUnknown.
func (z *Zoo) Find(name string) (Entry, error) {
	z.mu.RLock()
	defer z.mu.RUnlock()
	i, ok := z.index[name]
	if !ok {
		return Entry{}, fmt.Errorf("zoo: %w: %q", ErrUnknown, name)
	}
	return z.entries[i].clone(), nil
}

// Front lists the entries that no other beats in accuracy and cost: cheapest first, every next one
// dearer and more accurate. Of equal ones the first stays. Entries whose cost (ok is false) or
// accuracy (0) is not known do not take part; none does without a cost.
func Front(entries []Entry, cost func(e *Entry) (value float64, ok bool)) []Entry {
	type priced struct {
		cost float64
		at   int
	}
	var all []priced
	for i := range entries {
		if cost == nil || !(entries[i].Accuracy > 0) {
			continue
		}
		if c, ok := cost(&entries[i]); ok && c == c {
			all = append(all, priced{c, i})
		}
	}
	slices.SortStableFunc(all, func(a, b priced) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost),
			cmp.Compare(entries[b.at].Accuracy, entries[a.at].Accuracy))
	})
	var front []Entry
	for _, p := range all {
		e := &entries[p.at]
		if len(front) == 0 || e.Accuracy > front[len(front)-1].Accuracy {
			front = append(front, e.clone())
		}
	}
	return front
}
