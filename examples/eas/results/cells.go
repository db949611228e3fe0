package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run"
)

// tiny is the flag that says where the data set lies.
const tiny = "tiny"

// seeds of the two rates that are compared.
const seeds = 3

// headroomArchs is the number of architectures of a budget that say what there is to be found.
const headroomArchs = 12

// Methods of the cells: those of every seed, and what is compared with one seed alone.
const (
	usual = "eas,eas-one,ofa-t,ofa-v,random-n,random"
	more  = usual + ",multipath,eas-v"
	brief = "eas,eas-one,ofa-t,random-n,random"
)

// timed is the cell whose answers are timed while nothing else runs.
const timed = "timed"

// drop is a rate of superclass dropout.
type drop struct {
	name string // of its cells
	rate float64
}

// Rates. The first two are compared with several seeds, the others have one.
func with() drop    { return drop{"drop-0.6", 0.6} }
func without() drop { return drop{"drop-0", 0} }

func otherDrops() []drop {
	return []drop{{"drop-1", 1}, {"drop-0.2", 0.2}, {"drop-0.8", 0.8}}
}

func allDrops() []drop { return append([]drop{with(), without()}, otherDrops()...) }

// allCells lists every experiment of the page, in the order in which they run.
func allCells() []cell {
	var out []cell
	for seed := 1; seed <= seeds; seed++ {
		methods := usual
		if seed == 1 {
			methods = more
		}
		out = append(out, with().cell(seed, methods, headroomArchs), without().cell(seed, usual, headroomArchs))
	}
	for _, d := range otherDrops() {
		out = append(out, d.cell(1, brief, 0))
	}
	one := with().cell(1, eas.EASOne, 0)
	return append(out, runCell(timed, one.Args))
}

// cell is one run of examples/eas. Headroom is of those rates only that the page asks about.
func (d drop) cell(seed int, methods string, headroom int) cell {
	args := strings.Fields(fmt.Sprintf("-headroom %d -drop %g -methods %s -seed %d", headroom, d.rate,
		methods, seed))
	return runCell(fmt.Sprintf("%s-%d", d.name, seed), args)
}

// settings are those that all cells share.
func settings() (eas.Config, error) {
	return eas.Program().Settings(append(with().cell(1, usual, headroomArchs).Args, "-data", tiny))
}

// parts are where budgets lie in the range of costs, in percent.
func parts() string {
	var list []string
	for _, p := range eas.BudgetParts() {
		list = append(list, fmt.Sprintf("%g", 100*p))
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

func runCell(name string, args []string) cell {
	return cell{Name: name, Data: tiny, Args: args, Command: "go run ./examples/eas",
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (r result, err error) {
			r.CPU, err = run.CPUSeconds(j.Path(""), func() error {
				r.Report, err = eas.Program().Call(ctx, j, append(args[:len(args):len(args)], "-data", place))
				return err
			})
			if r.Report != nil {
				r.Report.Images.Path, r.Report.Files = "", nil
			}
			return r, err
		}}
}
