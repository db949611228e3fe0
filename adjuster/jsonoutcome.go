package adjuster

import (
	"encoding/json"

	"github.com/tendril-nas/tendril/internal/jsonfloat"
	"github.com/tendril-nas/tendril/searchspace"
)

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
