package evolution

import "math/rand/v2"

// entry is what a breeder knows of a candidate. There is one as long as it is being measured, or a
// member, or to be remembered.
type entry[G any] struct {
	key    string
	open   int  // how often it is asked and not told
	known  bool // it was asked or told, and is never to be proposed again
	member *member[G]
}

// asked is a candidate that was proposed.
type asked[G any] struct {
	genome G
	entry  *entry[G]
	told   bool
}

// register finds candidates by their keys. Entries and members that have gone serve again.
type register[G any] struct {
	genes   Genes[G]
	swift   swift[G] // nil = genes of the caller's
	entries map[string]*entry[G]
	opened  int        // entries that are open
	pending []asked[G] // in the order of asking; begins with done ones that are told
	done    int
	text    []byte // of a key
	gone    []*entry[G]
	dead    []*member[G]
}

// swift are genes that save allocations.
type swift[G any] interface {
	// appendKey appends Key.
	appendKey(to []byte, g G) []byte
	// alter is Mutate of a genome that nobody else has, which it may change.
	alter(g G, r *rand.Rand) (G, error)
}

func newRegister[G any](genes Genes[G]) register[G] {
	x := register[G]{genes: genes, entries: map[string]*entry[G]{}}
	// A type that embeds Vectors may have a Key or Mutate of its own.
	if v, ok := any(genes).(Vectors); ok {
		x.swift, _ = any(v).(swift[G])
	}
	return x
}

// find is the entry of a candidate, nil where there is none.
func (x *register[G]) find(g G) *entry[G] {
	if x.swift == nil {
		return x.entries[x.genes.Key(g)]
	}
	x.text = x.swift.appendKey(x.text[:0], g)
	return x.entries[string(x.text)]
}

// entry is find, and makes one where there is none: then isNew.
func (x *register[G]) entry(g G) (e *entry[G], isNew bool) {
	var key string
	if x.swift == nil {
		key = x.genes.Key(g)
		e = x.entries[key]
	} else if e = x.find(g); e == nil {
		key = string(x.text)
	}
	if e != nil {
		return e, false
	}
	if n := len(x.gone); n > 0 {
		e, x.gone = x.gone[n-1], x.gone[:n-1]
	} else {
		e = new(entry[G])
	}
	e.key = key
	x.entries[key] = e
	return e, true
}

// release lets an entry go when there is nothing to know any more.
func (x *register[G]) release(e *entry[G]) {
	if e.open == 0 && !e.known && e.member == nil {
		delete(x.entries, e.key)
		*e = entry[G]{}
		x.gone = append(x.gone, e)
	}
}

// expect notes that a candidate is asked.
func (x *register[G]) expect(g G, e *entry[G]) {
	x.pending = append(x.pending, asked[G]{genome: g, entry: e})
	if e.open++; e.open == 1 {
		x.opened++
	}
}

// forget notes that a candidate is told; release is left to the caller.
func (x *register[G]) forget(e *entry[G]) {
	if e.open == 0 {
		return
	}
	if e.open--; e.open == 0 {
		x.opened--
	}
	for i := x.done; ; i++ {
		if p := &x.pending[i]; p.entry == e && !p.told {
			p.told = true
			break
		}
	}
	for x.done < len(x.pending) && x.pending[x.done].told {
		x.done++
	}
	if 2*x.done >= len(x.pending) { // moved seldom enough
		n := copy(x.pending, x.pending[x.done:])
		clear(x.pending[n:])
		x.pending, x.done = x.pending[:n], 0
	}
}

// Pending holds what was asked and not told, in the order of asking.
func (x *register[G]) Pending() []G {
	out := make([]G, 0, len(x.pending)-x.done)
	for _, p := range x.pending[x.done:] {
		if !p.told {
			out = append(out, p.genome)
		}
	}
	return out
}

// join makes a member of an outcome.
func (x *register[G]) join(o Outcome[G], e *entry[G]) *member[G] {
	var m *member[G]
	if n := len(x.dead); n > 0 {
		m, x.dead = x.dead[n-1], x.dead[:n-1]
	} else {
		m = new(member[G])
	}
	*m = member[G]{Outcome: o, key: e.key, entry: e, violation: o.Violation(), count: 1}
	e.member = m
	return m
}

// drop removes a member from what is known to live.
func (x *register[G]) drop(m *member[G]) {
	m.entry.member = nil
	x.release(m.entry)
	*m = member[G]{}
	x.dead = append(x.dead, m)
}
