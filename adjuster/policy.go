package adjuster

import (
	"errors"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/searchspace"
)

type policy struct{}

type draw struct {
	arch             searchspace.Arch
	logProb, entropy float64
}

var errEarly = errors.New("adjuster: under construction")

func newPolicy(space *searchspace.Space, o *Options) (*policy, error) { return nil, errEarly }
func (p *policy) fits(space *searchspace.Space) error                 { return errEarly }
func (p *policy) startTraining()                                      {}
func (p *policy) propose(*searchspace.Space, []float32, int, *rand.Rand) (draw, error) {
	return draw{}, errEarly
}
func (p *policy) learn(draw, float64) error { return errEarly }

// Save writes the whole state to a file.
func (a *Adjuster) Save(path string) error { return errEarly }

// Load reads what Save wrote.
func Load(path string, o *Options) (*Adjuster, error) { return nil, errEarly }

// Save writes the whole state to a file.
func (e *Expert) Save(path string) error { return errEarly }

// LoadExpert reads what Save wrote.
func LoadExpert(path string, o *Options, eo *ExpertOptions) (*Expert, error) { return nil, errEarly }

func (e *Expert) measure(ctx any, l Learner) error            { return errEarly }
func (e *Expert) finish(ctx any, l Learner) (*Outcome, error) { return nil, errEarly }
func (e *Expert) begin(a Action, r Reading, d Decision)       {}
