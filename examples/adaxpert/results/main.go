// Command results runs the experiments behind docs/results/adaxpert.md, one cell at a time, and
// writes that page.
//
//	go run ./examples/adaxpert/results -list                     # the cells, and which are done
//	go run ./examples/adaxpert/results -run '^cifar-' -cifar DIR # runs missing ones, writes the page
//	go run ./examples/adaxpert/results                           # only writes the page
//
// Every finished cell is one JSON file in docs/results/adaxpert; a cell whose file is there is not
// run again. A cell that was stopped goes on from the state in the folder -work. Cells that need
// the result of another one wait for it, and cells that were not run are marked so on the page.
package main

import (
	_ "embed"
	"text/template"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

func main() { thePage().Program().Main() }

// result is what a cell found: one of these.
type result struct {
	Report *growth.Report  `json:"report,omitempty"`
	Alone  []growth.Alone  `json:"alone,omitempty"`
	Ranked []growth.Ranked `json:"ranked,omitempty"`
	Learnt []growth.Learnt `json:"learnt,omitempty"`
}

type record = cells.Record[result]

// tables are those of the page.
type tables struct{ *cells.Results[result] }

//go:embed page.tmpl
var pageTemplate string

func thePage() *cells.Page[result] {
	return &cells.Page[result]{
		Path:  "examples/adaxpert/results",
		Name:  "adaxpert",
		Cells: allCells(),
		Data: map[string]string{
			cifar().name: "CIFAR-10, or a directory with train.tar and test.tar of its images",
			tiny().name:  "Tiny-ImageNet reduced to 100 classes, a directory with train.tar and val.tar",
		},
		Template: pageTemplate,
		Functions: func(r *cells.Results[result]) template.FuncMap {
			t := tables{r}
			return template.FuncMap{
				"cifar": cifar, "tiny": tiny,
				"headroom": t.headroom, "spread": t.spread, "room": t.room,
				"answers": t.answers, "contrasts": t.contrasts, "finals": t.finals, "cost": t.cost,
				"curves": t.curves, "independent": t.independent, "table3": t.table3,
				"policy": t.policy, "rank": t.rank, "kernels": t.kernels, "settings": settings,
			}
		},
	}
}
