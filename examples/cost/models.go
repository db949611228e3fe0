package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/tendril-nas/tendril/examples/internal/spaces"
	"github.com/tendril-nas/tendril/searchspace"
)

// reference names further networks whose exact costs are known, all of them drawn from the
// published families: name, space, width multiplier, input size, classes, text.
//
//go:embed reference.tsv
var reference string

// findModel is the space and architecture of a published or reference network.
func findModel(name string) (*searchspace.Space, searchspace.Arch, error) {
	if m, ok := searchspace.FindModel(name); ok {
		return m.Open()
	}
	r := csv.NewReader(strings.NewReader(reference))
	r.Comma, r.FieldsPerRecord = '\t', 6
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil, searchspace.Arch{}, fmt.Errorf(
				"model %q is not known, -list shows the published ones", name)
		}
		if err != nil {
			return nil, searchspace.Arch{}, err
		}
		if row[0] == name {
			return openRow(row)
		}
	}
}

// openRow makes the network of a row of the reference table.
func openRow(row []string) (*searchspace.Space, searchspace.Arch, error) {
	width, err := strconv.ParseFloat(row[2], 64)
	if err != nil {
		return nil, searchspace.Arch{}, err
	}
	f := spaces.Flags{Name: row[1], Width: width, Stem: 2,
		Given: map[string]bool{"size": true, "classes": true}}
	if f.Size, err = strconv.Atoi(row[3]); err != nil {
		return nil, searchspace.Arch{}, err
	}
	if f.Classes, err = strconv.Atoi(row[4]); err != nil {
		return nil, searchspace.Arch{}, err
	}
	space, err := f.Open()
	if err != nil {
		return nil, searchspace.Arch{}, err
	}
	a, err := space.Parse(row[5])
	return space, a, err
}

// countModel prints the costs of -model.
func (p *printer) countModel() error {
	space, a, err := findModel(p.model)
	if err != nil {
		return err
	}
	if space, err = p.space.Resize(space); err != nil {
		return err
	}
	g, err := space.Lower(a)
	if err != nil {
		return err
	}
	if err := p.print(p.model, g); err != nil {
		return err
	}
	if p.svg != "" {
		return draw(p.svg, space, []searchspace.Arch{a})
	}
	return nil
}

// list prints the published networks, our counts beside the reported figures, in millions.
func (p *printer) list() error {
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "model\tmadds\tconv_madds\treported\tparams\treported\ttop-1\tsource\tremark")
	for _, m := range searchspace.Models() {
		space, a, err := m.Open()
		if err != nil {
			return err
		}
		k, err := space.Cost(a)
		if err != nil {
			return err
		}
		p.note(m.Name, k)
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\t%s\t%.2f\t%s\t%s\t%s\t%s\n", m.Name, millions(k.MAdds),
			millions(k.ConvMAdds), orDash(m.Reported.MAdds),
			millions(k.Params), orDash(m.Reported.Params), orDash(m.Reported.Top1), m.Source, m.Note)
	}
	return table.Flush()
}

func millions(n int64) float64 { return float64(n) / 1e6 }

// orDash prints a figure, or a dash where none is reported.
func orDash(v float64) string {
	if v == 0 {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
