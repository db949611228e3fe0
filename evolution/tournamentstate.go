package evolution

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/tendril-nas/tendril/internal/jsonfloat"
)

// tournamentState is the JSON form of a tournament under way, beside that of its population.
type tournamentState[G any] struct {
	breederState[G]
	Arrived   int               `json:"arrived"`
	Born      []int             `json:"born"`   // of the members
	Losers    []int             `json:"losers"` // of the pending, -1 = none
	Qualities []jsonfloat.Float `json:"qualities,omitempty"`
	Best      jsonfloat.Float   `json:"best,omitempty"` // quality
	BestOnes  []memberState[G]  `json:"best_population,omitempty"`
}

// MarshalJSON writes the whole state, from which UnmarshalJSON goes on with the same bits. Genomes
// are written as encoding/json does.
func (s *Tournament[G]) MarshalJSON() ([]byte, error) {
	state := tournamentState[G]{breederState: s.state(0), Arrived: s.arrived, Born: births(s.population),
		Best: jsonfloat.Float(s.watch.best)}
	for _, g := range state.Pending {
		loser, ok := s.losers[s.genes.Key(g)]
		if !ok {
			loser = -1
		}
		state.Losers = append(state.Losers, loser)
	}
	for _, q := range s.watch.qualities {
		state.Qualities = append(state.Qualities, jsonfloat.Float(q))
	}
	for _, o := range s.watch.population {
		state.BestOnes = append(state.BestOnes, stateOf(&member[G]{Outcome: o, count: 1}))
	}
	return json.Marshal(state)
}

// UnmarshalJSON continues what MarshalJSON wrote, on a value made by NewTournament with the same
// genes and options. What was asked and not told is in Pending, and has to be told. An error leaves
// s as it was.
func (s *Tournament[G]) UnmarshalJSON(text []byte) error {
	var state tournamentState[G]
	b, _, err := s.restore(text, &state)
	if err != nil {
		return err
	}
	if len(state.Born) != len(b.population) || len(state.Losers) != len(state.Pending) ||
		!slices.IsSorted(state.Born) || len(state.Born) > 0 && state.Born[len(state.Born)-1] >= state.Arrived {
		return errors.New("evolution: state of a tournament whose parts do not fit")
	}
	fresh := Tournament[G]{breeder: b, own: s.own, arrived: state.Arrived, losers: map[string]int{},
		watch: qualityWatch[G]{opts: s.watch.opts, best: float64(state.Best)}}
	for i, x := range b.population {
		x.born = state.Born[i]
	}
	for i, g := range state.Pending {
		if state.Losers[i] >= 0 {
			fresh.losers[b.genes.Key(g)] = state.Losers[i]
		}
	}
	for _, q := range state.Qualities {
		fresh.watch.qualities = append(fresh.watch.qualities, float64(q))
	}
	for _, m := range state.BestOnes {
		o, err := m.outcome(b.objectives)
		if err != nil {
			return err
		}
		fresh.watch.population = append(fresh.watch.population, o)
	}
	*s = fresh
	return nil
}
