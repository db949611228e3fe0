package growth

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
)

// announce says what is about to run, and how much work it is.
func (e *engine) announce() error {
	name := "AdaXpert"
	if e.method != "" {
		name = "baseline " + e.method
	}
	data := e.cfg.Data
	if data == "" {
		data = "embedded Fashion-MNIST images"
	}
	e.job.Say("%s, scenario %s, %d snapshots, seed %d", name, e.cfg.Scenario, e.scenario.Len(), e.cfg.Seed)
	e.job.Say("data: %s, %d px; %s", data, e.full.InputSize(), e.origin)
	if e.cfg.Copies {
		e.job.Say("the last snapshot brings no new images, but copies of those already there")
	}
	return e.plan()
}

// describe prints the snapshot under way.
func (e *engine) describe(r *SnapshotReport, o *adjuster.Outcome) {
	p, t := e.job.Say, e.t
	p("snapshot %d/%d: %d images, %d classes", t, e.scenario.Len(), r.Images, r.Classes)
	if t > 1 {
		sign := ">"
		if !o.Decision.Adjust {
			sign = "<="
		}
		p("  H_t = %.2f points %s %g, d_t = %.4g: %s", r.H, sign, o.Decision.Epsilon, r.D, r.Decision)
	} else {
		p("  first snapshot: nothing to compare with")
	}
	if r.ArchBefore == r.ArchAfter {
		p("  architecture %s", r.ArchAfter)
	} else {
		p("  architecture %s", r.ArchBefore)
		p("            -> %s", r.ArchAfter)
		if d, err := e.full.Diff(o.Before, o.After); err == nil {
			p("  %s", changeCounts(&d))
			p("  %s", d.String())
		}
		if r.Morph != "" {
			p("  morphed: %s", r.Morph)
		}
	}
	if t > 1 {
		if c := o.Comparison; c != nil {
			p("  contest on %d held-out images: adapted %.2f %%, kept %.2f %%; gain %+.2f points, more than %+.2f needed",
				c.Kept.Measurement.Samples, 100*c.Adapted.Measurement.Accuracy, 100*c.Kept.Measurement.Accuracy,
				100*c.Gain, 100*c.Margin)
		}
		p("  MAdds %.3f M -> %.3f M, test accuracy %.2f %% -> %.2f %%", millions(r.MAddsBefore),
			millions(r.MAddsAfter), 100*r.AccBefore, 100*r.AccAfter)
		if r.Against != nil {
			p("  first network, kept and fine-tuned: %s", r.Against)
		}
	} else {
		p("  MAdds %.3f M, test accuracy %.2f %%", millions(r.MAddsAfter), 100*r.AccAfter)
	}
	p("  %s", timesLine(r.Seconds))
}

// String is one line about the rival and how the network in service stands beside it.
func (r *Rival) String() string {
	return fmt.Sprintf("%.2f %% at %.3f M MAdds; in service: %+.2f points (standard error %.2f)",
		100*r.Accuracy, millions(r.MAdds), 100*r.Difference, 100*r.StandardError)
}

func millions(madds int64) float64 { return float64(madds) / 1e6 }

// sumUp prints what the run came to.
func (e *engine) sumUp(rep *Report) {
	p, f := e.job.Say, &rep.Final
	p("final network %s", f.Arch)
	p("MAdds %.3f M, test accuracy %.2f %%", millions(f.MAdds), 100*f.TestAccuracy)
	if f.Against != nil {
		p("first network, kept and fine-tuned with as many steps: %s", f.Against)
		p("  %s", verdict(f))
	}
}

// verdict says in words what a run brought, beside keeping the first network.
func verdict(f *FinalReport) string {
	if f.MAdds == f.Against.MAdds && f.Against.Difference == 0 && f.Against.StandardError == 0 {
		return "no other network was better: the first one serves still"
	}
	accuracy := "as accurate, as far as the test images tell,"
	switch d := f.Against.Difference; {
	case d > 2*f.Against.StandardError:
		accuracy = "more accurate"
	case d < -2*f.Against.StandardError:
		accuracy = "less accurate"
	}
	return fmt.Sprintf("the network in service is %s at %.2f times the multiply-adds", accuracy,
		float64(f.MAdds)/float64(f.Against.MAdds))
}

// timesLine lists wall times, the total last.
func timesLine(s map[string]float64) string {
	keys := make([]string, 0, len(s))
	for k := range s {
		if k != SecondsTotal && k != SecondsAgainst {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	var parts []string
	for _, k := range append(keys, SecondsTotal) {
		parts = append(parts, fmt.Sprintf("%s %.1f s", k, s[k]))
	}
	if a, ok := s[SecondsAgainst]; ok {
		parts = append(parts, fmt.Sprintf("beside it %s %.1f s", SecondsAgainst, a))
	}
	return strings.Join(parts, ", ")
}

// changeCounts sums up a difference between two architectures.
func changeCounts(d *searchspace.Difference) string {
	larger, smaller := map[searchspace.Kind]int{}, map[searchspace.Kind]int{}
	for _, c := range d.Changed {
		from, err1 := strconv.Atoi(c.From)
		to, err2 := strconv.Atoi(c.To)
		if err1 == nil && err2 == nil && to > from {
			larger[c.Kind]++
		} else {
			smaller[c.Kind]++
		}
	}
	return fmt.Sprintf("layers: %d added, %d removed; kernels: %d larger, %d smaller; ratios: %d larger, "+
		"%d smaller", len(d.Added), len(d.Removed),
		larger[searchspace.KindKernel], smaller[searchspace.KindKernel], larger[searchspace.KindExpand],
		smaller[searchspace.KindExpand])
}
