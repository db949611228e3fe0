package predictor

import (
	"errors"
	"fmt"
	"math"
)

// OnlineOptions sets up an Online.
type OnlineOptions struct {
	// Intervals of predictions.
	Intervals IntervalOptions
	// Low and High bound predictions and intervals; both 0 = 0 and 1, which accuracies have.
	Low, High float64
}

// Online is a learner with what a stream needs around it: features are standardised as they come,
// predictions have intervals and a standard error, and errors are counted. It is for one goroutine.
type Online struct {
	opts      OnlineOptions
	learner   Learner
	standard  *Standard
	intervals *Intervals
	seen      *Ridge // whose Width says how much of features like these was seen
	score     Score
	z         []float64
}

// NewOnline gives a learner of at most 2048 features, which should have seen nothing, its
// surroundings. What they cost grows with the square of the features. o may be nil.
func NewOnline(l Learner, o *OnlineOptions) (*Online, error) {
	if l == nil {
		return nil, errors.New("predictor: no learner")
	}
	var p OnlineOptions
	if o != nil {
		p = *o
	}
	if p.Low == 0 && p.High == 0 {
		p.High = 1
	}
	if !(p.Low < p.High) || !finite(p.Low) || !finite(p.High) {
		return nil, fmt.Errorf("predictor: predictions in [%v, %v], expected finite numbers, the first one smaller",
			p.Low, p.High)
	}
	if l.Inputs() > mostRidge {
		return nil, fmt.Errorf("predictor: a stream of %d features, expected at most %d", l.Inputs(), mostRidge)
	}
	s := &Online{opts: p, learner: l, z: make([]float64, max(l.Inputs(), 0))}
	var err error
	if s.standard, err = NewStandard(l.Inputs()); err != nil {
		return nil, err
	}
	if s.seen, err = NewRidge(l.Inputs(), nil); err != nil {
		return nil, err
	}
	if s.intervals, err = NewIntervals(&p.Intervals); err == nil {
		s.opts.Intervals = s.intervals.opts // what is saved does not depend on later defaults
	}
	return s, err
}

// Learner is what learns.
func (s *Online) Learner() Learner { return s.learner }

// Prediction is what is foretold.
type Prediction struct {
	// Value is the number that is expected.
	Value float64
	// Low and High hold the truth as often as the intervals' coverage says.
	Low, High float64
	// Error is the standard error of a linear prediction: large where little of the kind was seen.
	// Value + κ·Error is the upper confidence bound by which to explore.
	Error float64
}

// Predict foretells what belongs to features, which need no standardisation.
func (s *Online) Predict(x []float64) (Prediction, error) {
	if s == nil || s.learner == nil {
		return Prediction{}, errUnmade
	}
	if err := s.standard.Apply(s.z, x); err != nil {
		return Prediction{}, err
	}
	f, err := s.learner.Predict(s.z)
	if err != nil {
		return Prediction{}, err
	}
	return s.around(f)
}

// around is a prediction of the learner, for s.z, with everything around it.
func (s *Online) around(f float64) (Prediction, error) {
	width, err := s.seen.Width(s.z)
	if err != nil {
		return Prediction{}, err
	}
	f = s.bounded(f)
	half := s.intervals.Half()
	return Prediction{Value: f, Low: s.bounded(f - half), High: s.bounded(f + half), Error: width * s.deviation()}, nil
}

func (s *Online) bounded(v float64) float64 { return min(max(v, s.opts.Low), s.opts.High) }

// deviation is the root of the mean squared error, with one error of a quarter of the range before
// the first.
func (s *Online) deviation() float64 {
	first := (s.opts.High - s.opts.Low) / 4
	return math.Sqrt((s.score.squares + first*first) / float64(s.score.Count+1))
}

// Learn learns that y belongs to features, and gives what was foretold before. y may lie outside
// the range of predictions; no interval holds it then.
func (s *Online) Learn(x []float64, y float64) (Prediction, error) {
	if s == nil || s.learner == nil {
		return Prediction{}, errUnmade
	}
	if err := checkTarget(y); err != nil {
		return Prediction{}, err
	}
	if err := s.standard.Apply(s.z, x); err != nil {
		return Prediction{}, err
	}
	f, err := s.learner.Update(s.z, y)
	if err != nil {
		return Prediction{}, err
	}
	p, err := s.around(f)
	if err != nil {
		return Prediction{}, err
	}
	off := math.Abs(p.Value - y)
	inside, err := s.intervals.Update(off)
	if err != nil {
		return Prediction{}, err
	}
	s.score.add(off, p.High-p.Low, inside && s.bounded(y) == y)
	s.seen.step(s.z, 0)
	return p, s.standard.Add(x)
}

// Score is how good the predictions of a stream were, each made before its truth was known.
type Score struct {
	Count    int
	MAE, MSE float64
	// Covered is the part of truths inside their intervals, Width the mean width of these.
	Covered, Width float64

	absolute, squares, inside, widths float64 // sums
}

func (s *Score) add(off, width float64, inside bool) {
	s.Count++
	s.absolute += off
	s.squares += off * off
	s.widths += width
	if inside {
		s.inside++
	}
	s.means()
}

// means fills in what is made of the sums.
func (s *Score) means() {
	n := float64(max(s.Count, 1))
	s.MAE, s.MSE, s.Covered, s.Width = s.absolute/n, s.squares/n, s.inside/n, s.widths/n
}

// Since is the score of what came after an earlier one of the same stream.
func (s Score) Since(earlier Score) Score {
	s.Count -= earlier.Count
	s.absolute -= earlier.absolute
	s.squares -= earlier.squares
	s.inside -= earlier.inside
	s.widths -= earlier.widths
	s.means()
	return s
}

// Score is that of all that was learnt.
func (s *Online) Score() Score { return s.score }
