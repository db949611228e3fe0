package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/growth"
)

// findings says in sentences how AdaXpert stands beside each baseline, seed by seed, and whether its networks grew with the data.
func (p *page) findings(prefix string, baselines ...string) string {
	ours := p.runs(prefix + "-ours")
	if len(ours) == 0 {
		return "AdaXpert was " + notRun + ".\n"
	}
	var b strings.Builder
	var first, last []float64
	for _, r := range ours {
		s := r.Report.Snapshots
		first, last = append(first, float64(s[0].MAddsAfter)/1e6), append(last, float64(r.Report.Final.MAdds)/1e6)
	}
	fmt.Fprintf(&b, "- From the first to the last snapshot the network in service goes from %s to %s million multiply-adds.\n", spread("%.2f", first), spread("%.2f", last))
	for _, m := range baselines {
		acc, cost, search := p.against(ours, prefix+"-"+m)
		if len(acc) == 0 {
			fmt.Fprintf(&b, "- Beside %s: %s.\n", m, notRun)
			continue
		}
		mean, err := growth.MeanAndError(acc)
		fmt.Fprintf(&b, "- Beside %s: %s, %+.2f points%s, with %.2f times the multiply-adds", m, verdict(mean, err, len(acc)), mean, errorOf(err, len(acc)), meanOf(cost))
		if s := meanOf(search); !math.IsNaN(s) && !math.IsInf(s, 0) {
			fmt.Fprintf(&b, " and %.2f times the search time", s)
		}
		b.WriteString(".\n")
	}
	return b.String()
}

// against pairs runs of the same seed: difference of final accuracy in points, ratios of multiply-adds and search time.
func (p *page) against(ours []*record, prefix string) (acc, cost, search []float64) {
	for _, o := range ours {
		r, ok := p.records[prefix+seedSuffix(o.Name)]
		if !ok || r.Report == nil {
			continue
		}
		acc = append(acc, 100*(o.Report.Final.TestAccuracy-r.Report.Final.TestAccuracy))
		cost = append(cost, float64(o.Report.Final.MAdds)/float64(r.Report.Final.MAdds))
		search = append(search, o.Report.SearchSeconds()/r.Report.SearchSeconds())
	}
	return acc, cost, search
}

// seedSuffix is the "-3" of a cell's name, or "".
func seedSuffix(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 || !isNumber(name[i+1:]) {
		return ""
	}
	return name[i:]
}

// verdict says whether a difference stands out of the noise between seeds, for which one seed says nothing.
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
	m, _ := growth.MeanAndError(x)
	return m
}
