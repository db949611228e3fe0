package adjuster

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// racing is an adjustment with a race, and what judges it.
func racing(t testing.TB) (*searchspace.Space, Options, Judges, *panel) {
	s, o, j := resumable(t)
	o.Race = &Race{Block: 20, First: 3}
	whole := newPanel(320, j.v)
	return s, o, Judges{Reward: j, Final: whole}, whole
}

func adjustWith(t testing.TB, a *Adjuster, prev searchspace.Arch, j Judges) *Result {
	t.Helper()
	res, err := a.AdjustWith(t.Context(), prev, 0.7, j)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A race that drops nobody is the final choice without a race.
func TestRaceWithoutDropsChangesNothing(t *testing.T) {
	for _, objective := range []Objective{Accuracy, Likelihood} {
		s, o, j, whole := racing(t)
		o.Objective = objective
		o.Race.Errors = math.Inf(1)
		raced := adjustWith(t, newAdjuster(t, s, o), s.Smallest(), j)
		if again := whole.repeated(); again != "" {
			t.Errorf("%s was judged again", again)
		}
		if raced.Rounds != 4 { // 3, 6, 12 and 16 blocks
			t.Errorf("%d rounds", raced.Rounds)
		}
		o.Race = nil
		plain := adjustWith(t, newAdjuster(t, s, o), s.Smallest(), j)
		for i := range raced.Candidates {
			c := &raced.Candidates[i]
			if (c.Behind == 0) != (i == 0) || (c.StandardError == 0) != (i == 0) || c.Dropped != 0 {
				t.Errorf("place %d: %+v", i, *c)
			}
			c.Behind, c.StandardError = 0, 0
		}
		raced.Previous.Behind, raced.Previous.StandardError, raced.Rounds = 0, 0, 0
		near := cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 1e-12 }) // losses are summed up in another order
		if d := cmp.Diff(plain, raced, compareArchs, near); d != "" {
			t.Errorf("%v: %s", objective, d)
		}
	}
}

// Nobody is judged after being dropped, nothing is judged twice, and rewards count from α_{t−1} on
// the images that the candidate was judged on.
func TestRaceOfCandidates(t *testing.T) {
	for _, keep := range []bool{true, false} {
		s, o, j, whole := racing(t)
		o.KeepPrevious, o.Lambda = keep, 0.1
		res := adjustWith(t, newAdjuster(t, s, o), s.Smallest(), j)
		images := map[int]int{1: 60, 2: 120, 3: 240, 4: 320}
		calls, winner := 0, res.Best()
		for i, c := range append(slices.Clone(res.Candidates), res.Previous) {
			if i == len(res.Candidates) && slices.ContainsFunc(res.Candidates, func(c Candidate) bool { return c.Arch == res.Previous.Arch }) {
				break
			}
			want := images[res.Rounds]
			if c.Dropped > 0 && c.Arch != s.Smallest() { // which all others are compared with
				want = images[c.Dropped]
			}
			calls += want / 20
			if c.Measurement.Samples != want || c.Measurement.Text != s.Format(c.Arch) || c.Cost != cost(t, s, c.Arch) {
				t.Errorf("%+v, expected %d images", c, want)
			}
			if c.Dropped > 0 != (c.Behind > 2*c.StandardError) {
				t.Errorf("place %d: dropped after round %d, %v behind with standard error %v", i, c.Dropped, c.Behind, c.StandardError)
			}
			before := 0
			for _, r := range whole.asked[c.Arch] {
				m, err := newPanel(320, whole.v).EvaluateRange(t.Context(), s.Smallest(), r[0], r[1])
				if err != nil {
					t.Fatal(err)
				}
				before += m.Correct
			}
			r := Reward{Lambda: 0.1}.Value(c.Measurement.Accuracy, float64(before)/float64(want), c.Cost, cost(t, s, s.Smallest()), 0.7)
			if c.Reward != r {
				t.Errorf("place %d: reward %v, expected %v", i, c.Reward, r)
			}
		}
		if whole.calls != calls || whole.repeated() != "" {
			t.Errorf("%d blocks were judged, expected %d; again: %q", whole.calls, calls, whole.repeated())
		}
		first := whole.asked[winner.Arch]
		if drawn := !slices.IsSortedFunc(first, func(x, y [2]int) int { return x[0] - y[0] }); !drawn {
			t.Errorf("blocks in the order of the images: %v", first)
		}
		for a, ranges := range whole.asked {
			if !slices.Equal(ranges, first[:len(ranges)]) {
				t.Errorf("%v was judged on %v, the winner on %v", a, ranges, first)
			}
		}
		if winner.Dropped != 0 || res.Arch != winner.Arch || res.Previous.Measurement.Samples != winner.Measurement.Samples {
			t.Errorf("winner %+v beside %+v", winner, res.Previous)
		}
		if dropped := slices.ContainsFunc(res.Candidates, func(c Candidate) bool { return c.Dropped > 0 }); !dropped {
			t.Error("nobody was dropped: the test tests nothing")
		}
	}
}

// The trial has the last word among the best three, and α_{t−1} may win where it is to be kept.
func TestTrial(t *testing.T) {
	for _, tc := range []struct {
		name             string
		keep, race       bool
		finalists, tried int
		smallest         float64 // how good the trial finds α_{t−1}
		wins             bool
	}{
		{"race, three", true, true, 0, 4, 0.1, false},
		{"no race, two", true, false, 2, 3, 0.1, false},
		{"α_{t−1} is best and may win", true, true, 0, 4, 0.99, true},
		{"α_{t−1} is best and may not", false, true, 0, 4, 0.99, false},
		{"more than there are", true, true, 50, 0, 0.1, false},
	} {
		s, o, j, _ := racing(t)
		o.KeepPrevious, o.Finalists, o.Lambda = tc.keep, tc.finalists, -1
		if !tc.race {
			o.Race = nil
		}
		// What inherited weights like best, trained ones like least.
		trial := newPanel(400, func(a searchspace.Arch) float64 {
			if a == s.Smallest() {
				return tc.smallest
			}
			return 0.95 - j.Reward.(*judge).v(a)/2
		})
		trial.version = func(a searchspace.Arch) uint64 { return uint64(1000 + a.At(0) + 2*a.At(3)) }
		j.Trial = trial
		res := adjustWith(t, newAdjuster(t, s, o), s.Smallest(), j)
		n := tc.tried
		if n == 0 {
			n = len(res.Candidates)
		}
		if trial.calls != 20*n || trial.repeated() != "" {
			t.Errorf("%s: %d blocks in the trial, expected %d; again: %q", tc.name, trial.calls, 20*n, trial.repeated())
		}
		competing := n
		if !tc.keep {
			competing--
		}
		if len(res.Finalists) != competing || res.Best().Arch != res.Arch || (res.Arch == s.Smallest()) != tc.wins {
			t.Errorf("%s: %d finalists, %s wins", tc.name, len(res.Finalists), res.Text)
		}
		best := res.Finalists[0]
		for _, c := range res.Finalists {
			p := res.PreviousTrial.Measurement
			if c.Reward > best.Reward || c.Measurement.Samples != 400 || c.Dropped != 0 || c.Reward != c.Measurement.Accuracy-p.Accuracy {
				t.Errorf("%s: %+v", tc.name, c)
			}
			if (c.StandardError == 0) != (c.Arch == best.Arch) {
				t.Errorf("%s: standard error %v", tc.name, c.StandardError)
			}
			among := res.Candidates[:min(len(res.Candidates), o.Finalists+3)]
			if !slices.ContainsFunc(among, func(x Candidate) bool { return x.Arch == c.Arch }) && c.Arch != s.Smallest() {
				t.Errorf("%s: finalist %v was not among the best", tc.name, c.Arch)
			}
		}
		if p := res.PreviousTrial; p.Arch != s.Smallest() || p.Reward != 0 || p.Measurement.Samples != 400 {
			t.Errorf("%s: α_{t−1} in the trial %+v", tc.name, p)
		}
	}
}

// A search from scratch has nothing to compare with.
func TestRaceAndTrialFromScratch(t *testing.T) {
	s, o, j, _ := racing(t)
	trial := newPanel(60, j.Reward.(*judge).v)
	j.Trial = trial
	res := adjustWith(t, newAdjuster(t, s, o), searchspace.Arch{}, j)
	if !res.Previous.Arch.IsZero() || !res.PreviousTrial.Arch.IsZero() || len(res.Finalists) != 3 || trial.calls != 3*20 {
		t.Errorf("%+v beside %+v, %d calls", res.Finalists, res.PreviousTrial, trial.calls)
	}
	c := res.Best()
	if want := c.Measurement.Accuracy - o.Lambda/0.7*c.Cost; math.Abs(c.Reward-want) > 1e-15 {
		t.Errorf("reward %v, expected V − λ/d·C = %v", c.Reward, want)
	}
}

type shortened struct{ *panel }

func (p shortened) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (searchspace.Measurement, error) {
	return p.panel.EvaluateRange(ctx, a, from, max(from+1, to-1))
}

// Race and trial refuse what they cannot compare.
func TestRaceAndTrialRefuse(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(o *Options, j *Judges, p *panel)
		err    error // nil = any
	}{
		"no ranges":            {func(_ *Options, j *Judges, p *panel) { j.Final = &p.judge }, nil},
		"no ranges of rewards": {func(_ *Options, j *Judges, _ *panel) { j.Final = nil }, nil},
		"no images":            {func(_ *Options, _ *Judges, p *panel) { p.images = 0 }, nil},
		"no images in the trial": {func(_ *Options, j *Judges, p *panel) {
			j.Trial = newPanel(0, p.v)
		}, nil},
		"other images":    {func(_ *Options, j *Judges, p *panel) { j.Final = shortened{p} }, nil},
		"other weights":   {func(_ *Options, _ *Judges, p *panel) { p.version = func(searchspace.Arch) uint64 { return 6 } }, search.ErrStale},
		"a failing judge": {func(_ *Options, _ *Judges, p *panel) { p.fail = func(int) error { return errGone } }, errGone},
		"a panicking one": {func(_ *Options, _ *Judges, p *panel) { p.fail = func(int) error { panic("gone") } }, nil},
		"blocks":          {func(o *Options, _ *Judges, _ *panel) { o.Race.Block = -1 }, nil},
		"first round":     {func(o *Options, _ *Judges, _ *panel) { o.Race.First = -1 }, nil},
		"errors":          {func(o *Options, _ *Judges, _ *panel) { o.Race.Errors = math.NaN() }, nil},
		"finalists":       {func(o *Options, _ *Judges, _ *panel) { o.Finalists = -1 }, nil},
		"objective":       {func(o *Options, _ *Judges, _ *panel) { o.Objective = 7 }, nil},
		"failing in trial": {func(_ *Options, j *Judges, p *panel) {
			q := newPanel(50, p.v)
			q.fail = func(int) error { return errGone }
			j.Trial = q
		}, errGone},
		"weights that move in the trial": {func(_ *Options, j *Judges, p *panel) {
			q := newPanel(50, p.v)
			q.version = func(searchspace.Arch) uint64 { return uint64(q.calls) }
			j.Trial = q
		}, search.ErrStale},
	} {
		s, o, j, p := racing(t)
		tc.change(&o, &j, p)
		a, err := New(s, &o)
		if err == nil {
			_, err = a.AdjustWith(t.Context(), s.Smallest(), 0.7, j)
		}
		if err == nil || tc.err != nil && !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var errGone = errors.New("gone")

// Costs that have no doublings are refused.
func TestCostsPerDoubling(t *testing.T) {
	s, o, j, _ := racing(t)
	o.Form, o.Lambda = PerDoubling, 0
	res := adjustWith(t, newAdjuster(t, s, o), s.Smallest(), j)
	c, p := res.Best(), res.Previous
	want := c.Measurement.Accuracy - p.Measurement.Accuracy - 0.01/0.7*math.Log2(c.Cost/p.Cost)
	if math.Abs(c.Reward-want) > 1e-15 {
		t.Errorf("reward %v, expected %v", c.Reward, want)
	}
	o.Cost = func(*searchspace.Space, searchspace.Arch) (float64, error) { return 0, nil }
	if _, err := newAdjuster(t, s, o).AdjustWith(t.Context(), s.Smallest(), 0.7, j); err == nil {
		t.Error("no cost at all: accepted")
	}
}
