// Command results runs the experiments behind docs/results/transfer.md, one cell at a time, and
// writes that page.
//
//	go run ./examples/transfer/results -list                     # the cells, and which are done
//	go run ./examples/transfer/results -run '^cifar-' -cifar DIR # runs missing ones, writes the page
//	go run ./examples/transfer/results                           # only writes the page
//
// Every finished cell is one JSON file in docs/results/transfer; a cell whose file is there is not
// run again. A cell that was stopped goes on from the state in the folder -work. Cells beside
// PyTorch need -python, an interpreter that has what requirements.txt lists, and wait without it.
package main

import (
	_ "embed"
	"flag"
	"text/template"

	"github.com/tendril-nas/tendril/examples/adaxpert/job"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
)

func main() { thePage().Program().Main() }

// result is what a cell found: steps of examples/transfer, a run of examples/adaxpert, or rounds
// beside PyTorch.
type result struct {
	Images *transfer.ImagesReport `json:"images,omitempty"` // without their place
	Tune   *transfer.Span         `json:"tune,omitempty"`
	Steps  []transfer.StepReport  `json:"steps,omitempty"`
	Job    *job.Report            `json:"job,omitempty"`
	Rounds []round                `json:"rounds,omitempty"`
	Torch  string                 `json:"torch,omitempty"` // its version
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
	var python string
	return &cells.Page[result]{
		Path:  "examples/transfer/results",
		Name:  "transfer",
		Cells: allCells(&python),
		Data: map[string]string{
			cifar().name:   "CIFAR-10, or a directory with train.tar and test.tar of its images",
			fashion().name: "Fashion-MNIST, the four IDX files (Debian's package dataset-fashion-mnist has them)",
		},
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&python, "python", "", "Python `interpreter` with PyTorch, for the cells beside it")
		},
		Template: pageTemplate,
		Functions: func(r *cells.Results[result]) template.FuncMap {
			t := tables{r}
			return template.FuncMap{
				"cifar": cifar, "fashion": fashion, "primary": t.primary, "accuracies": t.accuracies,
				"madds": t.madds, "times": t.times, "differences": t.differences, "jobs": t.jobs,
				"peers": t.peers, "findings": t.findings,
			}
		},
	}
}
