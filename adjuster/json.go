package adjuster

import (
	"encoding/json"

	"github.com/tendril-nas/tendril/internal/jsonfloat"
	"github.com/tendril-nas/tendril/searchspace"
)

// The JSON forms of results: names in snake case that stay, an architecture as "arch" for people
// (Space.Format) and "choices" for programs (hexadecimal), infinite numbers as "Infinity". What is
// read back cannot know the space: check architectures with Space.Valid.

// archJSON is an architecture in both forms.
type archJSON struct {
	Text    string           `json:"arch"`
	Choices searchspace.Arch `json:"choices"`
}

type proposalJSON struct {
	Iteration int `json:"iteration"`
	archJSON
	Accuracy jsonfloat.Float `json:"accuracy"`
	Cost     jsonfloat.Float `json:"cost"`
	Reward   jsonfloat.Float `json:"reward"`
	LogProb  jsonfloat.Float `json:"log_prob"`
	Entropy  jsonfloat.Float `json:"entropy"`
	Cached   bool            `json:"cached"`
}

// MarshalJSON writes names in snake case, with the architecture as "arch" and "choices".
func (p Proposal) MarshalJSON() ([]byte, error) {
	return json.Marshal(proposalJSON{
		Iteration: p.Iteration,
		archJSON:  archJSON{p.Text, p.Arch},
		Accuracy:  jsonfloat.Float(p.Accuracy),
		Cost:      jsonfloat.Float(p.Cost),
		Reward:    jsonfloat.Float(p.Reward),
		LogProb:   jsonfloat.Float(p.LogProb),
		Entropy:   jsonfloat.Float(p.Entropy),
		Cached:    p.Cached,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Proposal) UnmarshalJSON(text []byte) error {
	var j proposalJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*p = Proposal{
		Iteration: j.Iteration,
		Arch:      j.Choices,
		Text:      j.Text,
		Accuracy:  float64(j.Accuracy),
		Cost:      float64(j.Cost),
		Reward:    float64(j.Reward),
		LogProb:   float64(j.LogProb),
		Entropy:   float64(j.Entropy),
		Cached:    j.Cached,
	}
	return nil
}

type candidateJSON struct {
	archJSON
	Measurement searchspace.Measurement `json:"measurement"`
	Cost        jsonfloat.Float         `json:"cost"`
	Reward      jsonfloat.Float         `json:"reward"`
	Behind      jsonfloat.Float         `json:"behind,omitzero"`
	Error       jsonfloat.Float         `json:"standard_error,omitzero"`
	Dropped     int                     `json:"dropped,omitzero"`
}

// MarshalJSON writes names in snake case, with the architecture as "arch" and "choices".
func (c Candidate) MarshalJSON() ([]byte, error) {
	return json.Marshal(candidateJSON{
		archJSON:    archJSON{c.Measurement.Text, c.Arch},
		Measurement: c.Measurement,
		Cost:        jsonfloat.Float(c.Cost),
		Reward:      jsonfloat.Float(c.Reward),
		Behind:      jsonfloat.Float(c.Behind),
		Error:       jsonfloat.Float(c.StandardError),
		Dropped:     c.Dropped,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Candidate) UnmarshalJSON(text []byte) error {
	var j candidateJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*c = Candidate{
		Arch:          j.Choices,
		Measurement:   j.Measurement,
		Cost:          float64(j.Cost),
		Reward:        float64(j.Reward),
		Behind:        float64(j.Behind),
		StandardError: float64(j.Error),
		Dropped:       j.Dropped,
	}
	return nil
}

type resultJSON struct {
	Status searchspace.Status `json:"status"`
	archJSON
	Candidates []Candidate `json:"candidates"`
	Previous   Candidate   `json:"previous"`
	Rounds     int         `json:"rounds,omitzero"`
	Finalists  []Candidate `json:"finalists,omitzero"`
	Trial      Candidate   `json:"previous_trial,omitzero"`
	Iterations int         `json:"iterations"`
	Distinct   int         `json:"distinct"`
	History    []Proposal  `json:"history"`
}

// MarshalJSON writes names in snake case, with the architecture as "arch" and "choices".
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(resultJSON{
		Status:     r.Status,
		archJSON:   archJSON{r.Text, r.Arch},
		Candidates: r.Candidates,
		Previous:   r.Previous,
		Rounds:     r.Rounds,
		Finalists:  r.Finalists,
		Trial:      r.PreviousTrial,
		Iterations: r.Iterations,
		Distinct:   r.Distinct,
		History:    r.History,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Result) UnmarshalJSON(text []byte) error {
	var j resultJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*r = Result{
		Arch:          j.Choices,
		Text:          j.Text,
		Candidates:    j.Candidates,
		Previous:      j.Previous,
		Rounds:        j.Rounds,
		Finalists:     j.Finalists,
		PreviousTrial: j.Trial,
		History:       j.History,
		Iterations:    j.Iterations,
		Distinct:      j.Distinct,
		Status:        j.Status,
	}
	return nil
}

type raceJSON struct {
	Block  int             `json:"block"`
	First  int             `json:"first"`
	Errors jsonfloat.Float `json:"errors"`
}

// MarshalJSON writes names in snake case.
func (r Race) MarshalJSON() ([]byte, error) {
	return json.Marshal(raceJSON{r.Block, r.First, jsonfloat.Float(r.Errors)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Race) UnmarshalJSON(text []byte) error {
	var j raceJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*r = Race{j.Block, j.First, float64(j.Errors)}
	return nil
}
