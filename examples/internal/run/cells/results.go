package cells

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// NotRun is what pages say about cells without a record.
const NotRun = "not run"

// Results are the finished cells of a page.
type Results[R any] struct {
	page    *Page[R]
	records map[string]*Record[R]
}

// Results are these records of the page.
func (p *Page[R]) Results(records ...*Record[R]) *Results[R] {
	r := &Results[R]{page: p, records: map[string]*Record[R]{}}
	for _, one := range records {
		r.records[one.Name] = one
	}
	return r
}

// Get is the record of a cell, nil when it was not run.
func (r *Results[R]) Get(name string) *Record[R] { return r.records[name] }

// Of are the finished cells of one configuration, in the order of the page: the cell of that name,
// or those named NAME-SEED.
func (r *Results[R]) Of(config string) []*Record[R] {
	var out []*Record[R]
	for _, c := range r.page.Cells {
		if name, _ := cutSeed(c.Name); name == config || c.Name == config {
			if done := r.records[c.Name]; done != nil {
				out = append(out, done)
			}
		}
	}
	return out
}

// cutSeed divides "ours-3" into "ours" and "3"; a name without a number at its end has no seed.
func cutSeed(name string) (config, seed string) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 || i == len(name)-1 || strings.Trim(name[i+1:], "0123456789") != "" {
		return name, ""
	}
	return name[:i], name[i+1:]
}

// Values is one figure of every finished cell of a configuration.
func (r *Results[R]) Values(config string, f func(*R) float64) []float64 {
	var out []float64
	for _, one := range r.Of(config) {
		out = append(out, f(&one.Result))
	}
	return out
}

// Planned counts the cells of a configuration, finished or not.
func (r *Results[R]) Planned(config string) (n int) {
	for _, c := range r.page.Cells {
		if name, _ := cutSeed(c.Name); name == config || c.Name == config {
			n++
		}
	}
	return n
}

// Together are the results of several configurations from the same seed: a row for each seed that
// all of them have, in the order of the first.
func (r *Results[R]) Together(configs ...string) [][]*R {
	var rows [][]*R
	for _, first := range r.Of(configs[0]) {
		_, seed := cutSeed(first.Name)
		row := []*R{&first.Result}
		for _, c := range configs[1:] {
			if one := r.records[c+"-"+seed]; one != nil {
				row = append(row, &one.Result)
			}
		}
		if len(row) == len(configs) {
			rows = append(rows, row)
		}
	}
	return rows
}

// Differences are those of one figure between runs of the same seed, a less b: what the seeds share
// cancels.
func (r *Results[R]) Differences(a, b string, f func(*R) float64) []float64 {
	var out []float64
	for _, p := range r.Together(a, b) {
		out = append(out, f(p[0])-f(p[1]))
	}
	return out
}

// Done counts finished cells.
func (r *Results[R]) Done() string {
	return fmt.Sprintf("%d of %d cells are done", len(r.records), len(r.page.Cells))
}

// Machines lists the processors that the finished cells ran on.
func (r *Results[R]) Machines() string {
	var out []string
	for _, c := range r.page.Cells {
		if one := r.records[c.Name]; one != nil {
			if m := fmt.Sprintf("%s, %d cores", one.CPU, one.Cores); !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	if out == nil {
		return "no cell was run"
	}
	return strings.Join(out, "; ")
}

// Commands is the table of what repeats the cells by hand. A cell that waits for others has no
// settings yet: the page's program runs it.
func (r *Results[R]) Commands() string {
	var rows [][]string
	for _, c := range r.page.Cells {
		time := NotRun
		args, err := c.settings(r)
		if one := r.records[c.Name]; one != nil {
			time, args, err = fmt.Sprintf("%.0f", one.Seconds), one.Args, nil
		}
		command := fmt.Sprintf("go run ./%s -run '^%s$'", r.page.Path, c.Name)
		if c.Command != "" && err == nil {
			words := append([]string{c.Command}, args...)
			if c.Data != "" {
				words = append(words, "-"+cmp.Or(c.Flag, "data"), strings.ToUpper(c.Data))
			}
			command = strings.Join(words, " ")
		}
		rows = append(rows, []string{c.Name, "`" + command + "`", time})
	}
	return Table([]string{"cell", "command", "wall time, s"}, rows...)
}

// Table is a table of a page.
func Table(head []string, rows ...[]string) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, r := range rows {
		line(r)
	}
	return b.String()
}
