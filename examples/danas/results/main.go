// Command results runs the experiments behind docs/results/danas.md, one cell at a time, and writes
// that page.
//
//	go run ./examples/danas/results -list                 # the cells, and which are done
//	go run ./examples/danas/results -run . -tiny DIR      # runs missing ones, writes the page
//	go run ./examples/danas/results                       # only writes the page
//
// Every finished cell is one JSON file in docs/results/danas; a cell whose file is there is not run
// again. A cell that was stopped goes on from the state in the folder -work. Searches wait for the
// ranking of the classes, which the first cell finds.
package main

import (
	_ "embed"
	"text/template"

	"github.com/tendril-nas/tendril/examples/danas/internal/danas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

func main() { thePage().Program().Main() }

// result is what a cell found: easiness, a search with the network that it found, or networks that
// were trained alike.
type result struct {
	Easiness *danas.EasinessReport `json:"easiness,omitempty"`
	Search   *search               `json:"search,omitempty"`
	Trained  *danas.Trained        `json:"trained,omitempty"`
	Alike    []danas.Trained       `json:"alike,omitempty"`
	// CPU is the time of processors that the cell took, seconds; 0 where one start did not do it
	// all.
	CPU float64 `json:"cpu_seconds,omitempty"`
}

// search is what is kept of a search.
type search struct {
	Target     float64 `json:"target"` // millions of multiply-adds, like all of these
	Final      float64 `json:"final"`
	ArgMax     float64 `json:"arg_max,omitempty"`
	Relative   float64 `json:"relative,omitempty"`  // work
	Predicted  float64 `json:"predicted,omitempty"` // by arithmetic
	Candidates []int   `json:"candidates,omitempty"`
	Seconds    float64 `json:"seconds"`
	// CPU is the time of processors, seconds; 0 where one start did not do it all.
	CPU float64 `json:"cpu_seconds,omitempty"`
}

type cell = cells.Cell[result]

// tables are those of the page.
type tables struct{ *cells.Results[result] }

//go:embed page.tmpl
var pageTemplate string

func thePage() *cells.Page[result] {
	return &cells.Page[result]{
		Path:  "examples/danas/results",
		Name:  "danas",
		Cells: allCells(),
		Data: map[string]string{
			tiny: "100 classes of Tiny ImageNet, a directory with train.tar and val.tar of their images",
		},
		Template: pageTemplate,
		Functions: func(r *cells.Results[result]) template.FuncMap {
			t := tables{r}
			return template.FuncMap{"room": t.room, "headroom": t.headroom, "references": t.references,
				"agreements": t.agreements, "primary": t.primary, "work": t.work, "accuracies": t.accuracies,
				"contrasts": t.contrasts, "drawn": t.drawn, "targets": t.targets, "time": t.time,
				"ranking": t.ranking, "commands": t.commands}
		},
	}
}
