package generator

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// FuzzRestore feeds states that a checksum cannot catch, because whoever wrote them wrote the
// checksum too: errors, never panics, and no more memory than the tensors say.
func FuzzRestore(f *testing.F) {
	space, o, learners, to := resumable(f)
	g := must[*Generator](f)(New(space, o))
	to.Recorder = RecorderFunc(func(Progress) error { return errors.New("enough") })
	if _, err := g.Train(f.Context(), learners, to); err == nil {
		f.Fatal("the training was to stop")
	}
	st, tensors, err := g.state()
	if err != nil {
		f.Fatal(err)
	}
	for _, change := range []func(s *state){
		func(*state) {},
		func(s *state) { s.Training = nil },
		func(s *state) { s.Training.Step = -1 },
		func(s *state) { s.Training.Step = math.MaxInt },
		func(s *state) { s.Training.Plan.Images = nil },
		func(s *state) { s.Training.Plan.Steps = 1 },
		func(s *state) { s.Options.Hidden = 1 << 9 },
		func(s *state) { s.Options.Budgets = 1 << 11 },
		func(s *state) { s.Options.Superclasses = []string{"class0"} },
		func(s *state) { s.Options.Low *= 2 },
		func(s *state) { s.Options.High = -1 },
		func(s *state) { s.Options.MultiPath = true },
		func(s *state) { s.Options.Cost = searchspace.CostLimit{Of: searchspace.CostParams} },
		func(s *state) { s.Space.Family = "none" },
	} {
		c := *st
		training := *st.Training
		c.Training = &training
		change(&c)
		f.Add(string(must[[]byte](f)(json.Marshal(&c))))
	}
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, text string) {
		var st state
		if json.Unmarshal([]byte(text), &st) != nil {
			return
		}
		g, err := restore(&st, tensors, nil)
		if err != nil {
			return
		}
		all := []Scenario{{Superclasses: g.opts.Superclasses[:1], Budget: g.opts.Low}}
		for _, a := range must[[]Answer](t)(g.Generate(t.Context(), all, nil)) {
			if a.Cost > g.opts.Low {
				t.Fatalf("cost %v for %v", a.Cost, g.opts.Low)
			}
		}
		if _, _, err := g.state(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzReadSuperclasses: what is read names every class once.
func FuzzReadSuperclasses(f *testing.F) {
	for _, text := range []string{`{"a": "x", "b": "y", "c": "x", "d": ""}`, `{}`, `[`, `{"a": 1}`,
		`{"a": "x"} 1`,
		`{"a": "x", "a": "y"}`, `{"": "x"}`, "{\"\xff\": \"x\"}", `null`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ReadSuperclasses(strings.NewReader(text))
		if err != nil {
			return
		}
		seen, names := map[string]bool{}, map[string]bool{}
		for _, s := range all {
			if s.Name == "" || names[s.Name] || len(s.Classes) == 0 {
				t.Fatalf("superclass %q of %q", s.Name, s.Classes)
			}
			names[s.Name] = true
			for _, c := range s.Classes {
				if c == "" || seen[c] {
					t.Fatalf("class %q of %q", c, s.Name)
				}
				seen[c] = true
			}
		}
	})
}
