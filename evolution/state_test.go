package evolution

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// saver is a strategy with a state.
type saver[G any] interface {
	Strategy[G]
	json.Marshaler
	json.Unmarshaler
	Pending() []G
}

// savers make every kind of strategy over bit strings, with small populations.
var savers = map[string]func() (saver[int], error){
	"NSGA-II": func() (saver[int], error) {
		return NewNSGA2(bitString{}, &NSGA2Options[int]{BreedOptions: BreedOptions[int]{Population: 20, Seed: 3}})
	},
	"mutants": func() (saver[int], error) {
		return NewNSGA2(bitString{}, &NSGA2Options[int]{
			BreedOptions: BreedOptions[int]{Population: 12, Offspring: 4, Seed: 3, Mutants: true}})
	},
	"noisy": func() (saver[int], error) {
		return NewNSGA2(bitString{}, &NSGA2Options[int]{
			BreedOptions: BreedOptions[int]{Population: 12, Offspring: 4, Seed: 3}, Noise: 1.96, Again: 1})
	},
	"uncrossed": func() (saver[int], error) {
		return NewNSGA2(bitString{}, &NSGA2Options[int]{
			BreedOptions: BreedOptions[int]{Population: 12, Crossover: -1, Seed: 3}})
	},
	"SMS-EMOA": func() (saver[int], error) {
		return NewSMSEMOA(bitString{}, &SMSEMOAOptions[int]{BreedOptions[int]{Population: 20, Seed: 3}})
	},
	"tournament": func() (saver[int], error) {
		return NewTournament(bitString{}, &TournamentOptions[int]{Population: 10, Sample: 3, Offspring: 7,
			Crossover: 0.4, Quality: &QualityOptions{Tolerance: -1}, Seed: 3, Initial: []int{7, 8, 7}})
	},
	"ageing": func() (saver[int], error) {
		return NewTournament(bitString{}, &TournamentOptions[int]{Population: 10, Sample: 3, Ageing: true})
	},
	"random": func() (saver[int], error) {
		return NewRandom(bitString{}, &RandomOptions[int]{Population: 10, Seed: 3})
	},
	"local": func() (saver[int], error) {
		return NewLocal(bitString{}, &LocalOptions[int]{Offspring: 7, Seed: 3, Initial: []int{5, 5, 6}})
	},
	"predicted": func() (saver[int], error) {
		return NewPredicted(bitString{}, &PredictedOptions[int]{Founders: 10, Refit: 5, Predictions: 30,
			Predictor: PredictorOptions{Nets: 2, Hidden: 4, Epochs: 5}, Seed: 3})
	},
}

// A strategy that is saved and restored after any number of outcomes, some of a generation still
// being measured, goes on as if nothing had happened.
func TestStateGoesOnWithTheSameBits(t *testing.T) {
	for name, fresh := range savers {
		run := func(interrupt bool) (log []int, last []byte) {
			s, err := fresh()
			for step := 0; step < 40 && err == nil; step++ {
				if _, err = s.Ask(7); err != nil {
					break
				}
				if interrupt {
					text, err := json.Marshal(s)
					if err != nil {
						t.Fatal(err)
					}
					if s, err = fresh(); err != nil {
						t.Fatal(err)
					}
					if err := json.Unmarshal(text, s); err != nil {
						t.Fatal(err)
					}
				}
				for i, x := range s.Pending() {
					log = append(log, x)
					if (i+step)%3 == 2 {
						continue // told later
					}
					p := twoSums(x)
					p.Errors = []float64{1, 1}
					if err := s.Tell(Outcome[int]{Genome: x, Point: p, Failed: i == 5}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if last, err = json.Marshal(s); err != nil {
				t.Fatal(err)
			}
			return log, last
		}
		log, last := run(false)
		again, lastAgain := run(true)
		if d := cmp.Diff(log, again); d != "" || len(log) < 60 {
			t.Errorf("%s: %d proposals, %s", name, len(log), d)
		}
		if d := cmp.Diff(string(last), string(lastAgain)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestStateOfOthersIsRefused(t *testing.T) {
	s, other := newNSGA2(t, "zdt1", 1), newNSGA2(t, "zdt1", 2)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, other); err == nil {
		t.Error("state with another seed")
	}
	if err := json.Unmarshal(text, strategies["SMS-EMOA"](t, "zdt1", 1)); err == nil {
		t.Error("state of another algorithm")
	}
}

// Numbers that no search writes are refused, or do no harm.
func TestStateOfNobody(t *testing.T) {
	options := BreedOptions[int]{Initial: []int{1, 2, 3}}
	s, err := NewNSGA2(bitString{}, &NSGA2Options[int]{BreedOptions: options, Noise: 1, Again: 2})
	if err != nil {
		t.Fatal(err)
	}
	const state = `{"kind": "evolution.nsga2", "population": 100, "drawn": %s, "founders": %d, "debt": %s}`
	for _, drawn := range []string{"9223372036854775808", "18446744073709551615"} {
		if err := json.Unmarshal(fmt.Appendf(nil, state, drawn, 0, "0"), s); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ask(3); err != nil {
			t.Error(err)
		}
	}
	for _, debt := range []string{"100", "9223372036854775807", "-1"} {
		if err := json.Unmarshal(fmt.Appendf(nil, state, "0", 100, debt), s); err == nil {
			t.Errorf("a debt of %s elites in units of a hundredth", debt)
		}
	}
}
