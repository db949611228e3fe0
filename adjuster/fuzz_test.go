package adjuster

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// FuzzRestore feeds states that a checksum cannot catch, because whoever wrote them wrote the
// checksum too: errors, never panics.
func FuzzRestore(f *testing.F) {
	s, o, j := resumable(f)
	j.fail = func(call int) error {
		if call > 8 {
			return errors.New("gone")
		}
		return nil
	}
	o.Retries = -1
	a := newAdjuster(f, s, o)
	if _, err := a.Adjust(f.Context(), s.Smallest(), 0.7, j, nil); err == nil {
		f.Fatal("the run was to stop")
	}
	state, tensors, err := a.state()
	if err != nil {
		f.Fatal(err)
	}
	seed := func(change func(s *adjusterState, r *runState)) {
		c, r := *state, *state.Pending
		c.Pending = &r
		change(&c, &r)
		text, err := json.Marshal(&c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	seed(func(*adjusterState, *runState) {})
	seed(func(s *adjusterState, _ *runState) { s.Pending = nil })
	seed(func(s *adjusterState, _ *runState) { s.Options.Hidden = 1 << 12 })
	seed(func(s *adjusterState, _ *runState) { s.Options.GridSize = 1 << 20 })
	seed(func(s *adjusterState, _ *runState) { s.Space.Family = "none" })
	seed(func(s *adjusterState, _ *runState) { s.CustomCost = true })
	seed(func(s *adjusterState, _ *runState) { s.Options.Race = &Race{Block: 10, Errors: math.Inf(1)} })
	seed(func(s *adjusterState, _ *runState) { s.Options.Iterations = 2 })
	seed(func(_ *adjusterState, r *runState) { r.Distance = -1 })
	seed(func(_ *adjusterState, r *runState) { r.Scratch = true })
	seed(func(_ *adjusterState, r *runState) { r.Updates["lstm.wh"] = -5 })
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var state adjusterState
		if json.Unmarshal(text, &state) != nil {
			return
		}
		b, err := restore(&state, tensors, nil)
		if err != nil {
			return
		}
		if b.pending != nil && b.pending.loop.Step() > 1000 {
			t.Fatalf("restored %d iterations out of %d", b.pending.loop.Step(), a.pending.loop.Step())
		}
		if _, _, err := b.state(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzRestoreExpert does the same for an expert.
func FuzzRestoreExpert(f *testing.F) {
	l := newShop(f)
	e, err := NewExpert(newAdjuster(f, l.space, expertOptions()), nil)
	if err != nil {
		f.Fatal(err)
	}
	e = advanceAll(f, l, e, func(err error) *Expert { f.Fatal(err); return nil })
	e.begin(Adjusted, shopReadings[1], Decision{})
	s, tensors, err := e.state()
	if err != nil {
		f.Fatal(err)
	}
	for _, change := range []func(s *expertState){
		func(*expertState) {},
		func(s *expertState) { s.Phase = PhaseMeasure },
		func(s *expertState) { s.Phase = "later" },
		func(s *expertState) { s.Phase = PhaseCompare },
		func(s *expertState) { s.Earlier = Summary{Kept: -1} },
		func(s *expertState) { s.Earlier, s.Done = Summary{First: 1, Kept: 4}, nil },
		func(s *expertState) { s.Current = nil },
		func(s *expertState) { s.Adjuster = nil },
		func(s *expertState) { s.Done = s.Done[1:] },
		func(s *expertState) { s.Done = nil },
		func(s *expertState) { s.Arch = l.space.Largest() },
	} {
		c := *s
		change(&c)
		text, err := json.Marshal(&c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var s expertState
		if json.Unmarshal(text, &s) != nil {
			return
		}
		e, err := restoreExpert(&s, tensors, nil, nil)
		if err != nil {
			return
		}
		if _, _, err := e.state(); err != nil {
			t.Fatal(err)
		}
		if err := checkpoint.Write(t.TempDir()+"/e", expertKind, stateVersion, &s, nil); err != nil {
			t.Fatal(err)
		}
	})
}
