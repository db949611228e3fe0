package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// findings says in sentences how AdaXpert stands beside each baseline, seed by seed, and whether
// its networks grew with the data.
func (t tables) findings(prefix string, baselines ...string) string {
	ours := t.Of(prefix + "-ours")
	if len(ours) == 0 {
		return "AdaXpert was " + cells.NotRun + ".\n"
	}
	var b strings.Builder
	var first, last []float64
	for _, r := range ours {
		s := r.Result.Report.Snapshots
		first, last = append(first, float64(s[0].MAddsAfter)/1e6),
			append(last, float64(r.Result.Report.Final.MAdds)/1e6)
	}
	fmt.Fprintf(&b,
		"- From the first to the last snapshot the network in service goes from %s to %s million "+
			"multiply-adds.\n", cells.Spread("%.2f", first), cells.Spread("%.2f", last))
	for _, m := range baselines {
		acc, cost, search := t.against(prefix+"-ours", prefix+"-"+m)
		if len(acc) == 0 {
			fmt.Fprintf(&b, "- Beside %s: %s.\n", m, cells.NotRun)
			continue
		}
		mean, err := cells.MeanAndError(acc)
		fmt.Fprintf(&b, "- Beside %s: %s, %+.2f points%s, with %.2f times the multiply-adds", m,
			verdict(mean, err, len(acc)), mean, errorOf(err, len(acc)), meanOf(cost))
		if s := meanOf(search); !math.IsNaN(s) && !math.IsInf(s, 0) {
			fmt.Fprintf(&b, " and %.2f times the search time", s)
		}
		b.WriteString(".\n")
	}
	return b.String()
}

// against pairs runs of the same seed: difference of final accuracy in points, ratios of
// multiply-adds and search time.
func (t tables) against(a, b string) (acc, cost, search []float64) {
	for _, p := range t.Pairs(a, b) {
		ours, other := p[0].Report, p[1].Report
		acc = append(acc, 100*(ours.Final.TestAccuracy-other.Final.TestAccuracy))
		cost = append(cost, float64(ours.Final.MAdds)/float64(other.Final.MAdds))
		search = append(search, ours.SearchSeconds()/other.SearchSeconds())
	}
	return acc, cost, search
}

// verdict says whether a difference stands out of the noise between seeds, for which one seed says
// nothing.
func verdict(mean, err float64, n int) string {
	switch {
	case n < 2:
		return "one seed only"
	case mean > 2*err:
		return "more accurate"
	case mean < -2*err:
		return "less accurate"
	}
	return "no clear difference"
}

func errorOf(err float64, n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (standard error %.2f)", err)
}

func meanOf(x []float64) float64 {
	m, _ := cells.MeanAndError(x)
	return m
}
