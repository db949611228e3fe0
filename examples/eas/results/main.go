// Command results runs the experiments behind docs/results/eas.md, one cell at a time, and writes
// that page.
//
//	go run ./examples/eas/results -list                # the cells, and which are done
//	go run ./examples/eas/results -run . -tiny DIR     # runs the missing ones and writes the page
//	go run ./examples/eas/results                      # only writes the page
//
// Every finished cell is one JSON file in docs/results/eas; a cell whose file is there is not run
// again. A cell that was stopped goes on from the state in the folder -work.
package main

import (
	_ "embed"
	"text/template"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

func main() { thePage().Program().Main() }

// result is what a cell found.
type result struct {
	Report *eas.Report `json:"report"` // without the place of its images
	// CPU is the time of processors that the cell took, seconds; 0 where one start did not do it
	// all.
	CPU float64 `json:"cpu_seconds,omitempty"`
}

type (
	cell   = cells.Cell[result]
	record = cells.Record[result]
)

// tables are those of the page.
type tables struct{ *cells.Results[result] }

//go:embed page.tmpl
var pageTemplate string

func thePage() *cells.Page[result] {
	return &cells.Page[result]{
		Path:  "examples/eas/results",
		Name:  "eas",
		Cells: allCells(),
		Data: map[string]string{
			tiny: "100 classes of Tiny ImageNet, a directory with train.tar and val.tar of their images",
		},
		Template: pageTemplate,
		Functions: func(r *cells.Results[result]) template.FuncMap {
			t := tables{r}
			return template.FuncMap{
				"headroom": t.headroom, "room": t.room, "primary": t.primary, "twoByTwo": t.twoByTwo,
				"accuracies": t.accuracies, "superclasses": t.superclasses,
				"superclassesAt": t.superclassesAt, "against": t.against,
				"rates": t.rates, "budgets": t.budgets, "times": t.times, "similarity": t.similarity,
				"orderings": t.orderings, "plainly": t.plainly, "time": t.time, "wantedUse": func() int { return wantedUse },
				"settings": settings, "parts": parts,
			}
		},
	}
}
