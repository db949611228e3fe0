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

type readingJSON struct {
	Reference Tally           `json:"reference"`
	Added     Tally           `json:"added"`
	Distance  jsonfloat.Float `json:"distance"`
}

// MarshalJSON writes names in snake case.
func (r Reading) MarshalJSON() ([]byte, error) {
	return json.Marshal(readingJSON{r.Reference, r.Added, jsonfloat.Float(r.Distance)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Reading) UnmarshalJSON(text []byte) error {
	var j readingJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*r = Reading{j.Reference, j.Added, float64(j.Distance)}
	return nil
}

type decisionJSON struct {
	Adjust  bool            `json:"adjust"`
	H       jsonfloat.Float `json:"h"`
	Lower   jsonfloat.Float `json:"lower"`
	Epsilon jsonfloat.Float `json:"epsilon"`
}

// MarshalJSON writes names in snake case.
func (d Decision) MarshalJSON() ([]byte, error) {
	return json.Marshal(decisionJSON{
		Adjust:  d.Adjust,
		H:       jsonfloat.Float(d.H),
		Lower:   jsonfloat.Float(d.Lower),
		Epsilon: jsonfloat.Float(d.Epsilon),
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Decision) UnmarshalJSON(text []byte) error {
	var j decisionJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*d = Decision{j.Adjust, float64(j.H), float64(j.Lower), float64(j.Epsilon)}
	return nil
}

type outcomeJSON struct {
	Step     int                `json:"step"`
	Action   Action             `json:"action"`
	Status   searchspace.Status `json:"status"`
	Reading  Reading            `json:"reading"`
	Decision Decision           `json:"decision"`
	Before   archJSON           `json:"before"`
	After    archJSON           `json:"after"`
	Search   *Result            `json:"search,omitempty"`
	Compared *Comparison        `json:"comparison,omitempty"`
}

// MarshalJSON writes names in snake case, with "before" and "after" as objects of "arch" and
// "choices".
func (o Outcome) MarshalJSON() ([]byte, error) {
	return json.Marshal(outcomeJSON{
		Step:     o.Step,
		Action:   o.Action,
		Status:   o.Status,
		Reading:  o.Reading,
		Decision: o.Decision,
		Before:   archJSON{o.BeforeText, o.Before},
		After:    archJSON{o.AfterText, o.After},
		Search:   o.Search,
		Compared: o.Comparison,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (o *Outcome) UnmarshalJSON(text []byte) error {
	var j outcomeJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*o = Outcome{
		Step:       j.Step,
		Action:     j.Action,
		Reading:    j.Reading,
		Decision:   j.Decision,
		Before:     j.Before.Choices,
		After:      j.After.Choices,
		BeforeText: j.Before.Text,
		AfterText:  j.After.Text,
		Search:     j.Search,
		Comparison: j.Compared,
		Status:     j.Status,
	}
	return nil
}

type comparisonJSON struct {
	Adapted Candidate       `json:"adapted"`
	Kept    Candidate       `json:"kept"`
	Gain    jsonfloat.Float `json:"gain"`
	Error   jsonfloat.Float `json:"standard_error"`
	Margin  jsonfloat.Float `json:"margin"`
	Swap    bool            `json:"swap"`
}

// MarshalJSON writes names in snake case.
func (c Comparison) MarshalJSON() ([]byte, error) {
	return json.Marshal(comparisonJSON{
		Adapted: c.Adapted,
		Kept:    c.Kept,
		Gain:    jsonfloat.Float(c.Gain),
		Error:   jsonfloat.Float(c.StandardError),
		Margin:  jsonfloat.Float(c.Margin),
		Swap:    c.Swap,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Comparison) UnmarshalJSON(text []byte) error {
	var j comparisonJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*c = Comparison{j.Adapted, j.Kept, float64(j.Gain), float64(j.Error), float64(j.Margin), j.Swap}
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
