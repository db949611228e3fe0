package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
)

// changed are finished cells of the two rates with several seeds, each changed by its seed.
func changed(change func(d drop, seed int, r *eas.Report)) tables {
	var records []*record
	for seed := 1; seed <= seeds; seed++ {
		for _, d := range []drop{with(), without()} {
			r := fakeReport(d.rate, seed, eas.Methods())
			change(d, seed, r)
			records = append(records, &record{Name: fmt.Sprintf("%s-%d", d.name, seed), Result: result{Report: r}})
		}
	}
	return tables{thePage().Results(records...)}
}

// lacks is an error for every text that is there.
func lacks(t *testing.T, text string, unwanted ...string) {
	t.Helper()
	for _, u := range unwanted {
		if strings.Contains(text, u) {
			t.Errorf("%q is in %s", u, text)
		}
	}
}

// What there is to be found is told for all superclasses together apart from each of them, by the
// number of budgets and seeds where it shows, and of oracles by the interval of their difference.
func TestRoom(t *testing.T) {
	for name, c := range map[string]struct {
		arch, mixed float64 // p in half of the cases, 0.5 in the others
		each        func(seed int) float64
		wants       []string
	}{
		"both": {0.01, 0.01, func(seed int) float64 { return 0.02 + float64(seed)/1000 },
			[]string{"in 6, and differently on different superclasses in 6. There is something to find, for all " +
				"superclasses together and for each.", "Superclasses gain by architectures of their own."}},
		"general": {0.01, 0.5, func(seed int) float64 { return 0.002 + float64(seed)/1000 },
			[]string{"in 6, and differently on different superclasses in 0.", "**hardly anything is left for one alone.**",
				"loses more by noise than it gains"}},
		"special": {0.5, 0.01, func(seed int) float64 { return 0.01 * float64(seed) },
			[]string{"in 0, and differently on different superclasses in 6.", "**hardly anything for all together.**",
				"A gain by architectures of their own is not shown."}},
		"none": {0.5, 0.5, func(int) float64 { return 0.008 },
			[]string{"in 0, and differently on different superclasses in 0.", "no choice among them can show an effect"}},
	} {
		text := changed(func(_ drop, seed int, r *eas.Report) {
			for b := range r.Headroom {
				h := &r.Headroom[b]
				h.PArch, h.PInteraction, h.Each = 0.5, 0.5, c.each(seed)
				if h.All = 0.008; b%2 == 0 {
					h.PArch, h.PInteraction = c.arch, c.mixed
				}
			}
		}).roomOf(with())
		t.Log(name)
		cellstest.Has(t, text, append(c.wants, "of 12 cases, a budget with a seed each")...)
	}
}

// Nothing saturates that does not rise.
func TestRise(t *testing.T) {
	for name, c := range map[string]struct {
		at             [4]float64
		wants, unwants []string
	}{
		"as published": {[4]float64{0.3, 0.4, 0.45, 0.46}, []string{"It rises, as", "It saturates, as"}, nil},
		"faster":       {[4]float64{0.3, 0.31, 0.35, 0.45}, []string{"It rises, as", "faster and faster, other"}, nil},
		"falls": {[4]float64{0.5, 0.49, 0.45, 0.35}, []string{"It falls, other", "a question where it rises"},
			[]string{"saturates, as"}},
	} {
		text := changed(func(_ drop, seed int, r *eas.Report) {
			for b, v := range c.at {
				r.Method(eas.EAS).Similarity[b] = v + float64(seed*b)/1e4
			}
		}).rise()
		t.Log(name)
		cellstest.Has(t, text, c.wants...)
		lacks(t, text, c.unwants...)
	}
}

// Every ordering that the paper reports stands in one sentence, by where its interval lies.
func TestPlainly(t *testing.T) {
	all := changed(func(drop, int, *eas.Report) {})
	cellstest.Has(t, all.plainly(), "- Hold here: generator with dropout over OFA-T without; generator over OFA-T; ",
		"- Wait for cells that are not there yet: none over the superclass alone (rate 1), generator; ")
	lacks(t, all.plainly(), "the other way round", "best of 8", "OFA-V over random")
	worse := changed(func(_ drop, _ int, r *eas.Report) {
		for i := range r.Method(eas.EAS).Answers {
			r.Method(eas.EAS).Answers[i].Correct -= 60
		}
	})
	cellstest.Has(t, worse.plainly(), "- Are the other way round here: generator with dropout over OFA-T without; ")
	if none := (tables{thePage().Results()}).plainly(); strings.Count(none, "\n") != 1 ||
		!strings.HasPrefix(none, "- Wait for cells") {
		t.Errorf("without cells: %s", none)
	}
}

// The time of cells that one start has not done is a bound.
func TestTime(t *testing.T) {
	whole := record{Name: "drop-0-1", Seconds: 600, Result: result{CPU: 1200}}
	killed := record{Name: "drop-0-2", Seconds: 300}
	for want, records := range map[string][]*record{"not run": nil, "at least 15 min of wall time": {&whole, &killed},
		"10 min of wall time, 20 min of processors": {&whole}} {
		if got := (tables{thePage().Results(records...)}).time(); got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}

// Fifty answers are held to what was to be shown and to the paper, each on its own, and are timed
// by one cell only.
func TestInstant(t *testing.T) {
	of := func(name string, seconds float64) string {
		r := fakeReport(with().rate, 1, []string{eas.EASOne})
		r.Fifty = seconds
		return tables{thePage().Results(&record{Name: name, Result: result{Report: r}})}.instant()
	}
	for seconds, want := range map[float64]string{0.0008: "shown, which holds here; in the paper it is 100 ms, which holds",
		0.0014: "shown, which does not hold here; in the paper it is 100 ms, which holds",
		0.2:    "shown, which does not hold here; in the paper it is 100 ms, which does not hold", 0: "take: not run."} {
		cellstest.Has(t, of(timed, seconds), want)
	}
	cellstest.Has(t, of("drop-0.6-1", 0.0008), "take: not run.")
}
