package evolution

import (
	"cmp"
	"encoding/json"
	"errors"
)

// Neighbourhood is genes that know what lies next to a genome.
type Neighbourhood[G any] interface {
	Genes[G]
	// Neighbours are the candidates one step away from g, each once.
	Neighbours(g G) ([]G, error)
}

// LocalOptions sets up Local.
type LocalOptions[G any] struct {
	// Offspring is how many candidates are asked for at once at most; 0 = 1.
	Offspring int
	// Initial candidates are the first to start from; then random ones are.
	Initial []G
	// Seed of every random draw.
	Seed uint64
}

// Local is local search for one objective, the first of those told, by first improvement: the
// neighbours of a candidate are tried in random order, and as soon as one is better the search goes
// on from there. Where none is, a random candidate is the next to start from. Nothing is proposed
// twice. While the last neighbours are being measured, candidates to start from are proposed in
// advance, so that nobody waits. Infeasible candidates come behind feasible ones, by their
// violation. All that was told is remembered.
type Local[G any] struct {
	breeder[G]
	near   Neighbourhood[G]
	begun  int             // Initial candidates used
	centre *member[G]      // nil = none yet
	looked bool            // queue has its neighbours
	queue  []G             // to be asked, in order
	starts map[string]bool // asked to start from and not told
	next   []*member[G]    // told to start from later
	optima []*member[G]
}

// NewLocal prepares the search; o may be nil.
func NewLocal[G any](genes Neighbourhood[G], o *LocalOptions[G]) (*Local[G], error) {
	if genes == nil {
		return nil, errors.New("evolution: a strategy needs genes")
	}
	if o == nil {
		o = &LocalOptions[G]{}
	}
	b, err := newBreeder[G](genes, BreedOptions[G]{Offspring: cmp.Or(o.Offspring, 1), Initial: o.Initial,
		Mutants: true, Seed: o.Seed}, "evolution.local")
	if err != nil {
		return nil, err
	}
	b.archive = true
	return &Local[G]{breeder: b, near: genes, starts: map[string]bool{}}, nil
}

// Ask proposes neighbours, and candidates to start from; none when 1000 draws find nothing new.
func (s *Local[G]) Ask(n int) (out []G, err error) {
	if n <= 0 || n > s.opts.Offspring {
		n = s.opts.Offspring
	}
	for len(out) < n {
		g, ok, err := s.propose()
		if err != nil && len(out) == 0 {
			return nil, err
		}
		if !ok {
			break
		}
		out = append(out, g)
	}
	return out, nil
}

// propose finds the next candidate.
func (s *Local[G]) propose() (g G, ok bool, err error) {
	for s.centre != nil {
		if !s.looked {
			if err := s.look(); err != nil {
				return g, false, err
			}
		}
		for len(s.queue) > 0 {
			g, s.queue = s.queue[0], s.queue[1:]
			if e, isNew := s.entry(g); isNew {
				s.expect(g, e)
				return g, true, nil
			}
		}
		if s.opened > len(s.starts) {
			break // a neighbour may still turn out to be better
		}
		s.optima = append(s.optima, s.centre)
		s.centre = nil
		if len(s.next) > 0 {
			s.move(s.next[0])
			s.next = s.next[1:]
		}
	}
	return s.start()
}

// look lines up the neighbours of the centre, or of one that is known to be better.
func (s *Local[G]) look() error {
	centre := s.centre
again:
	neighbours, err := s.near.Neighbours(centre.Genome)
	if err != nil {
		return err
	}
	for _, g := range neighbours {
		if e := s.find(g); e != nil && e.member != nil && e.member.better(centre) {
			centre = e.member
			goto again
		}
	}
	s.stream().Shuffle(len(neighbours), func(i, j int) { neighbours[i], neighbours[j] = neighbours[j], neighbours[i] })
	s.centre, s.queue, s.looked = centre, neighbours, true
	return nil
}

// move makes x the centre.
func (s *Local[G]) move(x *member[G]) { s.centre, s.queue, s.looked = x, nil, false }

// start draws a candidate to start from.
func (s *Local[G]) start() (g G, ok bool, err error) {
	drawn := s.drawn
	for range maxDraws {
		if s.begun < len(s.opts.Initial) {
			g = s.opts.Initial[s.begun]
			s.begun++
		} else {
			if g, err = s.genes.Random(s.stream()); err != nil {
				s.drawn = drawn
				return g, false, err
			}
		}
		if e, isNew := s.entry(g); isNew {
			s.expect(g, e)
			s.starts[e.key] = true
			return g, true, nil
		}
	}
	return g, false, nil
}

// Tell goes on from what is better.
func (s *Local[G]) Tell(outcomes ...Outcome[G]) error {
	fresh, err := s.admit(outcomes, false)
	if err != nil {
		return err
	}
	s.keep(fresh)
	for _, x := range fresh {
		switch {
		case s.centre == nil || x.better(s.centre):
			s.move(x)
		case s.starts[x.key]:
			s.next = append(s.next, x)
		}
	}
	for _, o := range outcomes {
		delete(s.starts, s.genes.Key(o.Genome))
	}
	return nil
}

// Population is all that was told, the best first.
func (s *Local[G]) Population() []Outcome[G] { return sorted(s.population) }

// Optima are the candidates all of whose neighbours are known to be no better, the best first.
func (s *Local[G]) Optima() []Outcome[G] { return sorted(s.optima) }

// localState is the JSON form of a local search under way, beside that of its population.
type localState[G any] struct {
	breederState[G]
	Begun  int    `json:"begun"`
	Centre int    `json:"centre"` // place among the members, -1 = none
	Looked bool   `json:"looked"`
	Queue  []G    `json:"queue"`
	Starts []bool `json:"starts"` // of the pending
	Next   []int  `json:"next"`
	Optima []int  `json:"optima"`
}

// MarshalJSON writes the whole state, from which UnmarshalJSON goes on with the same bits. Genomes
// are written as encoding/json does.
func (s *Local[G]) MarshalJSON() ([]byte, error) {
	state := localState[G]{breederState: s.state(0), Begun: s.begun, Centre: -1, Looked: s.looked,
		Queue: s.queue, Next: births(s.next), Optima: births(s.optima)}
	if s.centre != nil {
		state.Centre = s.centre.born
	}
	for _, g := range state.Pending {
		state.Starts = append(state.Starts, s.starts[s.genes.Key(g)])
	}
	return json.Marshal(state)
}

// UnmarshalJSON continues what MarshalJSON wrote, on a value made by NewLocal with the same genes
// and options. What was asked and not told is in Pending, and has to be told. An error leaves s as
// it was.
func (s *Local[G]) UnmarshalJSON(text []byte) error {
	var state localState[G]
	b, _, err := s.restore(text, &state)
	if err != nil {
		return err
	}
	fresh := Local[G]{breeder: b, near: s.near, begun: state.Begun, looked: state.Looked, queue: state.Queue,
		starts: map[string]bool{}}
	if len(state.Starts) != len(state.Pending) || state.Begun < 0 || state.Centre >= len(b.population) {
		return errors.New("evolution: state of a local search whose parts do not fit")
	}
	for i, g := range state.Pending {
		if state.Starts[i] {
			fresh.starts[b.genes.Key(g)] = true
		}
	}
	if state.Centre >= 0 {
		fresh.centre = b.population[state.Centre]
	}
	if fresh.next, err = b.born(state.Next); err != nil {
		return err
	}
	if fresh.optima, err = b.born(state.Optima); err != nil {
		return err
	}
	*s = fresh
	return nil
}
