package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// Arms of the service protocol.
const (
	ours     = "ours"
	smallest = "smallest"
	middle   = "middle"
	largest  = "largest"
	random   = "random"
	scratch  = "scratch"
)

func arms() []string { return []string{ours, smallest, middle, largest, random, scratch} }

// baseline is an arm for examples/adaxpert.
func baseline(arm string) []string {
	switch arm {
	case ours:
		return nil
	case smallest:
		arm = growth.Fixed // which begins with the smallest
	}
	return []string{"-baseline", arm}
}

// seeds is how many seeds an arm runs with.
func (d dataSet) armSeeds(arm string) int {
	switch {
	case arm == middle || arm == scratch:
		return 1
	case arm == random && d.first > 0:
		return d.first
	}
	return d.seeds
}

// Seeds of experiments beside the service protocol.
const (
	headroomSeeds    = 2
	independentSeeds = 3
	table3Seeds      = 3
)

// allCells lists every experiment of the page, in the order in which they run.
func allCells() []cell {
	return slices.Concat(headroomCells(cifar()), headroomCells(tiny()), serviceCells(cifar()),
		serviceCells(tiny()), independentCells(cifar()), table3Cells(cifar()), []cell{
			studyCell("policy", "", nil, policyStudy),
			studyCell("rank", "", strings.Fields("-volumes 100 -supernet-epochs 20 -retrain-epochs 8"), rankStudy),
		})
}

// stage is one of the snapshots that headroom is measured at.
type stage struct {
	name string
	last bool
}

func stages() []stage { return []stage{{"first", false}, {"last", true}} }

func headroomName(d dataSet, s stage) string { return fmt.Sprintf("headroom-%s-%s", d.name, s.name) }

func headroomCells(d dataSet) (out []cell) {
	for seed := 1; seed <= headroomSeeds; seed++ {
		for _, s := range stages() {
			out = append(out, studyCell(cells.Seeded(headroomName(d, s), seed), d.name, withSeed(d.service(), seed),
				headroomStudy(s.last)))
		}
	}
	return out
}

// serviceCells have the seeds outside, so that pairs are whole as early as possible.
func serviceCells(d dataSet) (out []cell) {
	for seed := 1; seed <= d.seeds; seed++ {
		for _, arm := range arms() {
			if seed > d.armSeeds(arm) {
				continue
			}
			c := growthCell(cells.Seeded(d.arm(arm), seed), d.name, withSeed(d.service(), seed, baseline(arm)...))
			if arm == random {
				c.More = maddsOf(cells.Seeded(d.arm(ours), seed))
			}
			out = append(out, c)
		}
	}
	return out
}

// arm is the configuration of an arm on the data set.
func (d dataSet) arm(arm string) string { return d.name + "-" + arm }

const independentName = "independent-cifar"

func independentCells(d dataSet) (out []cell) {
	for seed := 1; seed <= independentSeeds; seed++ {
		c := studyCell(cells.Seeded(independentName, seed), d.name, withSeed(d.service(), seed), independentStudy)
		c.More = archOf(cells.Seeded(d.arm(ours), seed))
		out = append(out, c)
	}
	return out
}

// difference is one of the ways in which data grow in Table 3.
type difference struct{ name, title, flags string }

func table3Differences() []difference {
	return []difference{
		{"copies", "shifted and mirrored copies", "-volumes 20 -copies"},
		{"unseen", "unseen images of the same classes", "-volumes 20,40"},
	}
}

// Arms of Table 3.
const (
	adjusted = "adjusted"
	fixed    = "fixed"
)

func table3Name(d difference, arm string) string { return "table3-" + d.name + "-" + arm }

// table3Cells are of independent networks: initial weights, no teacher, no contest that could keep
// the old one, and no finalists that descend from it.
func table3Cells(d dataSet) (out []cell) {
	for seed := 1; seed <= table3Seeds; seed++ {
		for _, how := range table3Differences() {
			for _, arm := range []string{adjusted, fixed} {
				args := slices.Concat(strings.Fields(how.flags), d.common(),
					strings.Fields("-always -inherit none -distill 0 -trial 0 -compare=false"))
				var more []string
				if arm == fixed {
					more = baseline(smallest)
				}
				out = append(out, growthCell(cells.Seeded(table3Name(how, arm), seed), d.name,
					withSeed(args, seed, more...)))
			}
		}
	}
	return out
}

func withSeed(args []string, seed int, more ...string) []string {
	return slices.Concat(args, []string{"-seed", strconv.Itoa(seed)}, more)
}

// maddsOf are the settings of baseline random that follow from a cell of AdaXpert: the
// multiply-adds that it had at each snapshot. Where it kept its architecture, so does random,
// although new classes make both dearer.
func maddsOf(name string) func(*cells.Results[result]) ([]string, error) {
	return func(r *cells.Results[result]) ([]string, error) {
		of, err := r.Need(name)
		if err != nil {
			return nil, err
		}
		var list, last string
		for _, s := range of.Result.Report.Snapshots {
			if last == "" || s.ArchAfter != s.ArchBefore {
				last = strconv.FormatFloat(float64(s.MAddsAfter)/1e6, 'f', 4, 64)
			}
			if list != "" {
				list += ","
			}
			list += last
		}
		return []string{"-madds", list}, nil
	}
}

// archOf makes the last architecture of a cell of AdaXpert the start architecture.
func archOf(name string) func(*cells.Results[result]) ([]string, error) {
	return func(r *cells.Results[result]) ([]string, error) {
		of, err := r.Need(name)
		if err != nil {
			return nil, err
		}
		return []string{"-start", of.Result.Report.Final.Arch}, nil
	}
}
