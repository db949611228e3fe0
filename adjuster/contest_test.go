package adjuster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// comparing is a shop that compares before it swaps.
type comparing struct {
	*shop
	contest *panel
}

func (c comparing) Contest(context.Context) (RangeEvaluator, error) {
	if c.contest == nil {
		return nil, c.note("contest")
	}
	return c.contest, c.note("contest")
}

// contender is a shop that serves an architecture and is about to adjust it, with an expert. In the
// contest the serving one has accuracy 0.5 and any other 0.5 + gain, on images that they mostly get
// right or wrong together.
func contender(t testing.TB, serving func(*searchspace.Space) searchspace.Arch, gain float64, o *ExpertOptions) (comparing, *Expert) {
	t.Helper()
	l := newShop(t)
	l.serving, l.at = serving(l.space), 2
	before := l.serving
	c := comparing{l, newPanel(2000, func(a searchspace.Arch) float64 {
		if a == before {
			return 0.5
		}
		return 0.5 + gain
	})}
	c.contest.version = func(a searchspace.Arch) uint64 { return uint64(100 + a.At(0)) }
	eo := ExpertOptions{Start: before, Deployed: true}
	if o != nil {
		eo.Margin, eo.Checkpoint = o.Margin, o.Checkpoint
	}
	e, err := NewExpert(newAdjuster(t, l.space, expertOptions()), &eo)
	if err != nil {
		t.Fatal(err)
	}
	return c, e
}

func smallest(s *searchspace.Space) searchspace.Arch { return s.Smallest() }
func largest(s *searchspace.Space) searchspace.Arch  { return s.Largest() }

func TestContest(t *testing.T) {
	near := Reading{Reference: Tally{90, 100}, Added: Tally{60, 100}, Distance: 0.01}
	for _, tc := range []struct {
		name    string
		serving func(*searchspace.Space) searchspace.Arch
		reading Reading
		gain    float64
		margin  Margin
		swap    bool
	}{
		{"a dearer one gains", smallest, shopReadings[1], 0.05, Margin{}, true},
		{"a dearer one gains next to nothing", smallest, shopReadings[1], 0.001, Margin{}, false},
		{"next to nothing, and luck counts", smallest, shopReadings[1], 0.001, Margin{Errors: -1}, true},
		{"a dearer one loses", smallest, shopReadings[1], -0.03, Margin{}, false},
		{"ten standard errors are asked for", smallest, shopReadings[1], 0.03, Margin{Errors: 10}, false},
		{"a cheaper one is as good", largest, near, 0, Margin{Tolerance: 0.02}, true},
		{"a cheaper one loses a little", largest, near, -0.01, Margin{Tolerance: 0.05}, true},
		{"a cheaper one loses", largest, near, -0.05, Margin{}, false},
		{"a cheaper one is as good, but nobody may say so", largest, near, 0, Margin{Tolerance: -1}, false},
	} {
		l, e := contender(t, tc.serving, tc.gain, &ExpertOptions{Margin: tc.margin})
		before := l.serving
		out, err := e.Adjust(t.Context(), l, tc.reading)
		if err != nil {
			t.Fatal(err)
		}
		c := out.Comparison
		if c == nil || c.Swap != tc.swap || c.Kept.Arch != before || c.Adapted.Arch != out.Search.Arch || out.Search.Arch == before {
			t.Fatalf("%s: %+v", tc.name, c)
		}
		action, after := Adjusted, out.Search.Arch
		if !tc.swap {
			action, after = Refused, before
		}
		if out.Action != action || out.After != after || out.AfterText != l.space.Format(after) || e.Arch() != after || l.serving != after ||
			out.Status != searchspace.StatusFinished {
			t.Errorf("%s: %s, after %s", tc.name, out.Action, out.AfterText)
		}
		want := []string{"fine-tune", "judges", "evaluate", "contest", "retrain " + fmt.Sprint(after)}
		if d := cmp.Diff(want, l.log); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
		if l.contest.calls != 40 || l.contest.repeated() != "" {
			t.Errorf("%s: %d blocks judged", tc.name, l.contest.calls)
		}
		checkComparison(t, tc.name, l, c, tc.margin, tc.reading.Distance)
	}
}

// checkComparison holds what was recorded to what the panel says.
func checkComparison(t *testing.T, name string, l comparing, c *Comparison, margin Margin, d float64) {
	t.Helper()
	var sides [2][]searchspace.Measurement
	for i, side := range []Candidate{c.Adapted, c.Kept} {
		for from := 0; from < 2000; from += 100 {
			m, err := l.contest.EvaluateRange(t.Context(), side.Arch, from, from+100)
			if err != nil {
				t.Fatal(err)
			}
			sides[i] = append(sides[i], m)
		}
		m := combined(sides[i])
		m.Text = l.space.Format(side.Arch)
		if d := cmp.Diff(m, side.Measurement, compareArchs); d != "" || side.Cost != cost(t, l.space, side.Arch) {
			t.Errorf("%s: %s, cost %v", name, d, side.Cost)
		}
	}
	a, k := c.Adapted, c.Kept
	r := Reward{Lambda: 0.05}.Value(a.Measurement.Accuracy, k.Measurement.Accuracy, a.Cost, k.Cost, d)
	if c.Gain != a.Measurement.Accuracy-k.Measurement.Accuracy || c.StandardError != standardError(sides[0], sides[1], Accuracy.Value) ||
		c.Margin != margin.least(c.StandardError, a.Cost > k.Cost) || c.Swap != (c.Gain > c.Margin) || a.Reward != r || k.Reward != 0 {
		t.Errorf("%s: %+v", name, *c)
	}
}

// The rule of a swap, whatever is measured.
func TestMargin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(t, name) }
		m := Margin{Errors: f("errors", 0.01, 5), Tolerance: f("tolerance", 1e-4, 0.1)}
		gain, se := f("gain", -0.2, 0.2), f("standard error", 0, 0.1)
		if swap := gain > m.least(se, true); swap != (gain > m.Errors*se) {
			t.Fatalf("dearer: swap %v", swap)
		}
		if swap := gain > m.least(se, false); swap != (gain > m.Errors*se-m.Tolerance) {
			t.Fatalf("cheaper: swap %v", swap)
		}
		if gain > m.least(math.Inf(1), rapid.Bool().Draw(t, "dearer")) {
			t.Fatal("swap on a single block")
		}
	})
	for _, tc := range []struct {
		m      Margin
		se     float64
		dearer bool
		want   float64
	}{
		{Margin{}, 0.01, true, 0.01},
		{Margin{}, 0.01, false, 0.005},
		{Margin{Errors: -1}, 0.01, true, 0},
		{Margin{Errors: -1}, math.Inf(1), false, -0.005},
		{Margin{Errors: 2, Tolerance: -1}, 0.01, false, 0.02},
	} {
		if got := tc.m.least(tc.se, tc.dearer); math.Abs(got-tc.want) > 1e-15 {
			t.Errorf("%+v at %v: %v, expected %v", tc.m, tc.se, got, tc.want)
		}
	}
}

// On pairs whose true accuracies are known: an equal dearer network swaps in as often as one
// standard error is exceeded by luck, a worse one hardly ever, a better one nearly always.
func TestSwapsOfPairs(t *testing.T) {
	a := archs(t, 1)[0]
	const trials = 600
	for _, tc := range []struct{ gain, low, high float64 }{{0, 0.11, 0.21}, {-0.02, 0, 0.02}, {0.03, 0.97, 1}} {
		swaps := 0
		for trial := range uint64(trials) {
			x, y := pairs(stream.New(3, "test.swaps", trial), a, twenty(2000), 0.6+tc.gain, 0.6, 0.3)
			gain := combined(x).Accuracy - combined(y).Accuracy
			if gain > (Margin{}).least(standardError(x, y, Accuracy.Value), true) {
				swaps++
			}
		}
		if rate := float64(swaps) / trials; rate < tc.low || rate > tc.high {
			t.Errorf("gain %v: swapped in %.3f of the trials, expected %v to %v", tc.gain, rate, tc.low, tc.high)
		}
	}
}

// No contest where the learner holds none, or nothing else was found.
func TestNoContest(t *testing.T) {
	l, e := contender(t, smallest, -1, nil)
	if out, err := e.Adjust(t.Context(), l.shop, shopReadings[1]); err != nil || out.Comparison != nil || out.Action != Adjusted {
		t.Errorf("%+v, %v", out, err)
	}
	s := chain(t, []int{1})
	if s.Smallest() != s.Largest() {
		t.Fatal("a space of several architectures")
	}
	l = comparing{shop: newShop(t)}
	l.space, l.serving, l.at = s, s.Smallest(), 2
	e, err := NewExpert(newAdjuster(t, s, expertOptions()), &ExpertOptions{Deployed: true})
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Adjust(t.Context(), l, shopReadings[1])
	if err != nil || out.Comparison != nil || out.Action != Adjusted || slices.Contains(l.log, "contest") {
		t.Errorf("%+v, %v after %v", out, err, l.log)
	}
}

// Killed at any block of the contest, and opened again from the checkpoint, only what was not
// judged is, and the outcome has the same bits.
func TestContestIsNotRepeated(t *testing.T) {
	f := &film{path: filepath.Join(t.TempDir(), "expert.ckpt")}
	eo := &ExpertOptions{Checkpoint: f.path}
	l, e := contender(t, smallest, 0.01, eo)
	f.watch(l.contest)
	want, err := e.Adjust(t.Context(), l, shopReadings[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(f.frames) != 40 {
		t.Fatalf("%d blocks", len(f.frames))
	}
	path := filepath.Join(t.TempDir(), "frame.ckpt")
	for stop, frame := range f.frames {
		if err := os.WriteFile(path, frame, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := LoadExpert(path, nil, &ExpertOptions{Deployed: true})
		if err != nil {
			t.Fatal(err)
		}
		if stop%5 == 0 { // what is loaded is kept until it is used
			if err := again.Save(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			if again, err = LoadExpert(path, nil, &ExpertOptions{Deployed: true}); err != nil {
				t.Fatal(err)
			}
		}
		if again.Phase() != PhaseCompare {
			t.Fatalf("phase %s", again.Phase())
		}
		l, _ := contender(t, smallest, 0.01, nil)
		got, err := again.Advance(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, compareArchs); d != "" {
			t.Fatalf("kill at %d: %s", stop, d)
		}
		if l.contest.calls != 40-stop || l.log[0] != "contest" {
			t.Errorf("kill at %d: %d blocks judged after %v", stop, l.contest.calls, l.log)
		}
	}
	// A program that holds no contests any more goes on with what was found.
	again, err := LoadExpert(path, nil, &ExpertOptions{Deployed: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Advance(t.Context(), l.shop); err != nil || got.Comparison != nil || got.After != got.Search.Arch {
		t.Errorf("%+v, %v", got, err)
	}
}

// Networks that were trained for a contest and are gone after an interruption do not stand in its
// way: what was judged is forgotten, with an error, and another process holds the contest anew.
func TestContestOfOtherWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "expert.ckpt")
	l, e := contender(t, smallest, 0.05, &ExpertOptions{Checkpoint: path})
	l.contest.fail = func(call int) error {
		if call > 7 {
			return errGone
		}
		return nil
	}
	if _, err := e.Adjust(t.Context(), l, shopReadings[1]); !errors.Is(err, errGone) {
		t.Fatal(err)
	}
	for attempt, want := range []error{search.ErrStale, nil} {
		again, err := LoadExpert(path, nil, &ExpertOptions{Deployed: true, Checkpoint: path})
		if err != nil {
			t.Fatal(err)
		}
		l, _ := contender(t, smallest, 0.05, nil)
		l.contest.version = func(searchspace.Arch) uint64 { return 7 }
		out, err := again.Advance(t.Context(), l)
		if !errors.Is(err, want) || (out.Comparison != nil) != (want == nil) {
			t.Errorf("attempt %d: %+v, %v", attempt, out, err)
		}
	}
}

// A contest that cannot be held leaves the serving architecture in place, and is held when it can.
func TestContestFails(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(l *comparing)
		err   error
	}{
		"no evaluator":    {func(l *comparing) { l.contest = nil }, nil},
		"no images":       {func(l *comparing) { l.contest.images = 0 }, nil},
		"a failing judge": {func(l *comparing) { l.contest.fail = func(int) error { return errGone } }, errGone},
		"moving weights": {func(l *comparing) {
			p := l.contest
			p.version = func(searchspace.Arch) uint64 { return uint64(p.calls) }
		}, search.ErrStale},
		"no training": {func(l *comparing) {
			l.stop = func(call string) error {
				if call == "contest" {
					return errGone
				}
				return nil
			}
		}, errGone},
		"a panicking judge":             {func(l *comparing) { l.contest.fail = func(int) error { panic("gone") } }, nil},
		"an accuracy that is no number": {func(l *comparing) { l.contest.broken = true }, nil},
	} {
		good, e := contender(t, smallest, 0.05, nil)
		bad := good
		bad.shop = newShop(t)
		*bad.shop = *good.shop
		if good.contest != nil {
			p := *good.contest
			bad.contest = &p
		}
		c.spoil(&bad)
		out, err := e.Adjust(t.Context(), bad, shopReadings[1])
		if err == nil || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if out.Status != searchspace.StatusFailed || out.Comparison != nil || out.Search == nil || e.Phase() != PhaseCompare ||
			e.Arch() != good.serving || bad.serving != good.serving {
			t.Errorf("%s: %+v in phase %s", name, out, e.Phase())
		}
		good.tuned = bad.tuned
		if out, err = e.Advance(t.Context(), good); err != nil || !out.Comparison.Swap || e.Step() != 1 {
			t.Errorf("%s, then held: %+v, %v", name, out, err)
		}
	}
	a := newAdjuster(t, small(t), expertOptions())
	if _, err := NewExpert(a, &ExpertOptions{Margin: Margin{Errors: math.NaN()}}); err == nil {
		t.Error("a margin that is no number: accepted")
	}
}
