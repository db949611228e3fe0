package searchspace_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestRelax: an architecture relaxed has one 1 in each row, at an allowed choice, and the expected
// cost is its cost.
func TestRelax(t *testing.T) {
	for name, s := range latencySpaces(t) {
		var model *searchspace.CostModel
		if choiceGraph(t, s) != nil {
			model, _ = costModel(s) // nil where it is too large
		}
		decisions := s.Decisions()
		r := newRand(6)
		for range 20 {
			a := must[searchspace.Arch](t)(s.Sample(r))
			x := must[searchspace.Relaxed](t)(s.Relax(a))
			if err := s.CheckRelaxed(x); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			active := s.Active(a)
			for i, row := range x {
				ones := slices.Index(row, 1)
				if ones < 0 || active[i] && ones != a.At(i) || !slices.Contains(decisions[i].Allowed, ones) {
					t.Fatalf("%s: %s has the row %v of %s", name, s.Format(a), row, decisions[i].Name)
				}
				row[ones] = 0
				if slices.ContainsFunc(row, func(v float64) bool { return v != 0 }) {
					t.Fatalf("%s: the row of %s holds %v beside its 1", name, decisions[i].Name, row)
				}
				row[ones] = 1
			}
			if model == nil {
				continue
			}
			want := float64(must[searchspace.Cost](t)(s.Cost(a)).MAdds)
			if got, _, err := model.Expected(x); err != nil || math.Abs(got-want) > 1e-9*want {
				t.Fatalf("%s: %s costs %v as a Relaxed, %v; expected %v", name, s.Format(a), got, err, want)
			}
		}
	}
	if _, err := plain(t).Relax(mobile(t, searchspace.MobileNetV3Options{}).Smallest()); err == nil {
		t.Error("relaxed an architecture of another space")
	}
}

func TestCheckRelaxed(t *testing.T) {
	s := must[*searchspace.Space](t)(plain(t).Restrict(
		searchspace.Restriction{Decisions: []string{"stage1.depth"}, Keep: []int{0, 2}}))
	d := s.DecisionIndex("stage1.depth")
	good := s.Zeros()
	good[d][0], good[d][2], good[0][1] = -3, 2.5, 1e9 // rows need not be probabilities
	if err := s.CheckRelaxed(good); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(r searchspace.Relaxed) searchspace.Relaxed{
		"11 rows for 12":             func(r searchspace.Relaxed) searchspace.Relaxed { return r[1:] },
		"stage1.depth has 2 numbers": func(r searchspace.Relaxed) searchspace.Relaxed { r[d] = r[d][:2]; return r },
		"NaN for 8":                  func(r searchspace.Relaxed) searchspace.Relaxed { r[0][0] = math.NaN(); return r },
		"-Inf for 16":                func(r searchspace.Relaxed) searchspace.Relaxed { r[0][1] = math.Inf(-1); return r },
		"0.5 for 1, which":           func(r searchspace.Relaxed) searchspace.Relaxed { r[d][1] = 0.5; return r },
		"0 rows":                     func(searchspace.Relaxed) searchspace.Relaxed { return nil },
	} {
		if err := s.CheckRelaxed(spoil(s.Zeros())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q in it", err, want)
		}
	}
}

// ExampleSpace_Relax walks from one architecture to another: in between, the cost is that of the
// mixture.
func ExampleSpace_Relax() {
	space, err := searchspace.NewSpace(searchspace.Family{Name: "plain", InputSize: 32, Classes: 10, Build: plainNet})
	if err != nil {
		fmt.Println(err)
		return
	}
	graph, err := space.LowerChoices()
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := graph.Model(func(n *searchspace.Node) float64 { return float64(n.MAdds()) })
	if err != nil {
		fmt.Println(err)
		return
	}
	row, err := space.Relax(space.Smallest())
	if err != nil {
		fmt.Println(err)
		return
	}
	depth := space.DecisionIndex("stage1.depth")
	for _, p := range []float64{0, 0.5, 1} {
		row[depth][0], row[depth][1] = 1-p, p
		cost, gradient, err := model.Expected(row)
		slope := gradient[depth][1] - gradient[depth][0]
		fmt.Printf("a first layer of weight %.1f: %.0f, slope %.0f, %v\n", p, cost, slope, err)
	}
	// Output:
	// a first layer of weight 0.0: 110752, slope 36864, <nil>
	// a first layer of weight 0.5: 129184, slope 36864, <nil>
	// a first layer of weight 1.0: 147616, slope 36864, <nil>
}

func TestStatus(t *testing.T) {
	all := []searchspace.Status{searchspace.StatusNone, searchspace.StatusFinished,
		searchspace.StatusExhausted, searchspace.StatusStopped, searchspace.StatusCancelled, searchspace.StatusDiverged, searchspace.StatusFailed}
	var zero searchspace.Status
	if zero != searchspace.StatusNone {
		t.Error("the zero value says that something has ended")
	}
	seen := map[string]bool{}
	for _, s := range all {
		text, err := json.Marshal(map[string]searchspace.Status{"status": s})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]searchspace.Status
		if err := json.Unmarshal(text, &back); err != nil || back["status"] != s || seen[s.String()] {
			t.Errorf("%v is %s and read as %v, %v", s, text, back, err)
		}
		if want := `{"status":"` + s.String() + `"}`; string(text) != want {
			t.Errorf("%s, expected %s", text, want)
		}
		seen[s.String()] = true
	}
	beyond := searchspace.StatusFailed + 1
	if _, err := json.Marshal(beyond); err == nil || beyond.String() != "Status(7)" {
		t.Errorf("%v is written, error %v", beyond, err)
	}
	for _, text := range []string{`"ended"`, `""`, `"Finished"`} {
		s := searchspace.StatusStopped
		if err := json.Unmarshal([]byte(text), &s); err == nil || s != searchspace.StatusStopped {
			t.Errorf("%s is read as %v, %v", text, s, err)
		}
	}
}

func TestMeasurementJSON(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	a := must[searchspace.Arch](t)(s.Sample(newRand(3)))
	for _, m := range []searchspace.Measurement{
		{},
		{Arch: a, Text: s.Format(a), Accuracy: 0.625, Loss: 1.0 / 3, Correct: 5, Samples: 8, Unknown: 2, Stage: 2,
			WeightVersion: 1<<63 + 1, Recalibrated: true},
		{Arch: a, Loss: math.Inf(1), Samples: 1},
		{Arch: a, Loss: math.Inf(-1), Accuracy: math.NaN()},
	} {
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back searchspace.Measurement
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if math.IsNaN(m.Accuracy) && math.IsNaN(back.Accuracy) {
			m.Accuracy, back.Accuracy = 0, 0
		}
		if back != m {
			t.Errorf("%s is read as %+v, expected %+v", text, back, m)
		}
	}
	for _, text := range []string{`[]`, `{"loss": "much"}`, `{"choices": "0"}`, `{"choices": "xx"}`, `{"weight_version": -1}`} {
		m := searchspace.Measurement{Samples: 4}
		if err := json.Unmarshal([]byte(text), &m); err == nil || m.Samples != 4 {
			t.Errorf("%s is read as %+v, %v", text, m, err)
		}
	}
}

func ExampleMeasurement() {
	space, err := searchspace.NewSpace(searchspace.Family{Name: "plain", InputSize: 32, Classes: 10, Build: plainNet})
	if err != nil {
		fmt.Println(err)
		return
	}
	a := space.Smallest()
	m := searchspace.Measurement{Arch: a, Text: space.Format(a), Accuracy: 0.1, Loss: math.Inf(1), Correct: 10, Samples: 100}
	text, err := json.MarshalIndent(m, "", " ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//  "arch": "8,0,dense,3,dense,3,16,0,dense,3,dense,3",
	//  "choices": "000000000000000000000000",
	//  "accuracy": 0.1,
	//  "loss": "Infinity",
	//  "correct": 10,
	//  "samples": 100,
	//  "stage": 0,
	//  "weight_version": 0,
	//  "recalibrated": false
	// } <nil>
}
