package zoo

import (
	"cmp"
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
	entries []Entry
	index   map[string]int
}

// Open opens the zoo in a folder, which need not exist: Add makes it. It reads the index alone,
// whatever the number of models; a damaged one is an error that wraps ErrCorrupt.
func Open(dir string, o *Options) (*Zoo, error) {
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
	stored, err := readIndex(z.dir)
	if err != nil {
		return fmt.Errorf("zoo: %w", err)
	}
	z.show(stored)
	return nil
}

// show makes entries those of the zoo.
func (z *Zoo) show(stored []Entry) {
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
	z.entries, z.index = entries, index
	z.mu.Unlock()
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
// dearer and more accurate. Of equal ones the first stays. Entries whose cost is not known (ok is
// false) do not take part.
func Front(entries []Entry, cost func(e *Entry) (value float64, ok bool)) []Entry {
	type priced struct {
		cost float64
		at   int
	}
	var all []priced
	for i := range entries {
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
