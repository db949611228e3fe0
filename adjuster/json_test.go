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
		Loss: inf, Correct: 2, Samples: 4, Unknown: 1, Stage: 3, WeightVersion: 1<<64 - 1, Recalibrated: true}, Behind: 0.1, StandardError: inf, Dropped: 2}
	return Outcome{
		Step: 2, Action: Adjusted, Reading: Reading{Tally{1, 2}, Tally{3, 4}, inf}, Decision: Decision{true, 2, -inf, inf},
		Before: before, BeforeText: s.Format(before), After: after, AfterText: s.Format(after), Status: searchspace.StatusCancelled,
		Comparison: &Comparison{Adapted: c, Kept: c, Gain: -0.1, StandardError: inf, Margin: inf, Swap: true},
		Search: &Result{
			Arch: after, Text: s.Format(after), Candidates: []Candidate{c}, Previous: c, Iterations: 2, Distinct: 1, Status: searchspace.StatusFinished,
			Rounds: 3, Finalists: []Candidate{c}, PreviousTrial: c,
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
	for _, v := range []json.Unmarshaler{&back, &back.Reading, &back.Decision, back.Search, &back.Search.Previous, &back.Search.History[0],
		back.Comparison} {
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
	expected := map[string]string{
		"":                   "step action status reading decision before after search comparison",
		"reading.":           "reference added distance",
		"reading.reference.": "correct total",
		"reading.added.":     "correct total",
		"decision.":          "adjust h lower epsilon",
		"before.":            "arch choices",
		"after.":             "arch choices",
		"search.":            "status arch choices candidates previous rounds finalists previous_trial iterations distinct history",
		"search.history.":    "iteration arch choices accuracy cost reward log_prob entropy cached",
		"comparison.":        "adapted kept gain standard_error margin swap",
	}
	for _, c := range []string{"search.candidates.", "search.previous.", "search.finalists.", "search.previous_trial.", "comparison.adapted.",
		"comparison.kept."} {
		expected[c] = "arch choices measurement cost reward behind standard_error dropped"
		expected[c+"measurement."] = "arch choices accuracy loss correct samples unknown stage weight_version recalibrated"
	}
	for prefix, list := range expected {
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

// What the published method finds is written without the names of what it does not do.
func TestJSONOfThePublishedMethod(t *testing.T) {
	s, o, j := resumable(t)
	text, err := json.Marshal(Outcome{Search: adjust(t, newAdjuster(t, s, o), s.Smallest(), 0.7, j)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"comparison", "rounds", "finalists", "previous_trial", "behind", "standard_error", "dropped"} {
		if strings.Contains(string(text), `"`+name+`"`) {
			t.Errorf("%q is written", name)
		}
	}
}
