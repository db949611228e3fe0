// Command results runs the experiments behind docs/results/nasoa.md, one cell at a time, and writes
// that page.
//
//	go run ./examples/nasoa/results -list                          # the cells, and which are done
//	go run ./examples/nasoa/results -run . -tiny DIR -cifar DIR    # runs missing ones, writes the page
//	go run ./examples/nasoa/results                                # only writes the page
//
// Every finished cell is one JSON file in docs/results/nasoa; a cell whose file is there is not run
// again. A cell that was stopped goes on from the state in the folder -work.
//
// The zoo that the first cell builds stays in the folder -zoo, where the others need it. Where that
// folder is lost, -run '^zoo$' -again pretrains the models on record again, which gives the same
// zoo on the same kind of processor. Records say which zoo they were made with, and two are never
// mixed: cells that do not belong to the others are named, by the program and on the page.
//
// Beside the cells the program writes outcomes.csv, the log of all outcomes of random regimes, and
// pictures. The cell with streams of others reads predictor/testdata, so that it needs the sources
// of this repository as the working directory.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"text/template"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/zoo"
)

func main() { program(thePage()).Main() }

// result is what a cell found.
type result struct {
	Zoo    []nasoa.Model `json:"zoo,omitempty"`
	Points []nasoa.Point `json:"points,omitempty"` // of the search
	// Candidates were pretrained.
	Candidates []nasoa.Point  `json:"candidates,omitempty"`
	Network    *nasoa.Model   `json:"network,omitempty"`
	Log        outcomes       `json:"log,omitempty"`
	Grid       *nasoa.Grid    `json:"grid,omitempty"`
	Replays    *replays       `json:"replays,omitempty"`
	Regrets    *regrets       `json:"regrets,omitempty"`
	Streams    []streamErrors `json:"streams,omitempty"`
	// Identity is that of the zoo which the first cell has built, and Models what it says of them,
	// so that it can be built again; Made is what another cell was made with, see madeWith.
	Identity string      `json:"identity,omitempty"`
	Models   []zoo.Entry `json:"models,omitempty"`
	Made     string      `json:"made,omitempty"`
	// CPU is the time of processors that the cell took, seconds; 0 where one start did not do it
	// all.
	CPU float64 `json:"cpu_seconds,omitempty"`
}

type cell = cells.Cell[result]

// tables are those of the page.
type tables struct{ *cells.Results[result] }

//go:embed page.tmpl
var pageTemplate string

func thePage() *cells.Page[result] {
	p := places{identity: nasoa.Identity}
	return &cells.Page[result]{
		Path:  "examples/nasoa/results",
		Name:  "nasoa",
		Cells: allCells(&p),
		Data: map[string]string{
			tiny: "100 classes of Tiny ImageNet, a directory with train.tar and val.tar of their images",
		},
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&p.cifar, "cifar", "",
				"place of CIFAR-10, or of a `directory` with train.tar and test.tar of its images")
			fs.StringVar(&p.zoo, "zoo", filepath.Join(os.TempDir(), "tendril-results", "nasoa-zoo"),
				"`folder` of the zoo that the first cell builds")
		},
		Template: pageTemplate,
		Functions: func(r *cells.Results[result]) template.FuncMap {
			t := tables{r}
			return template.FuncMap{
				"warning": t.warning, "zoo": t.zoo, "front": t.front, "primary": t.primary, "logs": t.logs, "errors": t.errors,
				"theorem": t.theorem,
				"streams": t.streams, "grids": t.grids, "regrets": t.regrets, "punctual": t.punctual, "arms": t.arms,
				"time": t.time, "covered": t.covered, "picture": t.picture,
			}
		},
	}
}

// places are where what the cells need lies, beside the data set of cells.Page.
type places struct {
	cifar, zoo string
	identity   func(zoo string) (string, error) // nasoa.Identity
}

// logName is the file that the outcomes of random regimes are written to.
const logName = "outcomes.csv"

// program is the page's, which writes the log and the pictures too.
func program(page *cells.Page[result]) *run.Program[cells.Options, *cells.Summary] {
	p := page.Program()
	work := p.Work
	p.Work = func(ctx context.Context, j *run.Job, o *cells.Options) (*cells.Summary, error) {
		s, err := work(ctx, j, o)
		if err != nil || o.List {
			return s, err
		}
		r, err := page.Read(o.Dir)
		if err != nil {
			return s, err
		}
		if err := writeLog(filepath.Join(o.Dir, logName), tables{r}.randomLog()); err != nil {
			return s, err
		}
		return s, errors.Join(tables{r}.draw(o.Dir), tables{r}.unmixed())
	}
	return p
}
