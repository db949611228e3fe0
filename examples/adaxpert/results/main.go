// Command results runs the experiments behind docs/results/adaxpert.md, one cell at a time, and
// writes that page.
//
//	go run ./examples/adaxpert/results -list                    # the cells, and which are done
//	go run ./examples/adaxpert/results -run 'fashion-.*'        # runs missing ones, writes the page
//	go run ./examples/adaxpert/results -run cifar -cifar DIR    # other data need their place
//	go run ./examples/adaxpert/results                          # only writes the page
//
// Every finished cell is one JSON file in docs/results/adaxpert; a cell whose file is there is not
// run again. A cell that was stopped goes on from the state in the folder -work. Cells that were
// not run are marked so on the page.
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
	Ranked []growth.Ranked `json:"ranked,omitempty"`
	Learnt []growth.Learnt `json:"learnt,omitempty"`
	Linear *linearResult   `json:"linear,omitempty"`
}

//go:embed page.tmpl
var pageTemplate string

func thePage() *cells.Page[result] {
	return &cells.Page[result]{
		Path:  "examples/adaxpert/results",
		Name:  "adaxpert",
		Cells: allCells(),
		Data: map[string]string{
			"fashion": "the four files of full Fashion-MNIST",
			"cifar":   "CIFAR-10, or a directory with train.tar and test.tar of its images",
			"tiny":    "Tiny-ImageNet reduced to 100 classes, a directory with train.tar and val.tar",
		},
		Template: pageTemplate,
		Functions: func(r *cells.Results[result]) template.FuncMap {
			t := tables{r}
			return template.FuncMap{"curves": t.curves, "findings": t.findings, "finals": t.finals,
				"table3": t.table3, "policy": t.policy, "rank": t.rank, "linear": t.linear}
		},
	}
}
