package main

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/tendril-nas/tendril/examples/internal/growth"
)

//go:embed page.tmpl
var templates embed.FS

// render writes the page from the finished cells.
func render(records map[string]*record) ([]byte, error) {
	p := &page{records: records}
	t, err := template.New("page.tmpl").Funcs(template.FuncMap{
		"curves": p.curves, "findings": p.findings, "finals": p.finals, "table3": p.table3, "policy": p.policy, "rank": p.rank, "linear": p.linear,
		"commands": p.commands, "machines": p.machines, "done": p.done,
	}).ParseFS(templates, "page.tmpl")
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := t.Execute(&buf, nil); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

type page struct{ records map[string]*record }

const notRun = "not run"

// done counts finished cells.
func (p *page) done() string {
	return fmt.Sprintf("%d of %d cells are done", len(p.records), len(cells()))
}

// machines lists the processors that the finished cells ran on.
func (p *page) machines() string {
	seen := map[string]bool{}
	var out []string
	for _, c := range cells() {
		if r, ok := p.records[c.name]; ok {
			m := fmt.Sprintf("%s, %d cores", r.CPU, r.Cores)
			if !seen[m] {
				seen[m] = true
				out = append(out, m)
			}
		}
	}
	if out == nil {
		return "no cell was run"
	}
	return strings.Join(out, "; ")
}

// runs are the finished reports whose cell is named prefix-seed, or prefix alone.
func (p *page) runs(prefix string) []*record {
	var out []*record
	for _, c := range cells() {
		r, ok := p.records[c.name]
		if ok && r.Report != nil && (c.name == prefix || strings.HasPrefix(c.name, prefix+"-") && isNumber(c.name[len(prefix)+1:])) {
			out = append(out, r)
		}
	}
	return out
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// column collects one figure of snapshot t over runs.
func column(runs []*record, t int, f func(s *growth.SnapshotReport) float64) []float64 {
	var out []float64
	for _, r := range runs {
		if t < len(r.Report.Snapshots) {
			out = append(out, f(&r.Report.Snapshots[t]))
		}
	}
	return out
}

// spread is "mean ± sample standard deviation", or the value alone.
func spread(format string, x []float64) string {
	if len(x) == 0 {
		return notRun
	}
	m, e := growth.MeanAndError(x)
	if len(x) == 1 {
		return fmt.Sprintf(format, x[0])
	}
	return fmt.Sprintf(format+" ± "+format, m, e*sqrt(len(x)))
}

// curves is a table per method with one row per snapshot.
func (p *page) curves(prefix string, names ...string) string {
	var b strings.Builder
	for _, m := range names {
		runs := p.runs(prefix + "-" + m)
		if len(runs) == 0 {
			fmt.Fprintf(&b, "**%s**: %s\n\n", m, notRun)
			continue
		}
		fmt.Fprintf(&b, "**%s** (%s)\n\n", m, seedCount(runs))
		b.WriteString("| snapshot | images | classes | H_t | d_t | decision | M MAdds | accuracy before, % | accuracy after, % | search, s | retraining, s |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
		for t, s := range runs[0].Report.Snapshots {
			col := func(f func(s *growth.SnapshotReport) float64) []float64 { return column(runs, t, f) }
			fmt.Fprintf(&b, "| %d | %d | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", t+1, s.Images, s.Classes,
				spread("%.2f", col(func(s *growth.SnapshotReport) float64 { return s.H })),
				spread("%.3g", col(func(s *growth.SnapshotReport) float64 { return s.D })),
				decisions(runs, t),
				spread("%.2f", col(func(s *growth.SnapshotReport) float64 { return float64(s.MAddsAfter) / 1e6 })),
				spread("%.1f", col(func(s *growth.SnapshotReport) float64 { return 100 * s.AccBefore })),
				spread("%.1f", col(func(s *growth.SnapshotReport) float64 { return 100 * s.AccAfter })),
				spread("%.0f", col(func(s *growth.SnapshotReport) float64 {
					return s.Seconds[growth.SecondsSupernet] + s.Seconds[growth.SecondsAdjuster]
				})),
				spread("%.0f", col(func(s *growth.SnapshotReport) float64 { return s.Seconds[growth.SecondsRetrain] })))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func seedCount(runs []*record) string {
	if len(runs) == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds, mean ± standard deviation", len(runs))
}

// decisions sums up what several seeds decided.
func decisions(runs []*record, t int) string {
	count := map[string]int{}
	var order []string
	for _, r := range runs {
		d := r.Report.Snapshots[t].Decision
		if count[d] == 0 {
			order = append(order, d)
		}
		count[d]++
	}
	if len(order) == 1 {
		return order[0]
	}
	for i, d := range order {
		order[i] = fmt.Sprintf("%d× %s", count[d], d)
	}
	return strings.Join(order, ", ")
}

// finals is one row per method: what stands at the end.
func (p *page) finals(prefix string, names ...string) string {
	var b strings.Builder
	b.WriteString("| method | final test accuracy, % | M MAdds | mean accuracy over snapshots, % | mean M MAdds | search, s | whole run, s |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, m := range names {
		runs := p.runs(prefix + "-" + m)
		var acc, madds, meanAcc, meanMAdds, search, wall []float64
		for _, r := range runs {
			acc, madds = append(acc, 100*r.Report.Final.TestAccuracy), append(madds, float64(r.Report.Final.MAdds)/1e6)
			var a, c float64
			for _, s := range r.Report.Snapshots {
				a += 100 * s.AccAfter / float64(len(r.Report.Snapshots))
				c += float64(s.MAddsAfter) / 1e6 / float64(len(r.Report.Snapshots))
			}
			meanAcc, meanMAdds = append(meanAcc, a), append(meanMAdds, c)
			search, wall = append(search, r.Report.SearchSeconds()), append(wall, r.Seconds)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", m, spread("%.2f", acc), spread("%.2f", madds), spread("%.2f", meanAcc), spread("%.2f", meanMAdds), spread("%.0f", search), spread("%.0f", wall))
	}
	return b.String()
}
