package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/danas/internal/danas"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// tiny is the flag that says where the data lie.
const tiny = "tiny"

// The plan. The two times two has seeds 1 to 5, everything else two.
const (
	seeds         = 5
	fewSeeds      = 2
	headroomSeeds = 2
	headroomArchs = 12
)

// Settings beside the seed. They bound what the page takes: about 6½ hours of processors, estimated
// from the times per image of every kind of training on a machine with other work: a half for the
// two times two, a tenth for headroom and a tenth for the networks that rank classes.
const settings = "-per-class 240"

// arm is one way to search.
type arm struct {
	name, title string
	args        string
	seeds       int
}

// Arms. The first four are the two times two; the others are compared with the first.
func arms() []arm {
	return []arm{
		{"both", "easy → all, pruning", "", seeds},
		{"schedule", "easy → all", "-prune=false", seeds},
		{"pruning", "all, pruning", "-order all", seeds},
		{"neither", "all", "-order all -prune=false", seeds},
		{"small", "small, pruning", "-order small", fewSeeds},
		{"smallonly", "small", "-order small -prune=false", fewSeeds},
		{"hard", "hard → all, pruning", "-order hard-to-all", fewSeeds},
		{"hardonly", "hard → all", "-order hard-to-all -prune=false", fewSeeds},
		{"random", "random → all, pruning", "-order random-to-all", fewSeeds},
		{"randomonly", "random → all", "-order random-to-all -prune=false", fewSeeds},
		{singlePath, "single path, equal multiply-adds", "-baseline single-path", fewSeeds},
	}
}

// targets beside the default of the first arm, millions of multiply-adds.
func otherTargets() []float64 { return []float64{1.2, 2.4, 3} }

// targetOf names the cells of a target: "target-24" is 2.4 M.
func targetOf(millions float64) string { return fmt.Sprintf("target-%.0f", 10*millions) }

// singlePath is the arm that trains sub-networks one at a time instead of a mixture.
const singlePath = "path"

// ranked is the cell that ranks the classes.
const ranked = "easiness"

// allCells lists every experiment of the page, in the order in which they run.
func allCells() []cell {
	out := []cell{easinessCell()}
	for seed := 1; seed <= headroomSeeds; seed++ {
		out = append(out, headroomCell(cells.Seeded("headroom", seed), args(seed, "")))
	}
	for seed := 1; seed <= seeds; seed++ {
		for _, a := range arms() {
			if seed <= a.seeds {
				out = append(out, searchCell(cells.Seeded(a.name, seed), args(seed, a.args)))
			}
		}
		for _, target := range otherTargets() {
			if seed <= fewSeeds {
				out = append(out, searchCell(cells.Seeded(targetOf(target), seed), args(seed,
					fmt.Sprintf("-target %g", target))))
			}
		}
	}
	return out
}

func args(seed int, more string) []string {
	return strings.Fields(fmt.Sprintf("%s %s -seed %d", settings, more, seed))
}

// easinessCell trains the reference networks.
func easinessCell() cell {
	return searchCellOf(ranked, args(1, "-only-easiness"), nil)
}

// searchCell is a search in the order of the ranking.
func searchCell(name string, args []string) cell {
	return searchCellOf(name, args, func(r *cells.Results[result]) ([]string, error) {
		one, err := r.Need(ranked)
		if err != nil {
			return nil, err
		}
		return []string{"-ranking", rankingOf(one)}, nil
	})
}

// rankingOf is the order of the classes, as -ranking takes it.
func rankingOf(r *cells.Record[result]) string {
	var words []string
	for _, c := range r.Result.Easiness.Easiness.Ranking() {
		words = append(words, fmt.Sprint(c))
	}
	return strings.Join(words, ",")
}

func searchCellOf(name string, args []string, more func(*cells.Results[result]) ([]string, error)) cell {
	return cell{Name: name, Data: tiny, Args: args, More: more, Command: "go run ./examples/danas",
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				rep, err := danas.Program().Call(ctx, j, withData(args, place))
				if err != nil {
					return r, err
				}
				return kept(rep), nil
			})
		}}
}

// headroomCell trains random architectures alike.
func headroomCell(name string, args []string) cell {
	return cell{Name: name, Data: tiny, Args: args,
		Run: func(ctx context.Context, j *run.Job, args []string, place string) (result, error) {
			return onClock(j, func() (r result, err error) {
				cfg, err := danas.Program().Prepare(j, withData(args, place))
				if err != nil {
					return r, err
				}
				r.Alike, err = danas.Headroom(ctx, j, &cfg, headroomArchs)
				return r, err
			})
		}}
}

// kept is what a record keeps of a report: of easiness what the page says, since tables of all
// pairs of classes and lists of images are a megabyte.
func kept(rep *danas.Report) result {
	r := result{Trained: rep.Trained}
	if e := rep.Easiness; e != nil {
		r.Easiness = &danas.EasinessReport{References: e.References, Easiness: e.Easiness,
			Agreements: e.Agreements, Learnt: e.Learnt}
	}
	if s := rep.Search; s != nil {
		r.Search = &search{Final: s.Final.Cost / 1e6, ArgMax: s.ArgMax.Cost / 1e6, Relative: s.Relative,
			Predicted: s.Predicted, Seconds: s.Seconds, CPU: s.CPU}
		for _, left := range s.Left {
			r.Search.Candidates = append(r.Search.Candidates, len(left))
		}
	}
	if s := rep.SinglePath; s != nil {
		r.Search = &search{Final: s.Cost / 1e6, Seconds: s.Seconds, CPU: s.CPU}
	}
	if r.Search != nil {
		r.Search.Target = rep.Target
	}
	return r
}

func withData(args []string, place string) []string {
	return append(args[:len(args):len(args)], "-data", place)
}

// onClock adds the time of processors to what do finds.
func onClock(j *run.Job, do func() (result, error)) (result, error) {
	return cells.OnClock(j, func(r *result) *float64 { return &r.CPU }, do)
}
