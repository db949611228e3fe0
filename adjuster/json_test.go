package adjuster

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

// sample is an outcome with every field set, infinite where a number can be.
func sample(t testing.TB) (Outcome, *searchspace.Space) {
	s := small(t)
	before, after := s.Smallest(), s.Largest()
	inf := math.Inf(1)
	c := Candidate{Arch: after, Cost: inf, Reward: -inf, Measurement: searchspace.Measurement{Arch: after, Text: s.Format(after), Accuracy: 0.5,
		Loss: inf, Correct: 2, Samples: 4, Stage: 3, WeightVersion: 1<<64 - 1, Recalibrated: true}}
	return Outcome{
		Step: 2, Action: Adjusted, Reading: Reading{Tally{1, 2}, Tally{3, 4}, inf}, Decision: Decision{true, 2, -inf, inf},
		Before: before, BeforeText: s.Format(before), After: after, AfterText: s.Format(after), Status: searchspace.StatusCancelled,
		Search: &Result{
			Arch: after, Text: s.Format(after), Candidates: []Candidate{c}, Previous: c, Iterations: 2, Distinct: 1, Status: searchspace.StatusFinished,
			History: []Proposal{{0, after, s.Format(after), 0.5, inf, -inf, -inf, inf, true}, {Iteration: 1, Reward: -1}},
		},
	}, s
}

func TestJSONRoundTrip(t *testing.T) {
	o, s := sample(t)
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back Outcome
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(o, back, compareArchs); d != "" {
		t.Error(d)
	}
	p := Progress{Iteration: 1, Iterations: 2, Distinct: 1, Proposal: o.Search.History[0]}
	text, err = json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var progress Progress
	if err := json.Unmarshal(text, &progress); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, progress, compareArchs); d != "" {
		t.Error(d)
	}
	if !strings.Contains(string(text), s.Format(s.Largest())) {
		t.Errorf("architecture is not readable in %s", text)
	}
	for _, v := range []json.Unmarshaler{&back, &back.Reading, &back.Decision, back.Search, &back.Search.Previous, &back.Search.History[0]} {
		if err := v.UnmarshalJSON([]byte(`[]`)); err == nil {
			t.Errorf("%T: read a list", v)
		}
	}
}

// Names are what other programs rely on.
func TestJSONNames(t *testing.T) {
	o, _ := sample(t)
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				names[path+k] = true
				walk(path+k+".", x)
			}
		case []any:
			for _, x := range v {
				walk(path, x)
			}
		}
	}
	walk("", tree)
	measured := "arch choices accuracy loss correct samples stage weight_version recalibrated"
	for prefix, list := range map[string]string{
		"":                               "step action status reading decision before after search",
		"reading.":                       "reference added distance",
		"reading.reference.":             "correct total",
		"reading.added.":                 "correct total",
		"decision.":                      "adjust h lower epsilon",
		"before.":                        "arch choices",
		"after.":                         "arch choices",
		"search.":                        "status arch choices candidates previous iterations distinct history",
		"search.history.":                "iteration arch choices accuracy cost reward log_prob entropy cached",
		"search.candidates.":             "arch choices measurement cost reward",
		"search.previous.":               "arch choices measurement cost reward",
		"search.candidates.measurement.": measured,
		"search.previous.measurement.":   measured,
	} {
		for _, name := range strings.Fields(list) {
			if !names[prefix+name] {
				t.Errorf("%q is missing", prefix+name)
			}
			delete(names, prefix+name)
		}
	}
	for name := range names {
		t.Errorf("%q is new", name)
	}
}
