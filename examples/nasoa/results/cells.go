package main

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
)

// tiny is the flag that says where the data of pretraining lie.
const tiny = "tiny"

// Configurations.
const (
	zooCell  = "zoo"     // the search, and the models that it ends with
	network  = "network" // one of another family, trained as they were
	random   = "random"  // tasks with random regimes
	taught   = "taught"  // tasks with time limits, by a generator that has learnt those
	cold     = "cold"    // the same tasks, by one that has learnt nothing
	grid     = "grid"    // one held-out task, on which all regimes of a grid are tried
	replay   = "replay"  // learners on the outcomes of random regimes
	regret   = "regret"  // ways to choose a regime on the grids
	borrowed = "streams" // learners on data of others
)

// The plan.
const (
	logs      = 3   // cells of random regimes
	perLog    = 350 // their outcomes
	limited   = 3   // cells with time limits, of each way
	perLimits = 100 // their tasks
	gridTasks = 8
)

// gridOf are the regimes that are tried on held-out tasks.
func gridOf() nasoa.GridOptions {
	return nasoa.GridOptions{Models: 4, Rates: []float64{0.01, 0.03, 0.1}, Frozen: []int{0, 2, 4},
		Checkpoints: []int{40, 110, 300}}
}

// Settings: those of pretraining are shared by the zoo and by what it is compared with.
const (
	pretraining = "-pretrain-epochs 8"
	searching   = "-search-madds 20 -search-step 15"
	streaming   = "-run stream -shortest 0.5 -longest 3.5"
)

// allCells lists every experiment of the page, in the order in which they run.
func allCells(p *places) []cell {
	out := []cell{p.zooCell(strings.Fields("-run zoo " + searching + " " + pretraining + " -seed 1"))}
	for i := 1; i <= logs; i++ {
		out = append(out, p.streamCell(cells.Seeded(random, i),
			strings.Fields(fmt.Sprintf("%s -random %d -chosen 0 -seed %d", streaming, perLog, i)), false))
	}
	for i := 1; i <= gridTasks; i++ {
		out = append(out, p.gridCell(cells.Seeded(grid, i), strings.Fields("-run stream -seed 1"), i, gridOf()))
	}
	for i := 1; i <= limited; i++ {
		args := strings.Fields(fmt.Sprintf("%s -random 0 -chosen %d -seed %d", streaming, perLimits, 10+i))
		out = append(out, p.streamCell(cells.Seeded(taught, i), args, true), p.streamCell(cells.Seeded(cold, i), args, false))
	}
	for i := range nasoa.Networks() {
		out = append(out, p.networkCell(cells.Seeded(network, i+1), strings.Fields("-run stream "+pretraining+" -seed 1"), i))
	}
	return append(out, p.replayCell(replay), p.regretCell(regret), streamsCell(borrowed))
}

// needAll waits for all cells of a configuration, and refuses those of another zoo.
func needAll(r *cells.Results[result], config string, n int) error {
	made, err := (tables{r}).madeWith(config)
	if err != nil {
		return err
	}
	for i := 1; i <= n; i++ {
		one, err := r.Need(cells.Seeded(config, i))
		if err != nil {
			return err
		}
		if one.Result.Made != made {
			return fmt.Errorf("the cell %s was made with another zoo than that of the cell %s: run it again", one.Name,
				zooCell)
		}
	}
	return nil
}
