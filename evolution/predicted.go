package evolution

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Encoder is genes that can be written as numbers to predict from.
type Encoder[G any] interface {
	Genes[G]
	// Encode is as many numbers for every genome, near 1 in size or 0.
	Encode(g G) []float64
}

// PredictedOptions sets up Predicted.
type PredictedOptions[G any] struct {
	// Founders is how many candidates are measured before anything is predicted; 0 = 50.
	Founders int
	// Initial candidates are the first founders; the others are random.
	Initial []G
	// Refit is after how many outcomes the predictor is trained again, and how many candidates are
	// asked for at once at most; 0 = 10.
	Refit int
	// Explore is the share of random candidates among those proposed; 0 = 0.1, negative = none.
	Explore float64
	// Predictions is among how many candidates, found by a Tournament on predicted values, the best
	// Refit are chosen; 0 = 1000.
	Predictions int
	// Predictor sets up the predictor; its Seed is not used.
	Predictor PredictorOptions
	// Seed of every random draw.
	Seed uint64
}

// Predicted is search for one objective, the first of those told, by a predictor that is trained on
// everything measured so far: candidates are proposed by what it predicts of them, and it is
// trained again after so many outcomes. It suits evaluations that take much longer than the
// milliseconds that a prediction takes. Violations are not predicted: limits that are known
// beforehand belong to the space (Space.Limit). Nothing is proposed twice, and all that was told is
// remembered.
type Predicted[G any] struct {
	breeder[G]
	code   Encoder[G]
	own    PredictedOptions[G]
	model  *Predictor // nil = not enough outcomes yet
	fitted int        // outcomes at the last training
	pool   []G        // to be proposed, the best predicted first
	fills  int        // of the pool
}

// NewPredicted prepares the search; o may be nil.
func NewPredicted[G any](genes Encoder[G], o *PredictedOptions[G]) (*Predicted[G], error) {
	if genes == nil {
		return nil, errors.New("evolution: a strategy needs genes")
	}
	if o == nil {
		o = &PredictedOptions[G]{}
	}
	own := *o
	own.Founders, own.Refit = cmp.Or(own.Founders, 50), cmp.Or(own.Refit, 10)
	own.Predictions, own.Explore = cmp.Or(own.Predictions, 1000), cmp.Or(own.Explore, 0.1)
	if own.Predictions < own.Refit || !(own.Explore <= 1) {
		return nil, fmt.Errorf("evolution: %d predictions for %d candidates, explored by %g, expected more "+
			"predictions and at most 1", own.Predictions, own.Refit, own.Explore)
	}
	if _, err := own.Predictor.resolved(); err != nil {
		return nil, err
	}
	b, err := newBreeder[G](genes, BreedOptions[G]{Population: own.Founders, Offspring: own.Refit,
		Initial: own.Initial, Mutants: true, Seed: own.Seed}, "evolution.predicted")
	if err != nil {
		return nil, err
	}
	b.archive = true
	return &Predicted[G]{breeder: b, code: genes, own: own}, nil
}

// Ask proposes founders, then candidates by what is predicted of them.
func (s *Predicted[G]) Ask(n int) ([]G, error) {
	if err := s.fit(); err != nil {
		return nil, err
	}
	return s.ask(n, s.breed)
}

// breed takes the best of the pool.
func (s *Predicted[G]) breed(r *rand.Rand) ([]G, error) {
	if s.model == nil || r.Float64() < s.own.Explore {
		return s.stranger(r)
	}
	for range 2 {
		for len(s.pool) > 0 {
			g := s.pool[0]
			if s.pool = s.pool[1:]; s.find(g) == nil {
				return s.only(g), nil
			}
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	return s.stranger(r)
}

// fill searches by predictions, from the best that were measured.
func (s *Predicted[G]) fill() error {
	const population = 64
	var initial []G
	for _, o := range sorted(s.population) {
		if initial = append(initial, o.Genome); len(initial) == population/2 {
			break
		}
	}
	inner, err := NewTournament[G](s.genes, &TournamentOptions[G]{Population: population, Initial: initial,
		Crossover: 0.5, Seed: stream.Seed(s.opts.Seed, s.purpose+".pool", uint64(s.fills))})
	if err != nil {
		return err
	}
	s.fills++
	type candidate struct {
		genome G
		value  float64
	}
	var found []candidate
	for range s.own.Predictions {
		xs, err := inner.Ask(1)
		if err != nil {
			return err
		}
		if len(xs) == 0 {
			break
		}
		v, err := s.model.Predict(s.code.Encode(xs[0]))
		if err != nil {
			return err
		}
		if s.find(xs[0]) == nil {
			found = append(found, candidate{xs[0], v})
		}
		if err := inner.Tell(Outcome[G]{Genome: xs[0], Point: Point{Objectives: []float64{v}}}); err != nil {
			return err
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.value, b.value) })
	s.pool = nil
	for _, c := range found[:min(len(found), s.own.Refit)] {
		s.pool = append(s.pool, c.genome)
	}
	return nil
}

// fit trains on everything, when it is time.
func (s *Predicted[G]) fit() error {
	n := len(s.population)
	if n < s.own.Founders || s.model != nil && n-s.fitted < s.own.Refit {
		return nil
	}
	var inputs [][]float64
	var targets []float64
	for _, x := range s.population {
		inputs, targets = append(inputs, s.code.Encode(x.Genome)), append(targets, x.Objectives[0])
	}
	o := s.own.Predictor
	o.Seed = stream.Seed(s.opts.Seed, s.purpose+".fit", uint64(n))
	model, err := FitPredictor(inputs, targets, &o)
	if err != nil {
		return err
	}
	s.model, s.fitted, s.pool = model, n, nil
	return nil
}

// Tell takes outcomes to learn from.
func (s *Predicted[G]) Tell(outcomes ...Outcome[G]) error {
	fresh, err := s.admit(outcomes, false)
	s.keep(fresh)
	return err
}

// Population is all that was told, the best first.
func (s *Predicted[G]) Population() []Outcome[G] { return sorted(s.population) }

// Predictor is what the search goes by; nil before there are enough outcomes.
func (s *Predicted[G]) Predictor() *Predictor { return s.model }

// predictedState is the JSON form of a search under way, beside that of what was told.
type predictedState[G any] struct {
	breederState[G]
	Model  *Predictor `json:"model"`
	Fitted int        `json:"fitted"`
	Pool   []G        `json:"pool"`
	Fills  int        `json:"fills"`
}

// MarshalJSON writes the whole state, from which UnmarshalJSON goes on with the same bits. Genomes
// are written as encoding/json does.
func (s *Predicted[G]) MarshalJSON() ([]byte, error) {
	return json.Marshal(predictedState[G]{s.state(0), s.model, s.fitted, s.pool, s.fills})
}

// UnmarshalJSON continues what MarshalJSON wrote, on a value made by NewPredicted with the same
// genes and options. What was asked and not told is in Pending, and has to be told. An error leaves
// s as it was.
func (s *Predicted[G]) UnmarshalJSON(text []byte) error {
	var state predictedState[G]
	b, _, err := s.restore(text, &state)
	if err != nil {
		return err
	}
	if state.Fitted < 0 || state.Fitted > len(b.population) || state.Fills < 0 {
		return fmt.Errorf("evolution: state of a search trained on %d of %d outcomes", state.Fitted,
			len(b.population))
	}
	*s = Predicted[G]{b, s.code, s.own, state.Model, state.Fitted, state.Pool, state.Fills}
	return nil
}
