package evolution

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/jsonfloat"
)

// breederState is the JSON form of a population under way. Numbers keep their bits.
type breederState[G any] struct {
	Kind       string           `json:"kind"`
	Seed       uint64           `json:"seed"`
	Population int              `json:"population"`
	Drawn      uint64           `json:"drawn"`
	Founders   int              `json:"founders"`
	Objectives int              `json:"objectives"`
	Debt       int              `json:"debt,omitempty"`
	Members    []memberState[G] `json:"members"`
	Pending    []G              `json:"pending"`
	Known      [][]byte         `json:"known,omitempty"`
}

type memberState[G any] struct {
	Genome     G               `json:"genome"`
	Objectives []float64       `json:"objectives"`
	Violations []float64       `json:"violations,omitempty"`
	Errors     []float64       `json:"errors,omitempty"`
	Rank       int             `json:"rank"`
	Crowd      jsonfloat.Float `json:"crowd"`
	Count      int             `json:"count"`
}

// state is the breeder as it is.
func (b *breeder[G]) state(debt int) breederState[G] {
	s := breederState[G]{Kind: b.purpose, Seed: b.opts.Seed, Population: b.opts.Population, Drawn: b.drawn,
		Founders: b.founders, Objectives: b.objectives, Debt: debt, Pending: b.Pending(),
		Members: make([]memberState[G], len(b.population))}
	for i, x := range b.population {
		s.Members[i] = stateOf(x)
	}
	for key, e := range b.entries {
		if e.known {
			s.Known = append(s.Known, []byte(key))
		}
	}
	slices.SortFunc(s.Known, slices.Compare[[]byte])
	return s
}

// restore makes a breeder of what state wrote, which must be of the same algorithm, seed and size.
// own, if not nil, takes what the algorithm wrote beside it.
func (b *breeder[G]) restore(text []byte, own any) (fresh breeder[G], debt int, err error) {
	if b.genes == nil {
		return fresh, 0, errors.New("evolution: state read into a strategy without genes")
	}
	var s breederState[G]
	if err := json.Unmarshal(text, &s); err != nil {
		return fresh, 0, fmt.Errorf("evolution: state: %w", err)
	}
	if own != nil {
		if err := json.Unmarshal(text, own); err != nil {
			return fresh, 0, fmt.Errorf("evolution: state: %w", err)
		}
	}
	if s.Kind != b.purpose || s.Seed != b.opts.Seed || s.Population != b.opts.Population {
		return fresh, 0, fmt.Errorf("evolution: state of %q with seed %d and a population of %d, "+
			"expected %q, %d and %d", s.Kind, s.Seed, s.Population, b.purpose, b.opts.Seed, b.opts.Population)
	}
	fresh = breederOf(b.genes, b.opts, b.purpose)
	fresh.archive = b.archive
	for _, key := range s.Known {
		fresh.entries[string(key)] = &entry[G]{key: string(key), known: true}
	}
	for _, g := range s.Pending {
		e, _ := fresh.entry(g)
		fresh.expect(g, e)
	}
	for i, m := range s.Members {
		o, err := m.outcome(s.Objectives)
		if err != nil {
			return fresh, 0, fmt.Errorf("evolution: state: member %d does not belong there: %w", i, err)
		}
		e, _ := fresh.entry(m.Genome)
		if e.member != nil {
			return fresh, 0, fmt.Errorf("evolution: state: member %d is there twice", i)
		}
		x := fresh.join(o, e)
		x.rank, x.crowd, x.count = m.Rank, float64(m.Crowd), m.Count
		if b.archive {
			x.born = i
		}
		fresh.population = append(fresh.population, x)
	}
	if !b.archive && len(s.Members) > s.Population || s.Founders < 0 || s.Debt < 0 ||
		s.Debt >= b.opts.Offspring {
		return fresh, 0, fmt.Errorf("evolution: state with %d members of %d, %d founders, debt %d",
			len(s.Members), s.Population, s.Founders, s.Debt)
	}
	fresh.drawn, fresh.founders, fresh.objectives = s.Drawn, s.Founders, s.Objectives
	return fresh, s.Debt, nil
}

// stateOf is the JSON form of a member.
func stateOf[G any](x *member[G]) memberState[G] {
	return memberState[G]{x.Genome, x.Objectives, x.Violations, x.Errors, x.rank, jsonfloat.Float(x.crowd),
		x.count}
}

// outcome is what stateOf wrote, of a search over so many objectives.
func (m *memberState[G]) outcome(objectives int) (Outcome[G], error) {
	o := Outcome[G]{Genome: m.Genome, Point: Point{m.Objectives, m.Violations, m.Errors}}
	if objectives == 0 || m.Count < 1 || m.Rank < 0 || o.failed() {
		return o, fmt.Errorf("%d measurements of %d objectives, rank %d", m.Count, objectives, m.Rank)
	}
	return o, o.check(objectives)
}

// births are the places of members in the order of arrival.
func births[G any](members []*member[G]) []int {
	out := make([]int, len(members))
	for i, x := range members {
		out[i] = x.born
	}
	return out
}

// born are the members at some places of the order of arrival, where all that arrived are kept.
func (b *breeder[G]) born(places []int) ([]*member[G], error) {
	var out []*member[G]
	for _, at := range places {
		if at < 0 || at >= len(b.population) {
			return nil, fmt.Errorf("evolution: state names member %d of %d", at, len(b.population))
		}
		out = append(out, b.population[at])
	}
	return out, nil
}

// MarshalJSON writes the whole state, from which UnmarshalJSON goes on with the same bits. Genomes
// are written as encoding/json does.
func (s *NSGA2[G]) MarshalJSON() ([]byte, error) { return json.Marshal(s.state(s.debt)) }

// UnmarshalJSON continues what MarshalJSON wrote, on a value made by NewNSGA2 with the same genes
// and options. What was asked and not told is in Pending, and has to be told. An error leaves s as
// it was.
func (s *NSGA2[G]) UnmarshalJSON(text []byte) error {
	fresh, debt, err := s.restore(text, nil)
	if err != nil {
		return err
	}
	s.breeder, s.debt = fresh, debt
	return nil
}

// MarshalJSON writes the whole state, from which UnmarshalJSON goes on with the same bits. Genomes
// are written as encoding/json does.
func (s *SMSEMOA[G]) MarshalJSON() ([]byte, error) { return json.Marshal(s.state(0)) }

// UnmarshalJSON continues what MarshalJSON wrote, on a value made by NewSMSEMOA with the same genes
// and options. What was asked and not told is in Pending, and has to be told. An error leaves s as
// it was.
func (s *SMSEMOA[G]) UnmarshalJSON(text []byte) error {
	fresh, _, err := s.restore(text, nil)
	if err != nil {
		return err
	}
	s.breeder = fresh
	return nil
}

// MarshalJSON writes the whole state, from which UnmarshalJSON goes on with the same bits. Genomes
// are written as encoding/json does.
func (s *Random[G]) MarshalJSON() ([]byte, error) { return json.Marshal(s.state(0)) }

// UnmarshalJSON continues what MarshalJSON wrote, on a value made by NewRandom with the same genes
// and options. What was asked and not told is in Pending, and has to be told. An error leaves s as
// it was.
func (s *Random[G]) UnmarshalJSON(text []byte) error {
	fresh, _, err := s.restore(text, nil)
	if err != nil {
		return err
	}
	s.breeder = fresh
	return nil
}
