package growth

import (
	"math"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/contest"
)

// Verdicts agree with what a model says about a set as a whole.
func TestVerdictsAgree(t *testing.T) {
	e := ready(t)
	s, err := e.service(2)
	if err != nil {
		t.Fatal(err)
	}
	held, err := e.held(2)
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.model.Evaluate(t.Context(), held, nil)
	if err != nil {
		t.Fatal(err)
	}
	var right, n int
	var loss float64
	if err := contest.Verdicts(t.Context(), s.model, held, func(v contest.Verdict) {
		if n++; v.Right() {
			right++
		}
		loss += v.Loss()
	}); err != nil {
		t.Fatal(err)
	}
	if right != want.Correct || n != want.Samples || math.Abs(loss/float64(n)-want.Loss) > 1e-5 {
		t.Errorf("%d of %d right, loss %v; want %+v", right, n, loss/float64(n), want)
	}
	a, err := contest.Of(t.Context(), s.model, held)
	if err != nil || a.Tally().Correct != right {
		t.Errorf("%+v, %v", a.Tally(), err)
	}
}
