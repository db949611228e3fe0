package predictor

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// AnytimeOptions sets up an Anytime.
type AnytimeOptions struct {
	// Limit is the time from Begin (or the first call of Pace) until everything is done.
	Limit time.Duration
	// Reserve is what of it comes after the last step: evaluation, writing.
	Reserve time.Duration
	// Steps that are planned; 0 = as many as fit.
	Steps int
	// Step is what a step is expected to take, until some were measured; 0 = nothing is expected,
	// and the first step is taken in any case.
	Step time.Duration
	// Constant is the part of the schedule that keeps the full rate before it falls; 0 = none: a
	// cosine from the first step to the last. What time takes of the steps it takes of both parts.
	Constant float64
	// Fall is the number of last steps over which the rate falls, all before keeping the full rate;
	// 0 = as Constant says, which is not set beside it. When time takes steps it takes those of the
	// full rate first, so that the rate comes down however few are left.
	Fall int
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

// Anytime is a learning-rate schedule that ends within a time limit. While steps take what was
// planned it is a cosine over these; when they take longer, or something else holds them up, it
// goes down faster, so that it has come to its end when time has. Its method Pace is made for
// TrainOptions.Pace of package supernet:
//
//	a, err := predictor.NewAnytime(&predictor.AnytimeOptions{Limit: time.Minute, Reserve: 2 * time.Second})
//	o := supernet.TrainOptions{LR: regime.Rate, Schedule: supernet.Constant, Pace: a.Pace}
//
// With r steps left, the least of those planned and those that there is time for, every step goes
// 1/r of what is left of the schedule; with AnytimeOptions.Fall, as soon as r is no more than that.
// A step is not begun unless the longest of the last ones
// would be over in time; only where that leaves the rate high, because a single one took far longer
// than the others, a few more are taken that bring it down. One call of Pace belongs to one step;
// an Anytime serves one training.
type Anytime struct {
	opts     AnytimeOptions
	begun    bool
	end      time.Time // of steps
	last     time.Time // call of Pace
	steps    int       // begun
	measured int
	recent   [paceRecent]float64 // seconds of the last steps
	progress float64             // of the schedule, or of its fall where Fall is set, in [0, 1]
	ended    bool
}

// paceRecent is the number of last steps that say how long the next ones will take: usually as long
// as their median, at worst as the longest. What is slow for once, as the first step often is,
// hardly matters then.
const paceRecent = 8

// NewAnytime has not begun.
func NewAnytime(o *AnytimeOptions) (*Anytime, error) {
	if o == nil {
		o = &AnytimeOptions{}
	}
	p := *o
	if p.Limit <= 0 || p.Reserve < 0 || p.Reserve >= p.Limit || p.Steps < 0 || p.Step < 0 || p.Fall < 0 ||
		!(p.Constant >= 0 && p.Constant < 1) {
		return nil, fmt.Errorf("predictor: schedule of %v with %v in reserve, %d steps of %v, constant for %v, falling "+
			"over %d, expected a limit above the reserve, nothing negative, a constant part in [0, 1)", p.Limit, p.Reserve,
			p.Steps, p.Step, p.Constant, p.Fall)
	}
	if p.Fall > 0 && p.Constant > 0 {
		return nil, fmt.Errorf("predictor: schedule that is constant for %v and falls over %d steps, expected one of both",
			p.Constant, p.Fall)
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	return &Anytime{opts: p}, nil
}

// Begin starts the clock; later calls do nothing. What comes before training (loading, features)
// then counts.
func (a *Anytime) Begin() {
	if !a.begun && a.opts.Now != nil {
		a.begun = true
		a.end = a.opts.Now().Add(a.opts.Limit - a.opts.Reserve)
	}
}

// Pace is called before every step, and gives the factor of the learning rate for it, or false when
// no step fits any more. The number that it is called with makes no difference: a training that
// goes on after an interruption has the time that an Anytime of its own gives it.
func (a *Anytime) Pace(int) (factor float64, more bool) {
	if a.opts.Now == nil {
		return 0, false
	}
	a.Begin()
	now := a.opts.Now()
	if a.steps > 0 && !a.ended {
		a.measure(now.Sub(a.last).Seconds())
	}
	a.last = now
	left := a.left(a.end.Sub(now).Seconds())
	if left < 1 || a.ended {
		a.ended = true
		return 0, false
	}
	factor = a.factor()
	if falls := float64(a.opts.Fall); falls == 0 || left <= falls || a.progress > 0 {
		a.progress += (1 - a.progress) / left
	}
	a.steps++
	return factor, true
}

// measure learns how long a step took.
func (a *Anytime) measure(seconds float64) {
	a.recent[a.measured%paceRecent] = max(seconds, 0)
	a.measured++
}

// left is how many steps are left, by the plan and by the time; below 1 for none. The schedule has
// to be at its end when the longest of the last steps no longer fits, so that one is kept free.
func (a *Anytime) left(seconds float64) float64 {
	planned := math.Inf(1)
	if a.opts.Steps > 0 {
		planned = float64(a.opts.Steps - a.steps)
	}
	usual, worst := a.opts.Step.Seconds(), a.opts.Step.Seconds()
	if n := min(a.measured, paceRecent); n > 0 {
		sorted := a.recent
		slices.Sort(sorted[:n])
		usual, worst = sorted[(n-1)/2], sorted[n-1]
	}
	switch {
	case seconds <= 0:
		return 0
	case seconds < worst:
		if a.factor() <= annealed || usual == 0 {
			return 0
		}
		return min(planned, haste, math.Floor(seconds/usual)-1)
	case usual == 0:
		return min(planned, firstGuess)
	}
	return min(planned, math.Floor((seconds-worst)/usual)+1)
}

// Where what was slow for once has taken the time for the rest of the schedule, it is gone through
// in haste, by as many usual steps, until the rate is at annealed.
const (
	haste    = 8
	annealed = 0.05
)

// firstGuess is how many steps are taken to be left while nothing is known of them.
const firstGuess = 1000

// factor is the rate's now: 1, and over the rest of the schedule half a cosine.
func (a *Anytime) factor() float64 {
	p := (a.progress - a.opts.Constant) / (1 - a.opts.Constant)
	return (1 + math.Cos(math.Pi*max(p, 0))) / 2
}

// Steps is how many were begun, and Progress how far the schedule has come, 1 being its end: less
// than 1 after the last step only where time ran out from one step to the next.
func (a *Anytime) Steps() int { return a.steps }

// Progress of the schedule; of its fall where AnytimeOptions.Fall is set.
func (a *Anytime) Progress() float64 { return a.progress }
