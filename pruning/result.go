package pruning

import "github.com/tendril-nas/tendril/searchspace"

// Result says what a search found. It describes what was finished when it comes with an error.
type Result struct {
	Status searchspace.Status `json:"status"`
	Phases []PhaseResult      `json:"phases"` // finished ones
	Steps  int                `json:"steps"`  // on the architecture
	// Probabilities are softmax(a), removed choices 0. Left are the choices that are left, by
	// number.
	Probabilities searchspace.Relaxed `json:"probabilities"`
	Left          [][]int             `json:"left"`
	// Final is the most probable architecture within the band around the target, among those left;
	// with NoCost the most probable one. Beside it stands ArgMax, the most probable choice of every
	// decision, wherever its cost is. Both are zero before the end, and ArgMax where the space
	// refuses it.
	Final  Found `json:"final"`
	ArgMax Found `json:"arg_max"`
	// Space is what pruning left.
	Space *searchspace.Space `json:"-"`
}

// Found is an architecture that a search found.
type Found struct {
	Arch searchspace.Arch `json:"-"`
	Text string           `json:"arch"` // as Space.Format writes it
	Cost float64          `json:"cost"` // in units of Options.Cost
	// LogProbability is the logarithm of the probability that softmax(a) draws it.
	LogProbability float64 `json:"log_probability"`
}

// PhaseResult says what a phase did.
type PhaseResult struct {
	Name    string `json:"name"`
	Classes int    `json:"classes"`
	Epochs  int    `json:"epochs"`
	Updates int    `json:"updates"` // of the weights
	// Losses are the training losses of the epochs, as the supernet gives them.
	Losses []float64 `json:"losses"`
	// Steps are those on the architecture.
	Steps []Step `json:"steps,omitempty"`
	// Course is the mean probabilities of equally many steps that follow each other, up to 32
	// times, for pictures; the last mean may be of fewer. It begins after the last pruning.
	Course []searchspace.Relaxed `json:"course,omitempty"`
	// Candidates were computed for every decision of the space.
	Candidates []int `json:"candidates"`
	// MAdds is the multiply-adds of all of them, per image, in layers that depend on decisions, and
	// Fixed those of the other layers. With Options.TwoPaths, which computes two of them, MAdds is
	// twice the mean of a decision.
	MAdds float64 `json:"madds"`
	Fixed float64 `json:"fixed"`
	// Cost is the expected cost at the end, ArgMaxCost that of the most probable choices, both
	// before pruning.
	Cost       float64 `json:"cost"`
	ArgMaxCost float64 `json:"arg_max_cost"`
	// Probabilities are softmax(a) at the end, before pruning.
	Probabilities searchspace.Relaxed `json:"probabilities"`
	Removed       []Removal           `json:"removed,omitempty"` // and what the rule would have removed
}

// Work is the multiply-adds of searched layers, for one image of each update: what schedule and
// pruning save. Two searches with equally large batches compare by it.
func (r *Result) Work() float64 {
	var sum float64
	for _, p := range r.Phases {
		sum += float64(p.Updates) * p.MAdds
	}
	return sum
}

// mixture is the multiply-adds of the candidates of a walk.
func (s *search) mixture() (searched, fixed float64, err error) {
	rows := s.space.Zeros()
	for i, allowed := range s.walk.allow {
		for _, c := range allowed {
			rows[i][c] = 1
			if s.plan.TwoPaths {
				rows[i][c] = min(1, 2/float64(len(allowed)))
			}
		}
	}
	all, _, err := s.madds.Expected(rows)
	if err != nil {
		return 0, 0, err
	}
	if fixed, _, err = s.madds.Expected(s.space.Zeros()); err != nil {
		return 0, 0, err
	}
	return all - fixed, fixed, nil
}

// end is what the phase did.
func (p *phase) end(losses []float64) (*PhaseResult, error) {
	s := p.search
	out := &PhaseResult{Name: p.Name, Classes: len(p.Classes), Epochs: p.Epochs, Updates: p.updates,
		Losses: losses, Steps: s.walk.records, Course: s.walk.means.course(s.walk.values),
		Probabilities: s.space.Zeros()}
	for _, allowed := range s.walk.allow {
		out.Candidates = append(out.Candidates, len(allowed))
	}
	s.walk.softmax(out.Probabilities, nil, 1)
	var err error
	if out.MAdds, out.Fixed, err = s.mixture(); err != nil {
		return nil, err
	}
	if out.Cost, _, err = s.cost.Expected(out.Probabilities); err != nil {
		return nil, err
	}
	hard, _ := s.walk.argMax()
	out.ArgMaxCost, _, err = s.cost.Expected(hard)
	return out, err
}
