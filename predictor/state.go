package predictor

import (
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/kernel"
)

const (
	onlineKind    = "tendril-predictor"
	generatorKind = "tendril-schedule-generator"
	stateVersion  = 1
	tensorMeans   = "standard/mean"
	tensorSums    = "standard/sum"
	tensorRecent  = "intervals/recent"
	tensorSeen    = "seen/inverse"
)

// onlineState is the JSON part of an Online.
type onlineState struct {
	Options OnlineOptions `json:"options"`
	Learner *learnerState `json:"learner"`
	Seen    float64       `json:"seen"` // examples that features were standardised by
	Miss    float64       `json:"miss"`
	Score   scoreState    `json:"score"`
	// KernelPath decides the last bits of what is learnt from here on.
	KernelPath string `json:"kernel_path"`
}

type scoreState struct {
	Count    int     `json:"count"`
	Absolute float64 `json:"absolute"`
	Squares  float64 `json:"squares"`
	Inside   float64 `json:"inside"`
	Widths   float64 `json:"widths"`
}

// generatorState is the JSON part of a Generator.
type generatorState struct {
	Models   []Model        `json:"models"`
	Grid     Grid           `json:"grid"`
	Features FeatureOptions `json:"features"`
	Pace     pace           `json:"pace"`
	Online   *onlineState   `json:"online"`
}

// Save writes everything to one file, replaced atomically; LoadOnline goes on from there with the
// same bits, on the same kind of processor. A learner that is not of this package cannot be saved.
func (s *Online) Save(path string) error {
	if s == nil || s.learner == nil {
		return errUnmade
	}
	t := tensors{}
	st, err := s.state(t)
	if err == nil {
		err = checkpoint.Write(path, onlineKind, stateVersion, st, t)
	}
	if err != nil {
		return fmt.Errorf("predictor: save: %w", err)
	}
	return nil
}

// LoadOnline reads what Online.Save wrote. The error wraps fs.ErrNotExist for missing files, and
// says what is wrong with damaged and foreign ones.
func LoadOnline(path string) (*Online, error) {
	var st onlineState
	t, err := checkpoint.Read(path, onlineKind, stateVersion, &st)
	if err != nil {
		return nil, fmt.Errorf("predictor: load: %w", err)
	}
	s, err := st.restore(t)
	if err != nil {
		return nil, fmt.Errorf("predictor: load %s: %w", path, err)
	}
	return s, nil
}

// Save writes everything to one file, replaced atomically, for LoadGenerator.
func (g *Generator) Save(path string) error {
	if g == nil || g.online == nil {
		return errUnmade
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	t := tensors{}
	online, err := g.online.state(t)
	if err == nil {
		err = checkpoint.Write(path, generatorKind, stateVersion, &generatorState{Models: g.features.models, Grid: g.grid,
			Features: g.features.opts, Pace: g.pace, Online: online}, t)
	}
	if err != nil {
		return fmt.Errorf("predictor: save: %w", err)
	}
	return nil
}

// LoadGenerator reads what Generator.Save wrote, with errors like those of LoadOnline.
func LoadGenerator(path string) (*Generator, error) {
	var st generatorState
	t, err := checkpoint.Read(path, generatorKind, stateVersion, &st)
	if err != nil {
		return nil, fmt.Errorf("predictor: load: %w", err)
	}
	g, err := st.restore(t)
	if err != nil {
		return nil, fmt.Errorf("predictor: load %s: %w", path, err)
	}
	return g, nil
}

func (s *Online) state(t tensors) (*onlineState, error) {
	learner, err := storeLearner(s.learner, t)
	if err != nil {
		return nil, err
	}
	t.put(tensorMeans, s.standard.mean)
	t.put(tensorSums, s.standard.sum)
	t.put(tensorRecent, s.intervals.recent)
	t.put(tensorSeen, s.seen.inv)
	c := &s.score
	return &onlineState{Options: s.opts, Learner: learner, Seen: s.standard.count, Miss: s.intervals.miss,
		Score:      scoreState{c.Count, c.absolute, c.squares, c.inside, c.widths},
		KernelPath: kernel.Default().String() + kernel.Build()}, nil
}

func (st *onlineState) restore(t tensors) (*Online, error) {
	if st.Learner == nil {
		return nil, errors.New("no learner")
	}
	l, err := st.Learner.restore(t)
	if err != nil {
		return nil, err
	}
	s, err := NewOnline(l, &st.Options)
	if err != nil {
		return nil, err
	}
	if !(st.Seen >= 0) || !(st.Miss <= 2) || st.Score.Count < 0 || !finite(st.Miss) {
		return nil, fmt.Errorf("%v examples seen, level %v, %d errors", st.Seen, st.Miss, st.Score.Count)
	}
	s.standard.count, s.intervals.miss = st.Seen, st.Miss
	recent := make([]float64, t.length(tensorRecent))
	if len(recent) > s.intervals.opts.Window {
		return nil, fmt.Errorf("%d errors in a window of %d", len(recent), s.intervals.opts.Window)
	}
	err = errors.Join(t.take(tensorMeans, s.standard.mean), t.take(tensorSums, s.standard.sum),
		t.take(tensorSeen, s.seen.inv), t.take(tensorRecent, recent))
	if err != nil {
		return nil, err
	}
	for _, off := range recent {
		if off < 0 {
			return nil, fmt.Errorf("an error of %v, expected at least 0", off)
		}
		s.intervals.insert(off)
	}
	s.score = Score{Count: st.Score.Count, absolute: st.Score.Absolute, squares: st.Score.Squares,
		inside: st.Score.Inside, widths: st.Score.Widths}
	s.score.means()
	return s, nil
}

func (st *generatorState) restore(t tensors) (*Generator, error) {
	if st.Online == nil {
		return nil, errors.New("no predictor")
	}
	online, err := st.Online.restore(t)
	if err != nil {
		return nil, err
	}
	g, err := NewGenerator(Options{Models: st.Models, Grid: st.Grid, Features: st.Features,
		Learner: func(int) (Learner, error) { return online.learner, nil }})
	if err != nil {
		return nil, err
	}
	if !finite(st.Pace.Log) || st.Pace.Count < 0 {
		return nil, fmt.Errorf("times that are off by exp(%v) after %d", st.Pace.Log, st.Pace.Count)
	}
	g.online, g.pace = online, st.Pace
	return g, nil
}
