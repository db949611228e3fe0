package main

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// Flags that say where data sets lie.
const (
	cifar = "cifar"
	tiny  = "tiny"
)

// The plan. Searches are of seeds 1 to 5; architectures that are trained alike, of three.
const (
	seeds         = 5
	headroomSeeds = 3
	headroomArchs = 6
)

// arm is one way to search on the large task.
type arm struct {
	name  string // of its cells
	title string
}

// Arms. The others are compared with the first.
func arms() []arm {
	return []arm{{"transfer", "transfer"}, {"scratch", "scratch"}, {"basic", "random basic"},
		{"worse", "worse basic"}, {"random", "random search"}}
}

// Configurations on the small task.
const (
	small    = "small"    // the search that transfer goes on from
	alone    = "alone"    // the same without shared weights
	headroom = "headroom" // architectures trained alike; headroom-small and headroom-large
)

func headroomOf(task string) string { return headroom + "-" + task }

// Settings beside the seed. The large task's candidates, and retrained networks, see fewer images
// than by default, to keep the page within some two and a half hours of two cores.
const (
	smallSettings = "-transfer=false -small-retrain 12000"
	largeSettings = "-large-images 5000 -large-retrain 12000"
)

func smallArgs(seed int, more string) []string {
	return strings.Fields(fmt.Sprintf("%s %s -seed %d", smallSettings, more, seed))
}

func largeArgs(seed int, more string) []string {
	return strings.Fields(fmt.Sprintf("%s %s -seed %d", largeSettings, more, seed))
}

// allCells lists every experiment of the page, in the order in which they run.
func allCells(python *string) []cell {
	out := []cell{pymooCell("pymoo", python)}
	for seed := 1; seed <= headroomSeeds; seed++ {
		out = append(out, headroomCell(cells.Seeded(headroomOf(eatnas.SmallTask), seed), cifar, smallArgs(seed, "")),
			headroomCell(cells.Seeded(headroomOf(eatnas.LargeTask), seed), tiny, largeArgs(seed, "-baseline scratch")))
	}
	for seed := 1; seed <= seeds; seed++ {
		out = append(out, searchCell(cells.Seeded(small, seed), cifar, smallArgs(seed, ""), nil),
			searchCell(cells.Seeded(alone, seed), cifar, smallArgs(seed, "-sharing=false"), nil))
		for _, a := range arms() {
			out = append(out, a.cell(seed))
		}
	}
	return out
}

func (a arm) cell(seed int) cell {
	more, baseline := map[string]func(r *cells.Results[result]) ([]string, error){
		"transfer": func(r *cells.Results[result]) ([]string, error) { return found(r, seed) },
		"worse":    worst,
	}[a.name], ""
	switch a.name {
	case "scratch", "random":
		baseline = "-baseline " + a.name
	case "basic":
		baseline = "-baseline random-basic"
	}
	return searchCell(cells.Seeded(a.name, seed), tiny, largeArgs(seed, baseline), more)
}

// found is the basic architecture that the small task has found with a seed.
func found(r *cells.Results[result], seed int) ([]string, error) {
	one, err := r.Need(cells.Seeded(small, seed))
	if err != nil {
		return nil, err
	}
	return []string{"-basic", one.Result.Task.Network().Arch}, nil
}

// worst is the architecture that was worst on the small task of those trained alike.
func worst(r *cells.Results[result]) ([]string, error) {
	for seed := 1; seed <= headroomSeeds; seed++ {
		if _, err := r.Need(cells.Seeded(headroomOf(eatnas.SmallTask), seed)); err != nil {
			return nil, err
		}
	}
	t, config := tables{r}, headroomOf(eatnas.SmallTask)
	return []string{"-basic", t.alike(config)[t.worstAlike()].Arch}, nil
}
