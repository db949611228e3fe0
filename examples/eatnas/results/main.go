// Command results runs the experiments behind docs/results/eatnas.md, one cell at a time, and
// writes that page.
//
//	go run ./examples/eatnas/results -list                          # the cells, and which are done
//	go run ./examples/eatnas/results -run . -cifar DIR -tiny DIR    # runs missing ones, writes the page
//	go run ./examples/eatnas/results                                # only writes the page
//
// Every finished cell is one JSON file in docs/results/eatnas; a cell whose file is there is not
// run again. A cell that was stopped goes on from the state in the folder -work. A search on the
// large task that begins with what another cell found waits for that one. The cell beside pymoo
// needs -python, an interpreter that has it, and the sources of this repository as the working
// directory; it waits without it.
package main

import (
	_ "embed"
	"flag"
	"text/template"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

func main() { thePage().Program().Main() }

// result is what a cell found: a run of examples/eatnas with one task, networks that were trained
// alike, or a table beside pymoo.
type result struct {
	Begin string             `json:"begin,omitempty"`
	Basic string             `json:"basic,omitempty"`
	Task  *eatnas.TaskReport `json:"task,omitempty"` // without the place of its images
	Alike []eatnas.Trained   `json:"alike,omitempty"`
	Text  string             `json:"text,omitempty"`
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
		Path:  "examples/eatnas/results",
		Name:  "eatnas",
		Cells: allCells(&python),
		Data: map[string]string{
			cifar: "CIFAR-10, or a directory with train.tar and test.tar of its images",
			tiny:  "100 classes of Tiny ImageNet, a directory with train.tar and val.tar of their images",
		},
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&python, "python", "", "Python `interpreter` with pymoo, for the cell beside it")
		},
		Template: pageTemplate,
		Functions: func(r *cells.Results[result]) template.FuncMap {
			t := tables{r}
			return template.FuncMap{
				"room": t.room, "headroom": t.headroom, "primary": t.primary, "curves": t.curves,
				"areas": t.areas, "basics": t.basics, "finals": t.finals, "finalDifferences": t.finalDifferences,
				"reaches": t.reaches, "sharing": t.sharing, "pymoo": t.pymoo, "time": t.time,
			}
		},
	}
}
